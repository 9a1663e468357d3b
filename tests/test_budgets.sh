#!/usr/bin/env bash
# amkd-distill BUDGETS: rounds of unequal size, in the plan, bought, from a shared store,
# from bought answers and with a stop rule; and misuse.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
if [ ! -e $data/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

misuse() { # TEXT ARGUMENT...
    local text=$1 got=0
    shift
    amkd-distill "${common[@]}" "$@" >stdout 2>stderr || got=$?
    [ "$got" = 2 ] && grep -qF -- "$text" stderr || fail "$*: $got, $(cat stderr)"
    [ ! -e amkd-run ] || fail "misuse made files"
}

amkd-import -q --unlabeled --sample 100 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
amkd-import -q --limit 1000 -o train.amkd $data/train-images-idx3-ubyte.gz
amkd-train -q -a mlp --steps 20 -o teacher.safetensors train.amkd
common=(IMAGES=real.amkd POOL=1000 ARCH=mlp STEPS=20 ASSISTANT= VIEWS=0 NOISE=0 TEACHER=model:teacher.safetensors)

misuse 'BUDGET is not set' BUDGETS=
misuse "BUDGETS 'many'" BUDGETS='200 many'
misuse "BUDGETS '*'" BUDGETS='*'
misuse 'expected ascending numbers, but 200 follows 200' BUDGETS='150 200 200'
misuse 'expected ascending numbers, but 90 follows 150' BUDGETS='150 90'
misuse 'begins with 100, which leaves nothing to ask beyond the 100' BUDGETS='100 150'
misuse "BUDGET is 300, but BUDGETS '150 200' ends with 200" BUDGETS='150 200' BUDGET=300
misuse "BUDGET is many, but" BUDGETS='150 200' BUDGET=many
misuse "ROUNDS is 4, but BUDGETS '150 200' is of 2" BUDGETS='150 200' ROUNDS=4
misuse 'is to pick 1100 of a pool of 1000' BUDGETS='1200 1300'
misuse 'lets a round pick 50 of 100 images at most, but it is to pick 60' \
    BUDGETS='160 200' MAX_PER_IMAGE=1

# The plan: the differences, and what the numbers stand for.
printf 'BUDGETS = 110\t0150  240 # a comment\nROUNDS = 3\n' >recipe.mk
amkd-distill -n "${common[@]}" recipe.mk >plan
[ "$(grep -oE -- ' -k [0-9]+' plan | tr -d '\n')" = ' -k 10 -k 40 -k 90' ] ||
    fail "picks: $(cat plan)"
# A pool of four times the picks, of 4,950 pairs, less those asked before.
for pool in '4x -n 40 -n 160 -n 363' '100x -n 1000 -n 4008' 'all' '4949 -n 4949 -n 4949 -n 4949'; do
    amkd-distill -n "${common[@]}" recipe.mk "POOL=${pool%% *}" >plan
    [ "${pool%% *}$(grep -oE -- ' -n [0-9]+' plan | tr -d '\n')" = "$pool" ] ||
        fail "pools, not $pool: $(cat plan)"
done
for pool in 1x x 2.5x 99999999999x; do
    misuse "POOL '$pool': expected a number, 2x or more" recipe.mk POOL=$pool
done
misuse "DIVERSE 3 leaves nothing to the score in a POOL of 2x" recipe.mk POOL=2x DIVERSE=3
misuse "DIVERSE '1e9': option '--diverse'" recipe.mk DIVERSE=1e9
# Two times 75 of 300 views, of the 225 that then are left, and of 150.
amkd-distill -n "${common[@]}" VIEWS=3 SINGLE=1 BY=random POOL=2x BUDGET=325 ROUNDS=3 >plan
[ "$(grep -oE -- ' -n [0-9]+' plan | tr -d '\n')" = ' -n 150 -n 200' ] || fail "left: $(cat plan)"
amkd-distill --parameters "${common[@]}" recipe.mk | grep -x 'BUDGET=240' >/dev/null || fail "BUDGET"
amkd-distill --parameters "${common[@]}" BUDGETS='150 200' | grep -x 'ROUNDS=2' >/dev/null ||
    fail "ROUNDS"

# A run, in parts and with a store: as many answers in all as each number says. A later
# number that changes leaves the rounds before it as they are.
amkd-distill -q -j 2 "${common[@]}" SHARED=store recipe.mk >table
for line in '0 100' '1 110' '2 150' '3 240'; do
    grep -qE "^ *${line% *} +${line#* } " table || fail "no line '$line' in: $(cat table)"
done
amkd-distill -n "${common[@]}" SHARED=store BUDGETS='110 150 200' >plan
[ "$(head -1 plan | cut -d' ' -f1)" = amkd-pool ] && ! grep -q 'round-2/picks' plan ||
    fail "the rounds before: $(cat plan)"

# Of what was bought, with a journal and a stop rule; and with one that holds at once.
amkd-distill -q "${common[@]}" --dir other JOURNAL=paid POOL=bought BY=entropy PATIENCE=4 \
    TEACHER='replay:amkd-run/*/labels.amkd' BUDGETS='130 135 200' >table
for line in '0 100' '1 130' '2 135' '3 200'; do
    grep -qE "^ *${line% *} +${line#* } " table || fail "no line '$line' in: $(cat table)"
done
amkd-distill -q "${common[@]}" --dir early HOLDOUT=0.3 TARGET=0.001 BUDGETS='130 200' >table
grep -q '^ended after round 0' table || fail "a rule: $(cat table)"
