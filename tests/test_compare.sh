#!/usr/bin/env bash
# amkd-distill compare: a teacher that is asked nothing twice by two arms and two seeds, the
# tables, a run that was killed, and misuse.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
if [ ! -e $data/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"
rows() { amkd-cat "$1" | tail -n +2; }

# expect STATUS TEXT ARGUMENT...: amkd-distill compare exits with STATUS and says TEXT.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    amkd-distill compare "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
}

# Labels of three classes, as the teacher's.
amkd-import -q --unlabeled --sample 60 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
{ zcat $data/t10k-images-idx3-ubyte.gz || true; } | head -c $((16 + 80 * 784)) |
    perl -0777 -pe 'substr($_, 4, 4) = pack "N", 80' >test-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 80), map { chr($_ % 3) } 1 .. 80' >test-labels-idx1-ubyte
amkd-import -q -o test.amkd test-images-idx3-ubyte
cat >common.mk <<'END'
IMAGES = real.amkd
TEACHER = exec:perl teacher.pl $$(cat behaviour) log
TEACHER_BATCH = 20
TEST = test.amkd
BUDGET = 100
ROUNDS = 2
POOL = 500
ARCH = mlp
ASSISTANT =
VIEWS = 0
NOISE = 0
LAMBDA = $(if $(filter random,$(BY)),0.5,0.30:0.70:11)
TEMPERATURE = 1
STEPS = 60
END
{ echo include common.mk && echo BY = random; } >random.recipe
{ echo include common.mk && echo BY = c2 && echo LAMBDA = 0.5; } >active.mk
echo honest >behaviour

# Misuse is found before anything is asked.
expect 2 'no recipe to run'
expect 2 "there is an arm 'active' already" active.mk ./active.mk
expect 2 'seeds are given by --seeds' active.mk SEED=3
expect 2 'compare sets that itself' active.mk JOURNAL=paid
expect 2 "--seeds 'x'" --seeds 1,x active.mk
expect 2 "--jobs '0'" -j 0 active.mk
expect 2 "no parameter 'STEP'" active.mk STEP=60
expect 2 'TEST is not set' active.mk TEST=
expect 2 'FIRST 60 is more than the 59 answers' random.recipe active.mk BUDGET=59 FIRST=60
expect 1 "'none.mk': cannot be read" active.mk none.mk
amkd-distill compare -n --seeds 1,2 random.recipe active.mk >stdout
[ "$(grep -c '^# ' stdout)" = 4 ] || fail "four plans: $(cat stdout)"
grep -A 2 '^the arms, and in what' stdout >differences
diff differences - <<'END' || fail "what differs"
the arms, and in what they differ from the first
  random           BY=random
  active           BY=c2
END
[ -z "$(find log amkd-compare 2>/dev/null)" ] || fail "misuse or a plan did something"

# How many different mixes labels are about.
mixes() { for file in "$@"; do rows "$file" | cut -f 1-3; done | sort -u | wc -l; }

# Two arms, two seeds, side by side: every run uses its budget, and the teacher is asked
# about each picture once: 80 test images, 60 real ones and the different mixes.
compare=(amkd-distill compare -q -j 2 --seeds '1,2')
"${compare[@]}" random.recipe active.mk >table 2>stderr || fail "a run: $(cat stderr)"
cd amkd-compare
cmp ../table comparison.txt
for run in {random,active}/seed-{1,2}; do

    n=0
    for r in 0 1 2; do n=$((n + $(rows "$run"/round-$r/labels.amkd | wc -l))); done
    [ $n = 100 ] || fail "$run has $n answers, not its budget"
done
n=$((80 + $(mixes ./*/seed-*/round-*/labels.amkd)))
[ "$(wc -l <../log)" = $n ] || fail "the teacher was asked $(wc -l <../log) times, not $n"
((n > 80 + 60 + 40)) || fail "all runs picked alike"
# Round 0 of a seed is trained once.
[ "$(find shared/networks -name '*.safetensors' | wc -l)" = 2 ] || fail "students of round 0"
cmp {random,active}/seed-1/round-0/student.safetensors
! cmp -s active/seed-{1,2}/round-0/student.safetensors || fail "seeds are alike"

