#!/usr/bin/env bash
# amkd-distill BUDGETS: rounds of unequal size, in the plan, bought, from a shared store,
# from bought answers and with a stop rule; and misuse.
set -euo pipefail
. "$SOURCE/tests/plans.sh"
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
misuse 'begins with 100, which leaves nothing to ask beyond the 100 of round 0' BUDGETS='100 150'
misuse "BUDGET is 300, but BUDGETS '150 200' ends with 200" BUDGETS='150 200' BUDGET=300
misuse "BUDGET is many, but" BUDGETS='150 200' BUDGET=many
misuse "ROUNDS is 4, but BUDGETS '150 200' is of 2" BUDGETS='150 200' ROUNDS=4
misuse 'is to pick 1100 of a pool of 1000' BUDGETS='1200 1300'
misuse 'lets a round pick 50 of 100 images at most, but it is to pick 60' \
    BUDGETS='160 200' MAX_PER_IMAGE=1

misuse "FIRST '0'" BUDGET=50 FIRST=0
misuse "FIRST '5x'" BUDGET=50 FIRST=5x
misuse 'FIRST 101 is more than the 100 real images' BUDGET=300 FIRST=101
misuse 'FIRST 60 is more than the 50 answers that BUDGET 50 leaves' BUDGET=50 FIRST=60
misuse 'BUDGET 50 leaves 0 answers beyond round 0' BUDGET=50 FIRST=50 ROUNDS=2
misuse 'BUDGET 2 leaves 1 answers beyond round 0' BUDGET=2 ROUNDS=3
misuse "ASK 'pictures': 'pictures' is none of images, views, mixes" BUDGET=50 ASK=pictures
misuse "ASK 'images mixes': expected one word, or one for each of 3" BUDGET=50 ASK='images mixes'
misuse "ASK 'views' needs VIEWS" BUDGET=50 ASK=views
misuse 'to pick 75 of a pool of 50' BUDGET=200 FIRST=50 ASK=images ROUNDS=2
misuse 'to pick 60 of 50 images that there are' BUDGET=110 FIRST=50 ASK=images ROUNDS=2
misuse 'SCORER assistant: there is none' BUDGET=50 SCORER=assistant
misuse "SCORER 'me'" BUDGET=50 SCORER=me
misuse "STUDENTS 'none'" BUDGET=50 STUDENTS=none
misuse 'STUDENTS last: those of the rounds before are needed' BUDGET=50 STUDENTS=last
misuse "HOLDOUT '-3'" BUDGET=50 HOLDOUT=-3
misuse 'HOLDOUT 100 leaves none of the 100' BUDGET=150 HOLDOUT=100
misuse 'BUDGET 50 is spent on the 50 answers that are held out' BUDGET=50 HOLDOUT=50

# What is settled where nobody says it: of enough answers all images and then mixes, else a
# quarter of the answers and then the images that are left.
settled() { # FIRST ROUNDS WHAT ARGUMENT...
    local expected="$1 about $2, the rest in $3"
    shift 3
    amkd-distill -n "${common[@]}" "$@" 2>said >plan
    grep -qF -- "$expected" said || fail "$*: not '$expected': $(cat said)"
}
settled 100 'all of them' '4 rounds about mixes' BUDGET=300
settled 25 'images drawn at random' '3 rounds about images' BUDGET=99
settled 90 'all of them but 10 held out' '4 rounds about mixes' BUDGET=300 TARGET=0.9
settled 20 'images drawn at random, 9 more to measure by' '3 rounds about images' BUDGET=89 \
    PATIENCE=2 HOLDOUT=.11
settled 40 'images drawn at random' '3 rounds about images, then views, then mixes' BUDGET=99 \
    FIRST=40 ASK='images views mixes' VIEWS=2
[ "$(grep -c -- '--single' plan)" = 3 ] || fail "three pools of single images: $(cat plan)"
amkd-distill -n "${common[@]}" BUDGET=100 2>said >plan
grep -q ': 100 about all of them$' said && ! grep -q amkd-score plan || fail "no rounds: $(cat said)"

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
amkd-distill -n "${common[@]}" VIEWS=3 ASK=views BY=random POOL=2x BUDGET=325 ROUNDS=3 >plan
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

# Some of the images first, then more of them, each once; then their mixes.
amkd-distill -q "${common[@]}" --dir some BUDGETS='40 70 90' FIRST=20 HOLDOUT=10 BY=margin \
    ASK='images images mixes' NOISE=0 >table
for line in '0 30' '1 40' '2 70' '3 90'; do
    grep -qE "^ *${line% *} +${line#* } " table || fail "no line '$line' in: $(cat table)"
done
for labels in held-out round-0 round-1 round-2; do
    amkd-cat -N --field i --field j --field lambda "some/$labels/labels.amkd"
done >asked
[ "$(wc -l <asked)" = 70 ] && [ "$(sort asked | uniq -d | wc -l)" = 0 ] ||
    fail "images asked about twice"
awk '$1 != $2 || $3 != 1 { exit 1 }' asked || fail "no images: $(head asked)"
amkd-cat -N --field i --field j some/round-3/labels.amkd | awk '$1 == $2 { exit 1 }' ||
    fail "no mixes in round 3"
# Those picked are the ones that the student before was least sure of.
amkd-pool -q --single some/images.amkd | amkd-score -q -s some/round-1/student.safetensors \
    --by margin -k 30 --exclude some/held-out/labels.amkd --exclude some/round-0/labels.amkd \
    --exclude some/round-1/labels.amkd -o picks.amkd
cmp <(amkd-cat picks.amkd) <(amkd-cat some/round-2/picks.amkd) || fail "other picks"
nothing_to_do amkd-distill -n "${common[@]}" --dir some BUDGETS='40 70 90' FIRST=20 HOLDOUT=10 \
    BY=margin ASK='images images mixes' NOISE=0 || fail "there is more to do"
