#!/usr/bin/env bash
# Teachers behind HTTP against real servers: every protocol, credentials, certificates,
# redirects.
set -euo pipefail
source "$SOURCE/tests/servers.sh"

# Every query here stands for itself.
mkdir bin
printf '#!/bin/sh\nexec %s --no-journal "$@"\n' "$(command -v amkd-query)" >bin/amkd-query
chmod +x bin/amkd-query
PATH=$dir/bin:$PATH

# python PORT-FILE PROGRAM ARGUMENT...: a server out of the tests.
python() { start "$1" timeout 300 python3 "$SOURCE/tests/$2" "${@:3}"; }

# expect STATUS TEXT COMMAND...: it exits with STATUS, says TEXT on stderr, leaves no "out".
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
    [ -z "$(find . -name 'out*')" ] || fail "$*: left an output"
}

# Forty gray images of 2 x 3, thirteen in colour.
{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
amkd-import --unlabeled -q -o gray.amkd set-idx3-ubyte
{ printf '\x93NUMPY\x1\0\x76\0'
    printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (13, 2, 3, 3), }"
    seq 1000 | head -c 234; } >set.npy
amkd-import --unlabeled -q -o rgb.amkd set.npy

python port model_server.py port log
url=http://127.0.0.1:$(cat port)

# The same answers, bit for bit, whatever the protocol, datatype and layout.
amkd-query -q -t "$url/v2/models/u8-nhwc" gray.amkd | amkd-cat >gray
amkd-query -q -t "$url/v2/models/u8-nhwc-rgb" rgb.amkd | amkd-cat >rgb
[ "$(wc -l <gray) $(wc -l <rgb)" = "41 14" ] || fail "one row an image"
grep -q "POST /v2/models/u8-nhwc/infer 16" log || fail "batches of 16, as the model has it"
same() { # OPTION... with MODEL last
    local model=${*: -1}
    for set in gray rgb; do
        local suffix=
        [ $set = gray ] || suffix=-rgb
        amkd-query -q -o got "${@:1:$#-1}" -t "$url/$model$suffix" $set.amkd
        amkd-cat got | cmp - $set || fail "answers of $* about $set images"
    done
}
for model in u8-nchw f32-nhwc f32-nchw f64-nhwc; do
    same "v2/models/$model"
    same --no-binary "v2/models/$model"
    same "v1/models/$model"
    same --columns "v1/models/$model"
done
same v2/models/f16-nchw
same v2/models/u8-one # one image a request, without a batch dimension
same --layout nhwc v2/models/f32-flat
same --layout nhwc v2/models/open
same --answer p v2/models/two
same v1/models/bare
same --input float32 v1/models/bare
same --input-shape n,2,3,-1 v1/models/bare
same --answer p v1/models/rows
same --answer p --columns v1/models/rows
for model in u8-hw u8-flat; do
    amkd-query -q -t "$url/v2/models/$model" gray.amkd | amkd-cat | cmp - gray ||
        fail "answers of $model"
done
amkd-query -q -t "$url/v2/models/u8-nhwc/" gray.amkd | amkd-cat | cmp - gray ||
    fail "a slash at the end of the URL"
# Metadata that tell nothing: the options do.
same --input-name x v2/models/f32-empty
same --input-name x --no-binary --answer p v2/models/f32-empty
same --input-name x --input uint8 v2/models/u8-empty
same --input-name x --input float64 --layout nhwc v2/models/f64-empty
same --input-name x --input float16 --layout nchw v2/models/f16-empty-nchw
amkd-query -q --input-name x --input-shape n,6 -t "$url/v2/models/f32-empty-flat" gray.amkd |
    amkd-cat | cmp - gray || fail "answers of a flat model that tells nothing"
amkd-query -q --input-shape n,2,3,1 -t "$url/v2/models/open" gray.amkd | amkd-cat |
    cmp - gray || fail "answers of a model that leaves its shape open"
# A server of the binary extension got binary, and JSON where that was asked for.
python plain model_server.py plain plain.log --no-binary
amkd-query -q -t "http://127.0.0.1:$(cat plain)/v2/models/f32-nchw" gray.amkd | amkd-cat |
    cmp - gray || fail "a server without the binary extension"

# Any API: PNG in base64 or as a file, labels by order or by name.
echo '{"image": {"content": "{{png}}"}, "top": 2}' >request.json
echo '{"multipart/form-data": {"image": "{{png}}", "model": "tiny", "top": 4}}' >form.json
printf 'ant\nbee\ncat\ndog\n' >classes
by=(--request request.json --response)
for set in gray rgb; do
    amkd-query -q -t "$url/api/scores" "${by[@]}" '$.scores' $set.amkd | amkd-cat |
        cmp - $set || fail "scores of $set images by order"
    amkd-query -q -t "$url/api/form" --request form.json --response '$.scores[*]' \
        $set.amkd | amkd-cat | cmp - $set || fail "a form with $set images"
