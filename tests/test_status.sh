#!/usr/bin/env bash
# amkd-distill --status: of a run under way, of one that was killed, of one that ended.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
if [ ! -e $data/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
run=''
end() {
    [ -z "$run" ] || kill -9 -- "-$run" 2>/dev/null || true
    [ ! -s "$dir/hanging" ] || kill -9 "$(cat "$dir/hanging")" 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
says() { grep -qE -- "$1" said || fail "no '$1' in: $(cat said)"; }

! amkd-distill --status none 2>stderr || fail "no run"
grep -qF "'none': no run is kept there" stderr || fail "no run: $(cat stderr)"
got=0
amkd-distill --status a b 2>stderr || got=$?
[ $got = 2 ] || fail "two directories: $got"

amkd-import -q --unlabeled --sample 200 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
args=(IMAGES=real.amkd BUDGET=400 ROUNDS=2 POOL=2000 ARCH=mlp STEPS=30 TEACHER_BATCH=64
    "TEACHER=exec:perl teacher.pl \$(cat behaviour) log")
echo hangs-second >behaviour
setsid amkd-distill -q "${args[@]}" >/dev/null 2>&1 &
run=$!
for ((t = 0; t < 600; t++)); do
    [ ! -s hanging ] || break
    sleep 0.1
done
amkd-distill --status >said
says '^amkd-run: running$'
says '^round 0 of 2, 0 of 400 answers$'
says '^ +0 .* amkd-query, [0-9]+ s, 64 answers$'
! grep -q $'\e' said || fail "colours in a file"
kill -9 -- "-$run" "$(cat hanging)"
wait "$run" 2>/dev/null || true
rm hanging
run=''
# Whoever was waiting for the teacher goes with it.
for ((t = 0; t < 100; t++)); do
    amkd-distill --status >said
    ! grep -q 'running' said || { sleep 0.1 && continue; }
    break
done
says '^amkd-run: stopped; the same command goes on$'
! grep -q 'amkd-query' said || fail "still at work: $(cat said)"

# Ended: the figures of every round.
echo honest >behaviour
amkd-distill -q "${args[@]}" HOLDOUT=0.2 >table
amkd-distill --watch amkd-run >said
says '^amkd-run: ended after round 2: the budget is spent$'
says '^round 2 of 2, 400 of 400 answers$'
says '^ +0 +200 +- +- +[01]\.[0-9]{4} +[0-9.]+$'
says '^ +2 +400 '
[ "$(wc -l <said)" = 6 ] || fail "six lines: $(cat said)"
[ -z "$(find amkd-run -name '*.running')" ] || fail "left behind: $(ls amkd-run/*)"
amkd-distill -q "${args[@]}" HOLDOUT=0.2 TARGET=0.01 >table
amkd-distill --status >said
says '^amkd-run: ended after round 0: its student agrees'
says '^round 0 of 2, at most, 200 of 400 answers$'
! grep -qE '^ +1 ' said || fail "a round behind the end: $(cat said)"
