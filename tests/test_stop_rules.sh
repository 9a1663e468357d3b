#!/usr/bin/env bash
# amkd-distill's stop rules: a target and patience, told by held-out answers, before the
# next round buys; and the loop over answers bought before.
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
    amkd-distill "$@" >stdout 2>stderr || got=$?
    [ "$got" = 2 ] && grep -qF -- "$text" stderr || fail "$*: $got, $(cat stderr)"
}

amkd-import -q --unlabeled --sample 200 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
amkd-import -q --limit 2000 -o train.amkd $data/train-images-idx3-ubyte.gz
amkd-train -q -a mlp --steps 60 -o teacher.safetensors train.amkd
cat >recipe.mk <<'END'
IMAGES = real.amkd
TEACHER = model:teacher.safetensors
BUDGET = 500
ROUNDS = 3
POOL = 2000
ARCH = mlp
ASSISTANT =
VIEWS = 0
NOISE = 0
LAMBDA = $(if $(filter random,$(BY)),0.5,0.30:0.70:11)
TEMPERATURE = 1
STEPS = 40
HOLDOUT = 60
END
# A figure measured here, not by the loop: of round R's student, on what is held out.
agreement() { # DIR R
    amkd-eval --json -s "$1/round-$2/student.safetensors" "$1/held-out/labels.amkd" |
        awk '/"agreement":/ { print $2 + 0 }'
}

misuse "TARGET '97'" recipe.mk TARGET=97
misuse "PATIENCE '-1'" recipe.mk PATIENCE=-1
misuse "HOLDOUT '1.5'" recipe.mk HOLDOUT=1.5
misuse "HOLDOUT 0 leaves nothing" recipe.mk HOLDOUT=0.0 TARGET=0.9
misuse "HOLDOUT 0 leaves nothing" recipe.mk HOLDOUT=0 PATIENCE=1

# A target that is never reached ends with the budget; held-out answers have a column.
amkd-distill -q --dir whole recipe.mk TARGET=1 >table
grep -q '^ended after round 3: the budget is spent$' table || fail "the end: $(cat table)"
[ "$(grep -cE '^ +[0-9]+ +[0-9]+ +- +- +0\.[0-9]{4} 0\.[0-9]{4}-[01]\.[0-9]{4} ' table)" = 4 ] ||
    fail "$(cat table)"
grep -qF ' held out 95 % interval ' table || fail "the columns: $(cat table)"
awk '$1 == 3 { split($6, interval, "-"); exit !(interval[1] < $5 && $5 <= interval[2]) }' table ||
    fail "the interval of the last round: $(cat table)"
grep -q '^ *3 *500 ' table || fail "the budget: $(cat table)"
nothing_to_do amkd-distill -n --dir whole recipe.mk TARGET=1 || fail "there is more to do"
n=$(awk '/"n"/ { print $2 + 0; exit }' whole/round-3/held-out.json)
[ "$n" = 60 ] || fail "$n of 60 are held out"

# Those held out are random real images that round 0 does not ask about, and no round trains on.
for labels in held-out round-0; do
    amkd-cat -N --field i whole/$labels/labels.amkd
done | sort -n | uniq >asked
[ "$(wc -l <asked)" = 200 ] || fail "$(wc -l <asked) of 200 images are asked about at first"
[ "$(amkd-cat -N --field i whole/held-out/labels.amkd | sort -n | tail -1)" -gt 100 ] ||
    fail "not at random: $(amkd-cat -N --field i whole/held-out/labels.amkd)"
amkd-train -q -a mlp --steps 40 -b 128 --seed 1 -o again.safetensors whole/round-0/labels.amkd
cmp <(tail -c 4000 again.safetensors) <(tail -c 4000 whole/round-0/student.safetensors) ||
    fail "the weights of round 0"

