#!/usr/bin/env bash
# bench/ranks prints every row it promises and leaves no network behind. No figure is looked at.
set -euo pipefail
. "$SOURCE/tests/command.sh"
[ -x "$BUILD/tests/mpi/openmpi/amkd-train_mpi" ] && command -v mpirun.openmpi >/dev/null ||
    { echo "no Open MPI: skipped" && exit 77; }
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 TMPDIR=$PWD

"$SOURCE/bench/ranks/run" --quick >table || fail "$(cat table)"

# rows COUNT TEXT: so many rows of the table begin with TEXT, each with figures.
rows() {
    local n
    n=$(grep -cE "^  $2( +[0-9.]+){3}" table || true)
    [ "$n" = "$1" ] || fail "$n rows of '$2', expected $1: $(cat table)"
}
for work in "training by resnet8" "scoring by resnet8"; do
    grep -q "^$work  " table || fail "$work: $(cat table)"
done
rows 2 'one process, one core '
rows 2 'one process, two cores '
rows 2 '2 ranks, one core each '
rows 2 '4 ranks on two cores '
if grep -q '^no wires' table; then
    echo "wires are not tested: $(grep '^no wires' table)" >&2
    exit
fi
rows 5 '[0-9.]+ ms, [0-9]+ Mbit/s'
[ "$(grep -cE 'measured over it [0-9.]+$' table)" = 2 ] || fail "no checks: $(cat table)"
grep -qE '^the model: -?[0-9.]+ s \+ -?[0-9]+ x latency' table || fail "no model: $(cat table)"
rows 3 '(Ethernet|InfiniBand), [0-9]+ Gbit/s'
[ -z "$(ip netns list | grep '^amkd-bench-')" ] || fail "left: $(ip netns list)"

expect 2 "unrecognized arguments: --no-such" "$SOURCE/bench/ranks/run" --no-such
