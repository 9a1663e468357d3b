#!/usr/bin/env bash
# amkd-serve as clients see it: both protocols, limits, keys, logs, metrics, and the way it
# stops.
set -euo pipefail
command -v curl >/dev/null || { echo "no curl"; exit 77; }
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; [ ! -e log ] || tail -5 log >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"

# Forty images of 2 x 3, and a model of four classes for them.
{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
{ printf '\0\0\x8\x1\0\0\0\x28'; printf '%.0s\0\1\2\3' {1..10}; } >set-idx1-ubyte
amkd-import -q --labels set-idx1-ubyte -o images.amkd set-idx3-ubyte
amkd-train -q -a 'fc 8 | relu | fc classes' --steps 20 -o toy.safetensors images.amkd
tail -c 240 set-idx3-ubyte >pixels
amkd-query -q -t model:toy.safetensors images.amkd | amkd-cat --format npy --field p |
    tail -c 640 >expected # 40 x 4 float32

# start OPTION...: a server on some port; $url is its model's.
start() {
    rm -f port url
    amkd-serve --port 0 --port-file port "$@" toy.safetensors >url 2>log &
    server=$!
    wait_for url "$server" || fail "amkd-serve ended: $(cat log)"
    url=$(cat url)
    [ "${url%/*}" = "http://127.0.0.1:$(cat port)/v2/models" ] || fail "URL '$url'"
    host=${url%/v2/*}
}

# stop [STATUS]: it ends by SIGTERM, with STATUS.
stop() {
    local got=0
    kill "$server"
    wait "$server" || got=$?
    server=
    [ "$got" = "${1:-0}" ] || fail "exit status $got: $(cat log)"
    [ ! -e port ] || fail "the port file is left"
}

get() { curl -sS -m 10 "$@"; }
code() { get -o answer -w '%{http_code}' "$@"; }

# refused CODE TEXT CURL-ARGUMENT...: JSON that says why.
refused() {
    local want=$1 text=$2 got
    shift 2
    got=$(code "$@")
    [ "$got" = "$want" ] || fail "$*: $got, expected $want: $(cat answer)"
    [[ $(cat answer) == '{"error":"'*'"}' ]] || fail "$*: no JSON error: $(cat answer)"
    grep -qF -- "$text" answer || fail "$*: no '$text' in: $(cat answer)"
}

# binary N FILE: a request about the N images of FILE, wholly in the binary extension.
binary() {
    printf '{"inputs":[{"name":"image","datatype":"UINT8","shape":[%d,2,3,1],' "$1"
    printf '"parameters":{"binary_data_size":%d}}],' $(($1 * 6))
    printf '"parameters":{"binary_data_output":true}}'
}
ask_binary() { # N FILE
    binary "$1" >text
    cat text "$2" >body
    get -D headers -H "Inference-Header-Content-Length: $(wc -c <text)" \
        --data-binary @body "$url/infer" >answer
    local n
    n=$(tr -d '\r' <headers | sed -n 's/^Inference-Header-Content-Length: //p')
    [ -n "$n" ] || fail "no binary answer: $(cat answer)"
    tail -c +$((n + 1)) answer
}
numbers() { od -An -v -tu1 -w1 "$@" | tr -d ' ' | paste -sd,; }

echo "# health and metadata"
start --window 5 --threads 1
[ "$(get "$host/v2")" = "{\"name\":\"amkd-serve\",\"version\":\"$(amkd-serve --version |
    sed -n '1s/[^0-9]*//p')\",\"extensions\":[\"binary_tensor_data\"]}" ] || fail "/v2"
[ "$(get -H 'X-Secret: hush-hush' "$host/v2/health/live")" = '{"live":true}' ] || fail "live"
[ "$(get "$host/v2/health/ready")" = '{"ready":true}' ] || fail "ready"
[ "$(get "$url/versions/1/ready")" = '{"name":"toy","ready":true}' ] || fail "model ready"
get "$url" | grep -qF '"inputs":[{"name":"image","datatype":"UINT8","shape":[-1,2,3,1]}]' ||
    fail "metadata"
get "$host/v1/models/toy" | grep -qF '"state":"AVAILABLE"' || fail "status"
[ "$(code -I "$url")" = 200 ] || fail "HEAD"
[ "$(get --request-target HTTP://any/v2/health/live "$host")" = '{"live":true}' ] ||
    fail "a target in its absolute form"

echo "# the same answers by every protocol"
ask_binary 40 pixels | cmp - expected || fail "binary answers"
same() { # VALUES-BY-JSON: to 1e-6 of those expected
    python3 - "$1" <<'END' || fail "$2"
import json, struct, sys
def flat(v): return [x for i in v for x in flat(i)] if isinstance(v, list) else [v]
values = json.load(open(sys.argv[1]))
values = values.get("predictions") or values["outputs"]
values = flat(values[0]["data"] if isinstance(values[0], dict) else values)
expected = struct.unpack("<160f", open("expected", "rb").read())
assert len(values) == 160 and all(struct.pack("<f", a) == struct.pack("<f", b)
                                  for a, b in zip(values, expected))
END
}
if command -v python3 >/dev/null; then
    data=$(numbers pixels)
    rows=$(numbers pixels | tr , '\n' | awk 'NR % 6 == 1 { printf "%s", (NR > 1 ? ",[[" : "[[") }
        { printf "[%s]%s", $1, NR % 6 == 0 ? "]]" : NR % 3 == 0 ? "],[" : "," }')
    echo '{"inputs":[{"name":"image","datatype":"UINT8","shape":[40,2,3,1],"data":['"$data]}]}" |
        get -d @- "$url/infer" >json
    same json "JSON answers"
    echo '{"instances":['"$rows]}" | get -d @- "$host/v1/models/toy:predict" >json
    same json "row answers"
    echo '{"inputs":{"image":['"$rows]}}" |
        get -d @- "$host/v1/models/toy/versions/1:predict" >json
    same json "column answers"
    floats=$(awk -v data="$data" 'BEGIN { n = split(data, v, ",")
        for (i = 1; i <= n; i++) printf "%s%.9g", (i > 1 ? "," : ""), v[i] / 255 }')
    echo '{"inputs":[{"name":"image","datatype":"FP32","shape":[40,1,2,3],"data":['"$floats]}]}" |
        get -d @- "$url/infer" >json
    same json "FP32 answers"
else
    echo "not tested: answers in JSON (no python3)"
fi

echo "# requests that are packed"
packed() { # CODING FILE: the answer to the packed body in FILE
    get -H "Inference-Header-Content-Length: $(wc -c <text)" -H "Content-Encoding: $1" \
        --data-binary @"$2" "$url/infer" | tail -c 640
}
gzip -k body
packed gzip body.gz | cmp - expected || fail "a request in gzip"
packed X-GZIP body.gz | cmp - expected || fail "a request in x-gzip"
{ head -c 100 body | gzip; tail -c +101 body | gzip; } >members
packed gzip members | cmp - expected || fail "a request in two members of gzip"
if command -v python3 >/dev/null; then
    python3 -c 'import sys, zlib
sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))' <body >zlib
    packed deflate zlib | cmp - expected || fail "a request in deflate"
    { cat zlib; echo x; } >behind
    refused 400 "bytes behind its end" --data-binary @behind -H 'Content-Encoding: deflate' \
        "$url/infer"
fi
head -c 60 body.gz >short.gz
refused 400 "ends too early" --data-binary @short.gz -H 'Content-Encoding: gzip' "$url/infer"
refused 400 "cannot be unpacked" --data-binary @body -H 'Content-Encoding: gzip' "$url/infer"
refused 400 "cannot be unpacked" --data-binary @body.gz -H 'Content-Encoding: deflate' \
    "$url/infer"
refused 415 "'gzip' and more" --data-binary @body.gz -H 'Content-Encoding: gzip' \
    -H 'Content-Encoding: gzip' "$url/infer"

echo "# requests of several connections at the same time"
pids=()
for _ in $(seq 8); do
    (for _ in $(seq 5); do
        [ "$(get -H "Inference-Header-Content-Length: $(wc -c <text)" --data-binary @body \
            "$url/infer" | tail -c 640 | cmp - expected && echo same)" = same ]
    done) &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || fail "answers got mixed up"; done

echo "# what is wrong with a request is said in JSON"
refused 404 "no resource '/x'" "$host/x"
refused 404 "no model 'other' is served here" "$host/v2/models/other"
refused 404 "no version '7' is served here" "$url/versions/7/infer" -d '{}'
allowed() { # METHODS: what the last refusal's header says
    tr -d '\r' <headers | grep -qxF "Allow: $1" || fail "no 'Allow: $1': $(cat headers)"
}
refused 405 "method GET, expected POST" -D headers "$url/infer"
allowed "POST, OPTIONS"
refused 405 "method POST, expected GET or HEAD" -D headers -d x "$url"
allowed "GET, HEAD, OPTIONS"
refused 405 "method DELETE, expected POST" -X DELETE "$url/infer"
refused 405 "method GET of '*'" --request-target '*' "$host"
# Some of these the HTTP library may refuse itself.
for path in %00 %00x %00/infer %2 %zz; do
    [ "$(code "$url$path")" = 400 ] || fail "$path: $(cat answer)"
done
refused 400 'not named' "$url/infer" -d \
    '{"inputs":[{"name":"image%00x","datatype":"UINT8","shape":[1,2,3,1],"data":[1,2,3,4,5,6]}]}'
refused 400 "malformed JSON" "$url/infer" -d \
    '{"inputs":[{"name":"image\u0000x","datatype":"UINT8","shape":[1,2,3,1],"data":[1,2,3,4,5,6]}]}'
refused 400 "malformed JSON" -d '{"inputs":' "$url/infer"
refused 400 "malformed JSON" -X POST "$url/infer"
refused 400 "datatype 'INT8'" "$url/infer" -d \
    '{"inputs":[{"name":"image","datatype":"INT8","shape":[1,2,3,1],"data":[1,2,3,4,5,6]}]}'
refused 400 "shape [1,3,2,1], expected [n,2,3,1]" "$url/infer" -d \
    '{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,3,2,1],"data":[1,2,3,4,5,6]}]}'
refused 400 "Inference-Header-Content-Length is '7x'" "$url/infer" -d '{}' \
    -H 'Inference-Header-Content-Length: 7x'
refused 400 "Inference-Header-Content-Length is 700" "$url/infer" -d '{}' \
    -H 'Inference-Header-Content-Length: 700'
refused 400 "expected either" -d '{}' "$host/v1/models/toy:predict"
refused 415 "Content-Encoding 'br' is not taken; one of gzip, deflate is" -D headers -d '{}' \
    -H 'Content-Encoding: br' "$url/infer"
grep -qi '^Accept-Encoding: gzip, deflate' headers || fail "415: $(cat headers)"
[[ $(code -d '{}' -H 'Transfer-Encoding: gzip, chunked' "$url/infer") == [45]0[01] ]] ||
    fail "Transfer-Encoding: $(cat answer)"
refused 431 "headers of 20" "$url" -H "X: $(head -c 20000 /dev/zero | tr '\0' x)"
[ "$(code "$url" -H "X: $(head -c 60000 /dev/zero | tr '\0' x)")" = 431 ] || fail "60 kB"

echo "# metrics and log count it all"
get "$host/metrics" >metrics
value() { sed -n "s/^$1 //p" metrics; }
[ "$(value amkd_images_total)" -ge 1640 ] || fail "images: $(value amkd_images_total)"
[ "$(value 'amkd_requests_total{code="415"}')" = 2 ] || fail "no 415 in metrics"
[ "$(value amkd_requests_in_flight)" = 1 ] || fail "in flight"
[ "$(value amkd_request_seconds_count)" = "$(awk '/^amkd_requests_total/ { n += $2 }
    END { print n }' metrics)" ] || fail "latencies"
stop
grep -qE '^127\.0\.0\.1 - - \[.* \+0000\] "POST /v2/models/toy/infer HTTP/1.1" 200 [0-9]+ 0\.[0-9]+ 40$' \
    log || fail "access log"
grep -qF '"GET /v2/health/live HTTP/1.1" 200' log || fail "the request with a secret"
! grep -q hush log || fail "headers in the log"

echo "# limits"
start -q --max-images 5 --max-body 1000 --access-log access --name else --model-version v2
refused 400 "40 images in one request, at most 5" "$host/v2/models/else/infer" -d \
    '{"inputs":[{"name":"image","datatype":"UINT8","shape":[40,2,3,1],"data":[1]}]}'
head -c 1001 /dev/zero >large
refused 413 "a body of 1001 bytes, at most 1000" --data-binary @large "$url/infer"
refused 413 "a body of more than 1000 bytes" -H 'Transfer-Encoding: chunked' \
    --data-binary @large "$url/infer"
head -c 3000000 /dev/zero >huge
refused 413 "a body of 3000000 bytes" --data-binary @huge "$url/infer"
gzip -kf huge
[ "$(wc -c <huge.gz)" -gt 1000 ] || fail "gzip is better than thought"
refused 413 "a body of more than 1000 bytes" --data-binary @huge.gz "$url/infer" \
    -H 'Content-Encoding: gzip' -H 'Transfer-Encoding: chunked'
head -c 100000 huge | gzip >bomb
[ "$(wc -c <bomb)" -lt 1000 ] || fail "gzip is worse than thought"
refused 413 "a body of more than 1000 bytes" --data-binary @bomb "$url/infer" \
    -H 'Content-Encoding: gzip'
get "$url/versions/v2" | grep -qF '"versions":["v2"]' || fail "--model-version"

echo "# a body that is too large is not waited for"
# at_once HEADER BODY: a request is answered with 413 though the rest of its body never comes.
at_once() {
    exec 3<>"/dev/tcp/127.0.0.1/$(cat port)"
    printf 'POST /v2/models/else/infer HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n%b' "$1" "$2" >&3
    timeout 10 head -n 1 <&3 >answer || fail "$1: no answer without the body"
    grep -q '^HTTP/1.1 413 ' answer || fail "$1: $(cat answer)"
    exec 3>&-
}
at_once 'Content-Length: 1001' ''
at_once 'Content-Length: 3000' 'abc'
at_once 'Content-Length: 1001\r\nExpect: 100-continue' ''
at_once 'Transfer-Encoding: chunked' "3e9\\r\\n$(head -c 1001 large | tr '\0' x)\\r\\n"
# Who reads nothing before all is sent is answered as well.
exec 3<>"/dev/tcp/127.0.0.1/$(cat port)"
{ printf 'POST /v2/models/else/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n'
    cat huge; } >&3 || fail "the connection was closed while the body was sent"
timeout 10 head -n 1 <&3 | grep -q '^HTTP/1.1 413 ' || fail "the answer was lost"
exec 3>&-
stop
[ ! -s log ] || fail "a log with -q: $(cat log)"
[ "$(grep -c ' 413 ' access)" = 10 ] || fail "--access-log: $(cat access)"

echo "# names of any kind are where the printed URL says"
for name in 'my model' a%20b 'a:b?c#d&e' é 'a\b"c'; do
    start -q --name "$name" --model-version "$name"
    [ "$(code "$url/versions/${url##*/}/ready")" = 200 ] || fail "'$name' is not at $url"
    [ "$(code "$host/v1/models/${url##*/}/metadata")" = 200 ] || fail "'$name' in /v1"
    refused 400 "expected either" -d '{}' "$host/v1/models/${url##*/}:predict"
    amkd-query -q --no-journal -t "$url" images.amkd | amkd-cat --format npy --field p | tail -c 640 |
        cmp - expected || fail "amkd-query of '$name'"
    stop
done
cp toy.safetensors 'my toy%20.safetensors'
rm -f url
amkd-serve -q --port 0 'my toy%20.safetensors' >url 2>log &
server=$!
wait_for url
[ "$(code "$(cat url)")" = 200 ] || fail "a file's name: $(cat url)"
kill "$server"
wait "$server"
server=

echo "# pages of other origins"
cors() { # ORIGIN [CURL-ARGUMENT...]: headers of an answer
    get -o answer -D - -H "Origin: $1" "${@:2}" | tr -d '\r'
}
preflight() { cors "$1" -X OPTIONS -H 'Access-Control-Request-Method: POST' "$url/infer"; }
printf 'secret-7\n' >key
start -q --cors https://one.example --cors http://two.example:81 --api-key-file key
preflight http://two.example:81 >headers
for line in 'HTTP/1.1 204 No Content' 'Allow: POST, OPTIONS' 'Vary: Origin' \
    'Access-Control-Allow-Origin: http://two.example:81' \
    'Access-Control-Allow-Methods: POST, OPTIONS'; do
    grep -qxF "$line" headers || fail "preflight: no '$line': $(cat headers)"
done
grep -q '^Access-Control-Allow-Headers: .*Authorization.*Inference-Header-Content-L' headers ||
    fail "preflight: $(cat headers)"
preflight http://two.example | grep -q '^Access-Control' && fail "another origin is let in"
cors https://one.example "$url" >headers # without a key: the page may read why
grep -qx 'HTTP/1.1 401 Unauthorized' headers || fail "a key is needed"
grep -qxF 'Access-Control-Allow-Origin: https://one.example' headers || fail "401 with CORS"
stop
start -q --cors '*'
preflight https://any.example | grep -qxF 'Access-Control-Allow-Origin: *' || fail "--cors *"
stop
start -q
preflight https://any.example >headers
grep -qx 'HTTP/1.1 204 No Content' headers || fail "OPTIONS: $(cat headers)"
! grep -q '^Access-Control' headers || fail "CORS without --cors"
[ "$(code -X OPTIONS --request-target '*' "$host")" = 204 ] || fail "OPTIONS *"
[ "$(code -X OPTIONS "$host/nothing")" = 404 ] || fail "OPTIONS of nothing"
stop

echo "# idle connections make room for others"
start -q --max-connections 20 --timeout 60
idle=()
for i in $(seq 150); do
    exec {fd}<>"/dev/tcp/127.0.0.1/$(cat port)"
    idle+=("$fd")
    [ $((i % 3)) -ne 0 ] || printf 'POST /v2/models/toy/infer HTTP/1.1\r\nContent-L' >&"$fd"
done
[ "$(get "$host/v2/health/live")" = '{"live":true}' ] || fail "idle connections block health"
ask_binary 40 pixels | cmp - expected || fail "beside idle connections"
get "$host/metrics" >metrics
[ "$(sed -n 's/^amkd_connections //p' metrics)" -le 22 ] || fail "too many are kept"
timeout 10 cat <&"${idle[0]}" >/dev/null || fail "the oldest is kept"
for fd in "${idle[@]}"; do exec {fd}>&-; done
stop

echo "# a queue that is full, and memory for bodies that is used up, are told to come again"
start -q --queue 10 --max-images 10 --max-memory 500
refused 503 "no memory for more" --data-binary @large "$url/infer"
[ "$(code -D headers -d '{}' "$url/infer")" = 400 ] || fail "small bodies"
code -D headers --data-binary @large "$url/infer" >code
grep -qi '^Retry-After: 1' headers || fail "no Retry-After"
stop

echo "# API keys"
printf '# keys\nsecret-7\nme:word\n' >keys
start --api-key-file keys
refused 401 "no valid API key" "$url"
refused 401 "no valid API key" -H 'Authorization: Bearer secret-8' "$host/nothing"
refused 401 "no valid API key" -d '{}' "$url/infer"
[ "$(code "$host/v2/health/live")" = 200 ] || fail "health needs a key"
[ "$(code -H 'Authorization: Bearer secret-7' "$url")" = 200 ] || fail "Bearer"
[ "$(code -u me:word "$url")" = 200 ] || fail "Basic"
stop
! grep -qE 'secret|word' log || fail "a key in the log"

echo "# clients that send byte by byte, or nothing, are given up"
start --timeout 1
exec 3<>"/dev/tcp/127.0.0.1/$(cat port)" 4<>"/dev/tcp/127.0.0.1/$(cat port)"
(for _ in $(seq 40); do printf 'X' >&3 || break; sleep 0.1; done) 2>/dev/null &
trickle=$!
SECONDS=0
timeout 10 cat <&4 >/dev/null || fail "an idle connection is kept"
[ $SECONDS -lt 5 ] || fail "an idle connection is kept for $SECONDS s"
timeout 10 cat <&3 >/dev/null || true
[ $SECONDS -lt 5 ] || fail "a slow one is kept for $SECONDS s"
kill $trickle 2>/dev/null || true
wait $trickle 2>/dev/null || true
exec 3>&- 4>&-
[ "$(code "$url")" = 200 ] || fail "it serves on"

echo "# the first signal finishes what is in flight, the second stops at once"
slowly() { # a request whose last byte comes after 1 s
    binary 40 >text
    { printf 'POST /v2/models/toy/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n' \
        $(($(wc -c <text) + 240))
        printf 'Inference-Header-Content-Length: %d\r\n\r\n' "$(wc -c <text)"
        cat text; head -c 200 pixels; sleep "$1"; tail -c 40 pixels; } >&3
}
stop
start
exec 3<>"/dev/tcp/127.0.0.1/$(cat port)"
slowly 1 &
writer=$!
sleep 0.5
kill "$server"
sleep 0.2
[ "$(code "$url" 2>/dev/null)" = 000 ] || fail "connections are taken while it stops"
timeout 10 cat <&3 | tail -c 640 | cmp - expected || fail "a request in flight is not answered"
wait $writer
wait "$server" || fail "exit status $? with all answered"
server=
exec 3>&-
start
exec 3<>"/dev/tcp/127.0.0.1/$(cat port)"
slowly 2 2>/dev/null &
writer=$!
sleep 0.5
kill "$server"
sleep 0.2
stop 1
grep -q 'stopped with 1 requests not answered' log || fail "no word about what was dropped"
wait $writer 2>/dev/null || true
exec 3>&-

echo "# what cannot be served"
fails() {
    local text=$1
    shift
    ! timeout 20 amkd-serve "$@" >out 2>log || fail "$*: served"
    grep -qF -- "$text" log || fail "$*: no '$text' in $(cat log)"
    [ ! -s out ] || fail "$*: wrote to stdout"
}
start
mkdir cold
XDG_CACHE_HOME=$dir/cold fails "port $(cat port): Address already in use" \
    --port "$(cat port)" toy.safetensors
[ -z "$(ls cold)" ] || fail "kernels were compiled for a port that is taken"
stop
fails "cannot name a model" --name a/b toy.safetensors
fails "cannot name a model" --name .. toy.safetensors
fails "cannot name a model" --model-version '' toy.safetensors
fails "not valid UTF-8" --name $'\xe9' toy.safetensors
fails "'https://one.example/', expected * or" --cors https://one.example/ toy.safetensors
fails "'example', expected * or" --cors example toy.safetensors
fails "missing.safetensors" missing.safetensors
fails "cannot listen on 'no.such.host.invalid'" --listen no.such.host.invalid toy.safetensors
(ulimit -n 64 && fails "the limit is 64 (ulimit -n, or --max-connections)" toy.safetensors)
fails "no-keys" --api-key-file no-keys toy.safetensors
fails "no-dir/port" --port 0 --port-file no-dir/port toy.safetensors

echo "# a signal while kernels are compiled ends it"
XDG_CACHE_HOME=$dir/cold POCL_CACHE_DIR=$dir/cold amkd-serve -q --port 0 toy.safetensors >url &
server=$!
for ((i = 0; i < 200; i++)); do # until it listens: a socket of its own is open
    ! ls -l "/proc/$server/fd" | grep -q socket || break
    sleep 0.02
done
kill "$server"
got=0
wait "$server" || got=$?
server=
[ "$got" = 143 ] && [ ! -s url ] || fail "exit status $got, URL '$(cat url)'"
