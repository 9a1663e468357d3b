#!/usr/bin/env bash
# bench/peers: the table of known figures, and misuse. The peers themselves are not needed.
set -euo pipefail
command -v python3 >/dev/null || { echo "not tested: no python3" >&2; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

# row WORK/PEER NAME VERSION RATES [MORE]
row() {
    mkdir -p "results/${1%/*}"
    echo "{\"name\": \"$2\", \"version\": \"$3\", \"rates\": [$4]${5:+, $5}}" \
        >>"results/$1.jsonl"
}
row lenet5-half/a "amkd-score, process" "amkd 1" 900 '"device": "a processor"'
row lenet5-half/a "A, mixing maps" "A 2" "100, 150, 500" '"how": "slowly"'
row lenet5-half/a "amkd-score, process" "amkd 1" 1100
row lenet5-half/a "A, mixing pixels" "A 2" 50 \
    '"c2_error": 2e-7, "npicks": 10, "picks_same": 9, "lambdas_same": 8'
# A peer measured beside a slower amkd: its own ratio counts.
row lenet5-half/z "amkd-score, process" "amkd 1" 300
row lenet5-half/z "Z, mixing maps" "A 2" 100
row training/b "amkd-train, without its start" "amkd 1" 300
row training/b "B" "B 3" 60 '"loss": 0.25'
# A network's predictions and training, each with a bar of its own.
row resnet18/a "amkd, prediction" "amkd 1" "50, 51" \
    '"how": "batch 16", "gflop": 2, "shares": [0.5]'
row resnet18/a A "A 2" 30 '"log_error": 3e-6, "largest_log": 4.25'
row resnet18/a "amkd, prediction" "amkd 1" "51, 52" \
    '"how": "batch 16", "gflop": 2, "shares": [0.75]'
row resnet18/training/b "amkd, step" "amkd 1" 20
row resnet18/training/b "B, eager" "B 3" 10
row mobilenetv2/training/b "amkd, step" "amkd 1" 20
row mobilenetv2/training/b "B, eager" "B 3" 10
echo "not measured: C" >results/skipped
PYTHONDONTWRITEBYTECODE=1 python3 "$SOURCE/bench/peers/table.py" results | tr -s ' ' >table
for line in 'A 2, B 3, amkd 1' ' amkd-score, process 900 300 1100' \
    ' A, mixing maps 150 100 500 6.67' ' slowly' ' A, mixing pixels 50.0 50.0 50.0 20.00' \
    ' C2 within 2e-07, 9 of 10 picks, 8 lambdas the same' ' loss 0.2500' \
    ' Z, mixing maps 100 100 100 3.00' \
    ' amkd-score, process, over the best: 3.00, Z, mixing maps; bar 5: MISSED' \
    ' over the best that mixes pixels: 20.00, A, mixing pixels' \
    ' amkd-train, without its start, over the best: 5.00, B; bar 4: met' \
    'predictions of resnet18 (images/s)' ' amkd, prediction 51.0 50.0 52.0' \
    ' batch 16; 102 GFLOP/s, 62 % of the peak' ' A 30.0 30.0 30.0 1.70' \
    ' log-probabilities, to -4.2, within 3e-06' \
    ' amkd, prediction, over the best: 1.70, A; bar 1.7: met' \
    'steps of training of resnet18 (images/s)' \
    ' amkd, step, over the best: 2.00, B, eager; bar 1.5: met' \
    ' amkd, step, over the best: 2.00, B, eager' 'not measured: C'; do
    grep -qxF -- "$line" table || fail "no '$line' in: $(cat table)"
done
head -n 1 table | grep -qE '^20[0-9-]{8} [0-9:]{5} \+0000; a processor$' ||
    fail "date and device: $(cat table)"
! grep -q convolutions table || fail "a work that was not measured: $(cat table)"

misused() { # TEXT ARGUMENT...
    local text=$1 got=0
    shift
    bash "$SOURCE/bench/peers/run" "$@" 2>stderr >/dev/null || got=$?
    [ "$got" = 2 ] || fail "$*: exit status $got"
    grep -qF -- "$text" stderr || fail "$*: $(cat stderr)"
}
misused "--only: 'jax'" --only jax
misused "--network: 'lenet5'" --network lenet5
misused "'real.amkd': no files are taken" real.amkd
misused "unrecognized option '--fast'" --fast