# The tables and the page.
[ "$(wc -l <rounds.tsv)" = 13 ] || fail "a line a run and round: $(cat rounds.tsv)"
awk -F '\t' 'NF != 10 || (NR > 1 && ($6 <= 0 || $10 != "-")) { exit 1 }' rounds.tsv ||
    fail "figures: $(cat rounds.tsv)"
[ "$(grep -cE '^ *[012] +[0-9]+  (random|active) +2 ' comparison.txt)" = 9 ] ||
    fail "rows of two seeds: $(cat comparison.txt)"
! grep -q LAMBDA comparison.txt || fail "both have LAMBDA 0.5: $(cat comparison.txt)"
grep -q 'points above random' comparison.txt || fail "differences: $(cat comparison.txt)"
grep -q '^teacher on the test images: accuracy 0\.' comparison.txt || fail "the teacher"
! grep -q 'held-out' comparison.txt || fail "none are held out: $(cat comparison.txt)"
for arm in random active; do
    grep -q "<h2>In detail: $arm, seed 1</h2>" report.html || fail "$arm on the page"
done
cd ..

# A run alone does the same as one that shares.
amkd-distill -q --dir alone active.mk SEED=2 >/dev/null
cmp <(rows alone/round-2/labels.amkd) <(rows amkd-compare/active/seed-2/round-2/labels.amkd) ||
    fail "other labels than of a run alone"
for r in 0 2; do
    cmp {alone,amkd-compare/active/seed-2}/round-$r/eval.json || fail "figures of a run alone"
done

# The same again does nothing; an arm more buys its own picks alone; how answers are read
# is no reason to ask again.
: >log
touch mark
"${compare[@]}" random.recipe active.mk >again
cmp table again
[ -z "$(find amkd-compare -name '*.safetensors' -newer mark)" ] || fail "work was done again"
{ echo include common.mk && echo BY = random && echo TEACHER_OPTIONS = --keep-top 1; } >top.mk
{ echo include common.mk && echo LAMBDA = 0.5 && echo STEPS = 61 && echo ROUNDS = 0; } >zero.mk
amkd-distill compare --seeds 1 top.mk zero.mk >table 2>stderr || fail "two more: $(cat stderr)"
[ ! -s log ] || fail "$(wc -l <log) questions for what was answered before"
grep -q '^they are not trained alike: STEPS$' table || fail "STEPS: $(cat table)"
[ "$(grep -c '^ *0 *60  zero ' table)" = 2 ] || fail "rounds both have: $(cat table)"

# Held out of some arms, of all rounds: the figures of the runs' own tables. What was held
# out once is no figure of a run that holds out nothing.
{ echo include common.mk && echo LAMBDA = 0.5 && echo HOLDOUT = 0.3; } >held.mk
{ echo include held.mk && echo MIXUP = 0.2; } >mixed.mk
held=(amkd-distill compare -q --dir held --seeds 1 held.mk mixed.mk active.mk)
"${held[@]}" >table 2>stderr || fail "held out: $(cat stderr)"
grep -q '^they are not trained alike: HOLDOUT MIXUP$' table || fail "$(cat table)"
for round in 0 1 2; do
    for arm in held mixed; do
        own=$(awk -v r=$round '$1 == r { print $6 }' held/$arm/seed-1/table.txt)
        awk -F '\t' -v r=$round -v arm=$arm -v own="$own" '$2 == arm && $3 == r &&
            sprintf("%.4f", $10) == own { found = 1 } END { exit !found }' held/rounds.tsv ||
            fail "$arm's $own: $(cat held/rounds.tsv)"
    done
done
[ "$(cut -f 2,10 held/rounds.tsv | grep -c '^active.-$')" = 3 ] || fail "$(cat held/rounds.tsv)"
[ "$(sed -n '/^agreement on held-out answers, %$/,$p' table | grep -c '^ *[012] .* mixed ')" = 6 ] ||
    fail "agreement of two arms: $(cat table)"
