#!/usr/bin/env bash
# Every option of every tool, and every parameter of amkd-distill, is given in a test of the
# tool; those that are beside the point elsewhere are tried here.
set -euo pipefail
dir=$(mktemp -d)
server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# Help and version are tried of all in test_manual.sh. A test here is a script that names the
# tool and gives the option, by its long or its short name.
mapfile -t tools < <(cd "$SOURCE/tools" && ls amkd-*.c amkd-*.sh | sed 's/\.[a-z]*$//')
untried=''
for tool in "${tools[@]}"; do
    mapfile -t tests < <(grep -lwe "$tool" "$SOURCE"/tests/*.sh)
    "$tool" --options >options
    while IFS=$'\t' read -r letter name type _; do
        case $type in
        word) words="$tool $name( |\$)" ;;
        parameter) words="(^|[^A-Z_])$name ?=" ;;
        *)
            words="(^|[^a-z-])--$name([^a-z-]|\$)"
            [ "$letter" = - ] || words+="|(^|[^a-z-])$tool( [^|;]*)? -[a-zA-Z]*$letter([ 0-9]|\$)"
            ;;
        esac
        case $name in help | version) continue ;; esac
        grep -qEe "$words" "${tests[@]}" || untried+=" $tool:$name"
    done <options
done
[ -z "$untried" ] || fail "no test tries$untried"

echo "# every parameter has a help of its own, and a directory the placeholder of one"
amkd-distill --options | awk -F '\t' '$3 == "parameter"' >options
twice=$(cut -f 6 options | sort | uniq -d)
[ -z "$twice" ] || fail "said of several parameters: $twice"
[ "$(awk -F '\t' '$4 == "DIR" { print $2 }' options | sort | tr '\n' ' ')" = 'DIR JOURNAL SHARED ' ] ||
    fail "directories: $(awk -F '\t' '$4 == "DIR"' options)"

echo "# amkd-import --ignore-exif: a picture that lies on its side"
mkdir photos
cp "$SOURCE/tests/fuzz/corpus/picture/exif_right.jpg" photos
for option in '' --ignore-exif; do
    amkd-import -q --unlabeled ${option:+"$option"} -o photos.amkd photos
    amkd-cat --header photos.amkd | tr -d ' \n' | sed 's/.*"|u1",\[\([0-9]*,[0-9]*\),.*/\1 /'
done >sizes
[ "$(cat sizes)" = '7,9 9,7 ' ] || fail "sizes: $(cat sizes)"

echo "# --verbose, and amkd-train --epochs and amkd-serve --device"
printf '\0\0\x8\x3\0\0\0\x4\0\0\0\x2\0\0\0\2ghijklmnopqrstuv' >set-idx3-ubyte
printf '\0\0\x8\x1\0\0\0\x4\0\1\0\1' >set-idx1-ubyte
amkd-import -q --labels set-idx1-ubyte -o set.amkd set-idx3-ubyte
# tells TEXT COMMAND...: with --verbose it says so.
tells() {
    local text=$1
    shift
    "$@" >said 2>&1 || fail "$*: $(cat said)"
    grep -qF -- "$text" said || fail "$*: no '$text' in: $(cat said)"
}
tells 'step 6 of 6, epoch 3.00' amkd-train --verbose --epochs 3 -b 2 -a 'fc classes' -o model set.amkd
tells '10 weights' amkd-export --verbose --to c -o model.c model
tells '4 rows, 8 bytes each' amkd-cat --verbose --check set.amkd
amkd-import -q --unlabeled -o real.amkd set-idx3-ubyte
tells "amkd-train -a 'fc classes'" amkd-distill --verbose IMAGES=real.amkd TEACHER=model:model \
    BUDGET=4 ROUNDS=0 STEPS=2 ASSISTANT= ARCH='fc classes'
tells 'rounds: 1' amkd-report --verbose -o report.html amkd-run
. "$SOURCE/tests/waiting.sh"
amkd-serve --verbose --device 0 --port 0 --port-file served model >/dev/null 2>said &
server=$!
wait_for served "$server"
grep -q '^amkd-serve: on ' said || fail "amkd-serve --verbose: $(cat said)"
kill "$server"
wait "$server" || fail "amkd-serve"
server=''
got=0
amkd-serve --device 99 --port 0 model >said 2>&1 || got=$?
[ $got = 1 ] && grep -q 'index 99' said || fail "amkd-serve --device 99: $got, $(cat said)"

echo "# amkd-eval --timeout: a teacher that says nothing"
got=0
timeout 60 amkd-eval -q --timeout 0.5 -s model -t 'exec:sleep 600' set.amkd 2>stderr || got=$?
[ $got = 1 ] || fail "a silent teacher: $got, $(cat stderr)"
grep -q '0.5 s' stderr || fail "a silent teacher: $(cat stderr)"

echo "# amkd-query --connect-timeout: a server whose queue is full takes no connection"
if command -v python3 >/dev/null; then
    python3 - >port <<'END' &
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
waiting = []
for _ in range(8):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    waiting.append(client)
time.sleep(0.2)
print(server.getsockname()[1], flush=True)
time.sleep(60)
END
    server=$!
    wait_for port "$server"
    got=0
    timeout 20 amkd-query -q --connect-timeout 1 --retry 0 --no-journal -o out \
        -t "http://127.0.0.1:$(cat port)/v2/models/x" set.amkd 2>stderr || got=$?
    [ $got = 1 ] || fail "no connection: $got, $(cat stderr)"
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=''
else
    echo "not tested: python3 is not installed"
fi
