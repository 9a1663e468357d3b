#!/usr/bin/env bash
# bench/rounds: a tiny comparison, the same again without work, and misuse.
set -euo pipefail
if [ ! -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

rounds() {
    bash "$SOURCE/bench/rounds" -j 2 --dir run --images 40 --seeds 5,7 ROUNDS=1 BUDGET=60 \
        POOL=300 ARCH=mlp STEPS=10 TEACHER="model:$dir/teacher.safetensors" "$@"
}

amkd-import -q --limit 500 -o some.amkd /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
amkd-train -q -a mlp --steps 20 -o teacher.safetensors some.amkd
rounds >table 2>stderr || fail "a run: $(cat stderr)"
cmp table run/comparison.txt
[ "$(wc -l <run/rounds.tsv)" = 9 ] || fail "a line a round, arm and seed: $(cat run/rounds.tsv)"
awk -F '\t' 'NF != 10 || (NR > 1 && ($6 <= 0 || $7 <= 0 || $8 <= 0)) { exit 1 }' \
    run/rounds.tsv || fail "figures: $(cat run/rounds.tsv)"
[ "$(cut -f 4 run/rounds.tsv | sort -u | tr '\n' ' ')" = '40 60 answers ' ] ||
    fail "answers: $(cat run/rounds.tsv)"
[ "$(grep -c '^ *[01] .* \(random\|c2\)  *2 ' table)" = 6 ] || fail "the table: $(cat table)"
# Round 0 has no picks: the arms of a seed are equal there, the seeds are not.
for seed in 5 7; do
    cmp run/{random,c2}/seed-$seed/round-0/eval.json
    for arm in random c2; do
        amkd-cat run/$arm/seed-$seed/round-1/picks.amkd | cut -f 1,2 >$arm
    done
    ! cmp -s random c2 || fail "the arms pick alike"
    amkd-cat --header run/c2/seed-$seed/round-1/picks.amkd >header
    grep -q -- "--seed=${seed}001\"" header || fail "seed $seed's pool: $(cat header)"
done
! cmp -s run/real-40-5.amkd run/real-40-7.amkd || fail "the seeds draw alike"

find run -name '*.safetensors' -newer table >before
rounds >again 2>stderr || fail "a second run: $(cat stderr)"
cmp table again
find run -name '*.safetensors' -newer table | cmp - before || fail "work was done again"

# A run that fails is named by its tool, and there is no table.
! rounds --dir broken TEACHER='exec:exit 3' >table 2>stderr || fail "a teacher that fails"
grep -q 'the same command goes on from here' stderr || fail "a failing run: $(cat stderr)"
[ ! -s table ] || fail "a table of nothing: $(cat table)"

misused() { # TEXT ARGUMENT...
    local text=$1 got=0
    shift
    bash "$SOURCE/bench/rounds" "$@" 2>stderr >/dev/null || got=$?
    [ "$got" = 2 ] || fail "$*: exit status $got"
    grep -qF -- "$text" stderr || fail "$*: $(cat stderr)"
}
misused "SEED=3: bench/rounds sets that itself" SEED=3
misused "--arm 'c2'" --arm c2
misused "--jobs '0'" --jobs 0
misused "--seeds 'x'" --seeds 1,x
misused "'recipe.mk'" recipe.mk