# Replayed: another end of the same run costs nothing. The first round that reaches the
# target is the last, and nothing is bought behind it.
reached=$(agreement whole 1)
last=1
! awk -v a="$(agreement whole 0)" -v b="$reached" 'BEGIN { exit !(a >= b) }' || last=0
replayed=(recipe.mk 'TEACHER=replay:whole/*/labels.amkd' --dir target)
amkd-distill -n "${replayed[@]}" TARGET="$reached" >plan 2>said
grep -q 'a stop rule may end this sooner' said || fail "the plan: $(cat said)"
[ "$(grep -c '^amkd-query' plan)" = 5 ] || fail "the plan: $(cat plan)"
amkd-distill -q "${replayed[@]}" TARGET="$reached" >table
grep -qF "ended after round $last: its student agrees with the teacher on " table ||
    fail "a target of $reached: $(cat table)"
[ ! -e target/round-$((last + 1)) ] || fail "a round behind the target"
cmp target/student.safetensors target/round-$last/student.safetensors || fail "the student"
cmp <(amkd-cat target/round-$last/labels.amkd) <(amkd-cat whole/round-$last/labels.amkd) ||
    fail "replayed answers"
amkd-distill -n "${replayed[@]}" TARGET="$reached" >plan 2>said
[ ! -s plan ] && grep -qF "ends after round $last" said || fail "a plan: $(cat plan said)"

# A target set higher goes on, one set lower goes back.
amkd-distill -q "${replayed[@]}" TARGET=1 >table
grep -q 'after round 3: the budget' table || fail "going on: $(cat table)"
cmp target/student.safetensors target/round-3/student.safetensors || fail "the last student"
amkd-distill -q "${replayed[@]}" TARGET=0.01 >table
grep -q 'ended after round 0' table || fail "going back: $(cat table)"
cmp target/student.safetensors target/round-0/student.safetensors || fail "the first student"

# Patience: the first round that gains nothing on what is held out.
for patience in 1 2; do
    expected=3
    for ((r = 2; r >= patience; r--)); do
        before=$((r - patience))
        ! awk -v now="$(agreement whole $r)" -v then="$(agreement whole $before)" 'BEGIN { exit !(now <= then) }' ||
            expected=$r
    done
    amkd-distill -q "${replayed[@]}" PATIENCE=$patience >table
    grep -q "^ended after round $expected: " table || fail "patience: $(cat table)"
    [ $expected = 3 ] || grep -qF "no gain in $patience rounds" table || fail "$(cat table)"
done
# A student that stands still loses it.
amkd-distill -q recipe.mk --dir still PATIENCE=1 LR=1e-12 >table
grep -q "^ended after round 1: .*no gain in 1 rounds" table || fail "no gain: $(cat table)"
[ ! -e still/round-2 ] || fail "a round behind the last"

# Another selection of what was bought, in more rounds, at no cost.
other=(recipe.mk 'TEACHER=replay:whole/*/labels.amkd' POOL=bought --dir other)
amkd-distill -q -j 2 "${other[@]}" BUDGET=480 ROUNDS=4 HOLDOUT=0 BY=entropy >table
grep -q '^ *4 *480 ' table || fail "what was bought: $(cat table)"
bought() { # DIR
    for labels in "$1"/*/labels.amkd; do amkd-cat "$labels"; done | grep -v '^i' | sort
}
[ -z "$(comm -23 <(bought other) <(bought whole))" ] || fail "answers of nobody"
[ "$(bought other | uniq -d | wc -l)" = 0 ] || fail "answers bought twice"
nothing_to_do amkd-distill -n "${other[@]}" BUDGET=480 ROUNDS=4 HOLDOUT=0 BY=entropy ||
    fail "there is more to do"
! amkd-distill -q "${other[@]}" BUDGET=501 >table 2>said || fail "more than was bought"
grep -q 'cannot pick\|only' said || fail "more than was bought: $(cat said)"
misuse "POOL bought" recipe.mk POOL=bought

# Other answers of the same names are noticed, other questions are an error.
cp -r whole worse
amkd-query -q -t 'replay:whole/*/labels.amkd' --digits 1 -o worse/round-0/labels.amkd real.amkd
[ -n "$(amkd-distill -n "${replayed[@]}" 'TEACHER=replay:worse/*/labels.amkd' TARGET=1 \
    2>said)" ] || fail "changed answers"
! amkd-distill -q "${replayed[@]}" --dir new LAMBDA=0.5 TARGET=1 >table 2>stderr ||
    fail "answers out of nowhere"
grep -qE "knows [0-9]+ of the 100 images asked about" stderr || fail "$(cat stderr)"