grep -q -- '--mixup 0.2' held/mixed/seed-1/train.options || fail "the training"
! grep -q -- '--mixup' held/held/seed-1/train.options || fail "a plain training"
"${held[@]}" HOLDOUT=0 >table
! grep -q 'held-out' table || fail "held out once: $(cat table)"

# Stopped, with all its runs, while the teacher answers, and the same again: nothing is
# asked twice.
rm -f log hanging
echo hangs-second >behaviour
setsid "${compare[@]}" --dir stopped random.recipe active.mk >/dev/null 2>stderr &
run=$!
wait_for hanging $run
start=$SECONDS
kill "$run"
wait "$run" 2>/dev/null || true
((SECONDS - start < 40)) || fail "went on for $((SECONDS - start)) seconds when stopped"
grep -q 'stopped; the same command goes on' stderr || fail "stopped: $(cat stderr)"
# What was sent is waited for, and kept.
kill -9 "$(cat hanging)"
for ((t = 0; t < 100; t++)); do
    flock -n "$(ls -d stopped/shared/answers-*.turn)" true && break
    sleep 0.1
done
flock -n "$(ls -d stopped/shared/answers-*.turn)" true || fail "runs go on asking"
[ "$(wc -l <log)" -lt 60 ] || fail "stopped too late: $(wc -l <log)"
echo honest >behaviour
"${compare[@]}" --dir stopped random.recipe active.mk >again
n=$((80 + $(mixes stopped/*/seed-*/round-*/labels.amkd)))
[ "$(wc -l <log)" = $n ] || fail "the teacher was asked $(wc -l <log) times, not $n"
cmp {amkd-compare,stopped}/active/seed-1/round-2/eval.json || fail "figures after a stop"

# One that fails stops no other, and there is no table.
{ echo include common.mk && echo 'TEACHER = exec:exit 3'; } >broken.mk
expect 1 'the same command goes on from here' --dir partly broken.mk active.mk ROUNDS=0
[ ! -s stdout ] || fail "a table of nothing: $(cat stdout)"
[ -e partly/active/seed-1/student.safetensors ] || fail "the other arm"

# Known figures: mean, smallest, largest and deviation, and differences of the same seeds
# at the same number of answers alone.
{
    echo header
    for line in '1 random 0 50 .5 .80 .6' '1 c2 0 50 .5 .83 .7' '2 random 0 50 .5 .82 .5' \
        '2 c2 0 50 .5 .82 .4' '3 random 0 50 .5 .87 -' '1 c2 1 90 .6 .90 -' \
        '1 random 1 70 .6 .88 -'; do
        printf '%s .9 .95 .125 %s\n' "${line% *}" "${line##* }" | tr ' ' '\t'
    done
} >known.tsv
awk -f "$SOURCE/tools/distill-compare.awk" known.tsv | tr -s ' ' >known
for line in ' 0 50 random 3 83.00 80.00 87.00 3.61' ' 0 50 c2 2 82.50 82.00 83.00 0.71' \
    ' 1 90 c2 1 90.00 90.00 90.00 -' ' 0 50 c2 2 1.50 0.00 3.00 2.12' \
    ' 0 50 random 2 55.00 50.00 60.00 7.07' ' 0 50 c2 2 55.00 40.00 70.00 21.21' \
    ' 0 50 c2 2 0.00 -10.00 10.00 14.14'; do
    grep -qxF -- "$line" known || fail "no '$line' in: $(cat known)"
done
[ "$(grep -oE '^ 1 (70 random|90 c2)' known | head -1)" = ' 1 70 random' ] ||
    fail "in the order of answers: $(cat known)"
[ "$(grep -c ' 1 90 c2 ' known)" = 1 ] || fail "compared at other answers: $(cat known)"
grep -q 'accuracy 0.9000, mean top probability 0.9500, exactly 1 on 12.5 %' known ||
    fail "the teacher: $(cat known)"
[ "$(grep -c random known)" = 5 ] || fail "random beside itself: $(cat known)"