done
amkd-query -q -o named.amkd -t "$url/api/object" "${by[@]}" '$.scores' --classes classes \
    gray.amkd
amkd-cat named.amkd | cmp - gray || fail "scores by name"
amkd-cat --header named.amkd | tr -d ' \n' | grep -qF '"class_names":["ant","bee","cat","dog"]' ||
    fail "the classes' names in the header"

# What is not there, not clear, not possible: told, and nothing is bought.
ask=(amkd-query -q -o out)
grep -c POST log >before
expect 1 "knows no such model (404)" "${ask[@]}" -t "$url/v2/models/missing" gray.amkd
expect 1 "choose by --layout" "${ask[@]}" -t "$url/v2/models/open" gray.amkd
expect 1 "name no input: --input-name must, and --input and --input-shape" "${ask[@]}" \
    -t "$url/v2/models/f32-empty" gray.amkd
expect 1 "takes [-1,2,3,1], not the n,3,2,1 of --input-shape" "${ask[@]}" \
    --input-shape n,3,2,1 -t "$url/v2/models/u8-nhwc" gray.amkd
expect 1 "takes its images by 'x', not by the 'y'" "${ask[@]}" --input-name y \
    -t "$url/v2/models/u8-nhwc" gray.amkd
expect 1 "'p' (FP32 [-1,4])" "${ask[@]}" -t "$url/v2/models/two" gray.amkd
expect 1 "no output 'z'" "${ask[@]}" --answer z -t "$url/v2/models/two" gray.amkd
expect 1 "these are images of 3x2x3" "${ask[@]}" -t "$url/v2/models/u8-nhwc" rgb.amkd
expect 1 "not the 'float32' of --input" "${ask[@]}" --input float32 \
    -t "$url/v2/models/u8-nhwc" gray.amkd
expect 2 "expected the path /v2/models/NAME" "${ask[@]}" -t "$url/v3/models/x" gray.amkd
expect 1 "to 127.0.0.1 port 1" "${ask[@]}" -t "http://127.0.0.1:1/v2/models/x" gray.amkd
echo '{"image": 1}' >empty.json
expect 1 "no {{png}}" "${ask[@]}" -t "$url/api/scores" --request empty.json --response '$' \
    gray.amkd
expect 2 "--response: '$.a.': character 4: expected a name" "${ask[@]}" -t "$url/api/scores" "${by[@]}" '$.a.' \
    gray.amkd
expect 2 "no place for a user or password" "${ask[@]}" -t "http://me:hush@127.0.0.1/v2/models/x" \
    gray.amkd
! grep -q hush stderr || fail "a password in a message"
grep -c POST log | cmp - before || fail "images were sent in vain"
expect 1 "--classes must tell their order" "${ask[@]}" -t "$url/api/list" "${by[@]}" \
    '$.results[0].labels[*]["name","score"]' gray.amkd
expect 1 "answers with nothing" "${ask[@]}" -t "$url/api/list" "${by[@]}" '$.label' gray.amkd
expect 1 "'dog', which --classes does not name" "${ask[@]}" -t "$url/api/object" "${by[@]}" \
    '$.scores' --classes <(head -3 classes) gray.amkd

# A name that --classes lacks ends the asking; once it is added, what was bought is kept.
topk=(amkd-query -q --labels topk --concurrency 1 -t "$url/api/list" "${by[@]}"
    '$.results[0].labels[*]["name","score"]')
"${topk[@]}" -o whole.amkd --classes classes gray.amkd
bought=(env PATH="${PATH#*:}" "${topk[@]}" --journal journal) # not the one without journals
head -3 classes >three
grep -c POST log >before
expect 1 "'dog', which --classes does not name" "${bought[@]}" -o out --classes three gray.amkd
kept=$(amkd-cat -N journal/answers.amkd | wc -l)
[ "$kept" -gt 0 ] || fail "no answer before the unknown name"
expect 1 "added at the end only" "${bought[@]}" -o out --classes <(sort -r classes) gray.amkd
"${bought[@]}" -o resumed.amkd --classes classes gray.amkd
[ $(($(grep -c POST log) - $(cat before))) = 41 ] || fail "40 images and the unknown name once more"
diff <(amkd-cat whole.amkd) <(amkd-cat resumed.amkd) || fail "labels after a name was added"

