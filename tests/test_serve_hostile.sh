#!/usr/bin/env bash
# amkd-serve among clients idle by the thousand, malformed, oversized and gone in
# mid-request: it answers on, its memory stays bounded, and with the sanitizer nothing leaks.
set -euo pipefail
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; tail -5 log >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"

{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
{ printf '\0\0\x8\x1\0\0\0\x28'; printf '%.0s\0\1\2\3' {1..10}; } >set-idx1-ubyte
amkd-import -q --labels set-idx1-ubyte -o images.amkd set-idx3-ubyte
amkd-train -q -a 'fc 8 | relu | fc classes' --steps 2 -o toy.safetensors images.amkd

amkd-serve --port 0 --port-file port --timeout 60 toy.safetensors >url 2>log &
server=$!
wait_for url "$server"
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
before=$(peak)
timeout 120 python3 "$SOURCE/tests/hostile_client.py" "$(cat port)" toy || fail "a bad answer"
after=$(peak)
echo "peak memory $((before / 1024)) MiB before, $((after / 1024)) MiB after"
# A sanitized build keeps what was freed for a while.
limit=$((600 << 10))
[ $((after - before)) -lt $limit ] || fail "memory grew by $(((after - before) / 1024)) MiB"
kill "$server"
wait "$server" || fail "exit status $?"
server=
[ ! -s log ] || ! grep -E 'Sanitizer|runtime error' log || fail "the sanitizer found something"
