#!/usr/bin/env bash
# amkd-bench prints every row it promises, as a table and as JSON, and leaves nothing
# behind. No figure is looked at.
set -euo pipefail
bench=$BUILD/bench/amkd-bench
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TMPDIR=$dir/temporary
mkdir "$TMPDIR"
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

# rows COUNT TEXT: so many rows of the table begin with TEXT, each with three figures.
rows() {
    local n
    n=$(grep -cE "^  $2.*( +[0-9.]+){3} [A-Za-z]" table || true)
    [ "$n" = "$1" ] || fail "$n rows of '$2', expected $1: $(cat table)"
}

"$bench" -q --quick -o table
grep -qE '^device [0-9]+: .*compute units' table || fail "the device: $(cat table)"
grep -qE '^platform .*driver ' table || fail "the driver"
grep -qE '^amkd [0-9.]+, 20[0-9]{2}-[0-9]{2}-[0-9]{2} ' table || fail "the date"
grep -qE '^peak [0-9.]+ GFLOP/s, copy [0-9.]+ GB/s' table || fail "the peak"
for when in before after; do
    rows 1 "multiply-add peak, $when"
    rows 1 "copy bandwidth, $when"
    rows 1 "empty kernels, $when"
done
# Convolutions alone.
for pass in forward 'backward weights' 'backward data'; do
    rows 8 "conv .* on [0-9x]+: $pass"
done
[ "$(grep -cE '64x16x16: .* % of peak  bar at least (200|190|160) %: (met|MISSED)' table)" = 3 ] ||
    fail "bars of convolutions: $(cat table)"
[ "$(grep -cE 'GB/s .* % of copy  bar at least 60 %: (met|MISSED)' table)" = 9 ] ||
    fail "bars of depthwise convolutions: $(cat table)"
rows 6 'CLBlast, .*: forward'
rows 6 'CLBlast, .*: backward weights'
rows 5 'CLBlast, .*: backward data'
# Of LeNet-5 and its half: layers with their weights' gradients, all but the first with
# their input's, and pools that have no weights.
rows 18 '(conv|fc) .*: forward'
rows 18 '(conv|fc) .*: backward weights'
rows 16 '(conv|fc) .*: backward data'
rows 4 'maxpool 2: forward'
rows 4 'maxpool 2: backward data'
for part in 'mixing the batch' 'cross entropy' AdamW 'all of a step'; do
    rows 2 "$part"
done
for payload in pairs picks labels '(Fashion-MNIST|made images)'; do
    rows 9 "$payload: (gzip|write|read|size)"
done
rows 5 'amkd-import, 20 of (NPY|IDX|CIFAR-10|PNG|JPEG)'
rows 2 'amkd-augment, 600 of 28x28(, elastic)?'
rows 1 'lenet5, 2 steps'
# Whole networks: a small one in place of those that take minutes to compile.
for count in 16 64; do
    grep -qx "networks on 3x8x8, $count images" table || fail "networks: $(cat table)"
done
for what in prediction sweep step 'error against float64'; do
    rows 1 "tiny: $what"
done
[ "$(grep -cE '^  (tiny|all of a step|lenet5, 2 steps).* % of peak, [0-9.]+ GFLOP/s' table)" = 6 ] ||
    fail "GFLOP/s beside images/s: $(cat table)"
for student in lenet5-half lenet5 mlp 'two convolutions'; do
    rows 1 "$student kernels, 11 lambdas"
    rows 1 "amkd-score, $student, 190 pairs"
    rows 1 "amkd-score over its kernels, $student "
done
for start in 'amkd-score, cold' 'amkd-score, warm' 'amkd-train, warm' \
    'amkd-eval, warm' 'amkd-devices, warm'; do
    rows 1 "$start start"
done
rows 1 '100 pairs x 2: time of a pair'
rows 2 '1[0]* pairs x 2: most memory'
rows 1 'time of a pair, the largest pool over the first'
rows 1 'most memory, the largest pool over the second'
rows 1 'refine C = 1, 8 of 64 lambdas: speed-up'
grep -qE '^  refine C = 1, 8 of 64 lambdas: recall( +[0-9.]+){3} %' table ||
    fail "recall: $(cat table)"
rows 1 'amkd-score, processor time'
rows 1 'amkd-score, most memory'
[ -z "$(grep '^  .* GFLOP/s ' table | grep -v '% of peak')" ] ||
    fail "shares of the peak: $(cat table)"
[ -z "$(ls "$TMPDIR")" ] || fail "left behind: $(ls "$TMPDIR")"

"$bench" -q --quick --json --only train --only sweep >json
[ "$(grep -c '"median":' json)" = 11 ] || fail "eleven rows: $(cat json)"
[ "$(grep -c '"share_of_peak":' json)" = 7 ] || fail "seven shares of the peak: $(cat json)"
grep -q '"vector_width": [0-9]' json || fail "the device in JSON"

got=0
"$bench" --only everything 2>stderr || got=$?
[ $got = 2 ] || fail "misuse: exit status $got"
grep -q -- "--only: 'everything'" stderr || fail "misuse: $(cat stderr)"
got=0
"$bench" --only networks --network lenet5 2>stderr || got=$?
[ $got = 2 ] || fail "no such network: exit status $got"
grep -q -- "--network: 'lenet5'" stderr || fail "no such network: $(cat stderr)"
"$bench" -q --quick --json --only networks --network tiny >json
[ "$(grep -c '"name": "tiny: ' json)" = 4 ] || fail "four rows of one network: $(cat json)"
got=0
"$bench" -q --quick --tools . -o none 2>stderr || got=$?
[ $got = 1 ] || fail "no tools: exit status $got"
grep -q "amkd-pool': No such file" stderr || fail "no tools: $(cat stderr)"
[ ! -e none ] || fail "a failed run left its output"
[ -z "$(ls "$TMPDIR")" ] || fail "a failed run left files"

# A pool in parts, and whole: the picks are compared there.
if [ -x /usr/bin/time ]; then
    "$SOURCE/bench/shards" parts 300 3 2 1 >table || fail "bench/shards: $(cat table)"
    grep -q 'the same picks as from one process' table || fail "bench/shards: $(cat table)"
else
    echo "bench/shards is not tested: there is no GNU time" >&2
fi
