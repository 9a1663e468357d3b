# What the tests of teachers behind HTTP share, which source this file: a folder of their
# own, servers that end with them, and the count of what was bought.
command -v python3 >/dev/null || { echo "no python3 for the servers" >&2; exit 77; }
dir=$(mktemp -d)
declare -A servers # the process of each, by the file of its port
end() {
    ! mountpoint -q "$dir/small" || umount "$dir/small"
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    rm -rf "$dir"
}
trap end EXIT
cd "$dir"
# No credentials or proxies but those of the tests.
export HOME=$dir no_proxy='*'
unset AMKD_API_KEY

. "$SOURCE/tests/waiting.sh"

fail() { echo "failed: $*" >&2; exit 1; }

# start PORT-FILE COMMAND...: a server that writes its port to the file.
start() {
    local file=$1
    rm -f "$file"
    "${@:2}" >"$file.out" 2>"$file.err" &
    servers[$file]=$!
    wait_for "$file" $! || fail "$2 does not start: $(cat "$file.err")"
}

# stop PORT-FILE [SIGNAL]
stop() {
    kill "-${2:-TERM}" "${servers[$1]}"
    wait "${servers[$1]}" 2>/dev/null || true
    unset "servers[$1]"
}

# front PORT-FILE LOG ARGUMENT...: a front with faults before the server of the file "port".
front() {
    start "$1" timeout 300 python3 "$SOURCE/tests/faulty_front.py" \
        --upstream "127.0.0.1:$(cat port)" --port-file "$1" --log "$2" --seed 7 "${@:3}"
}

# Images bought in all, and different ones, by a front's log.
bought() { awk -F'\t' '$1 == "forwarded" { n += $3 } END { print n + 0 }' "$1"; }
different() {
    awk -F'\t' '$1 == "forwarded" { for (f = 4; f <= NF; f++) print $f }' "$1" | sort -u | wc -l
}

# Images spent, by what amkd-query -v said.
spent() { grep -o '[0-9]* images spent' "$1" | cut -d' ' -f1; }

# 2,000 different images of 4 x 4, and a teacher of them: real.amkd, teacher.safetensors.
make_teacher() {
    python3 -c 'import random, sys
sys.stdout.buffer.write(bytes.fromhex("00000803000007d00000000400000004"))
sys.stdout.buffer.write(random.Random(1).randbytes(2000 * 16))' >set-idx3-ubyte
    amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte
    amkd-query -q -t "exec:perl $SOURCE/tests/teacher.pl honest" -o start.amkd real.amkd
    amkd-train -q -a mlp --steps 1 -o teacher.safetensors start.amkd
}