# Whoever tells it, the model or an option, it is the same teacher; put otherwise it is not.
told=(env PATH="${PATH#*:}" amkd-query -q --journal told -t "$url/v2/models/f32-empty"
    --input-name x)
"${told[@]}" -o told.amkd gray.amkd
grep -c POST log >before
"${told[@]}" --input float32 --input-shape n,2,3,1 -o told.amkd gray.amkd
grep -c POST log | cmp - before || fail "what was told made it another teacher"
expect 1 "\"layout\":\"nchw\"" "${told[@]}" --input-shape n,1,2,3 -o out gray.amkd

# Misuse.
expect 2 "--input-name is for servers at /v2/" "${ask[@]}" -t "$url/v1/models/bare" \
    --input-name x gray.amkd
expect 2 "--input-shape: 'n,,3' is no shape" "${ask[@]}" -t "$url/v2/models/x" \
    --input-shape n,,3 gray.amkd
expect 2 "go together" "${ask[@]}" -t "$url/api" --request request.json gray.amkd
expect 2 "--columns is for teachers at a URL" "${ask[@]}" -t exec:cat --columns gray.amkd
expect 2 "'chw' is none of nchw" "${ask[@]}" -t "$url/v2/models/x" --layout chw gray.amkd
expect 2 "--answer is not for a --request" "${ask[@]}" -t "$url/api" "${by[@]}" '$' --answer p \
    gray.amkd

# Credentials: from three places, in no message and no header.
credentials() { tail -1 log | cut -d' ' -f4-; }
one=(amkd-query -q --budget 1 -o one.amkd -t "$url/v2/models/u8-nhwc")
"${one[@]}" gray.amkd
[ "$(credentials)" = - ] || fail "credentials out of nowhere: $(credentials)"
AMKD_API_KEY=sesame-open "${one[@]}" gray.amkd
[ "$(credentials)" = "Bearer sesame-open" ] || fail "the key of the environment"
printf '# mine\n\nAuthorization: Token sesame-shut\r\nX-Team: blue\n' >headers
AMKD_API_KEY=sesame-open "${one[@]}" --header-file headers gray.amkd
[ "$(credentials)" = "Token sesame-shut" ] || fail "the header file"
echo "machine 127.0.0.1 login me password sesame-hush" >.netrc
"${one[@]}" gray.amkd
[ "$(credentials)" = "Basic $(printf 'me:sesame-hush' | base64)" ] || fail "netrc"
rm .netrc
! amkd-cat --header one.amkd | grep sesame || fail "credentials in the header"
printf 'Authorization sesame\n' >bad
expect 1 "line 1: expected 'Name: value'" "${one[@]}" --header-file bad gray.amkd
printf 'X: 1\nContent-Length: 5\n' >bad
expect 1 "line 2: 'Content-Length' is set" "${one[@]}" --header-file bad gray.amkd
! grep sesame stderr || fail "credentials in a message"

# Redirects: followed on the same server, never to another.
front front bought "redirect:/v2/models/u8-nhwc/versions/3/infer:308@1" "redirect:$url/v2/models/x@3"
expect_redirect=(env AMKD_API_KEY=sesame-open amkd-query -q --batch 1 --budget 1 -o out)
front=http://127.0.0.1:$(cat front)
"${expect_redirect[@]}" -t "$front/v2/models/u8-nhwc" gray.amkd
mv out one.amkd
amkd-cat one.amkd | cmp - <(head -2 gray) || fail "the answer behind a redirect"
wc -l <log >before
expect 1 "a redirect to $url: not followed" "${expect_redirect[@]}" \
    -t "$front/v2/models/u8-nhwc" gray.amkd
[ $(($(cat before) + 3)) = "$(wc -l <log)" ] || fail "a redirect to another server was followed"

# Certificates.
command -v openssl >/dev/null || { echo "not tested: TLS (no openssl)" >&2; exit 0; }
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null
python tls model_server.py tls tls.log --tls cert.pem key.pem
secure=https://127.0.0.1:$(cat tls)/v2/models/u8-nhwc
expect 1 "certificate" "${ask[@]}" -t "$secure" gray.amkd
[ ! -s tls.log ] || fail "something was sent to a server that is not trusted"
amkd-query -q --cacert cert.pem -t "$secure" gray.amkd | amkd-cat | cmp - gray ||
    fail "a certificate of our own"
amkd-query -q --insecure -t "$secure" gray.amkd | amkd-cat | cmp - gray || fail "--insecure"
expect 1 "missing.pem" "${ask[@]}" --cacert missing.pem -t "$secure" gray.amkd
