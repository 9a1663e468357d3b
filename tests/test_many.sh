#!/usr/bin/env bash
# amkd-distill with more images than answers: whom the teacher is asked about, who scores, who
# teaches; a run of rounds that differ in kind; and images that are copies of each other.
set -euo pipefail
. "$SOURCE/tests/plans.sh"
. "$SOURCE/tests/command.sh"
cp "$SOURCE/tests/teacher.pl" .

# images N NAME [SAME [FIRST]]: N unlabeled images of 12 x 12, of which all behind SAME are
# copies; sets of other FIRST have other images.
images() {
    perl -e 'my ($n, $same, $first) = @ARGV; print pack("N4", 0x803, $n, 12, 12),
        map { my $i = $first + ($_ < $same ? $_ : $same - 1);
            srand $i; map { chr int rand 256 } 1 .. 144 } 0 .. $n - 1' \
        "$1" "${3:-$1}" "${4:-0}" >"$2-images-idx3-ubyte"
    amkd-import -q --unlabeled -o "$2.amkd" "$2-images-idx3-ubyte"
}

images 200 many
images 60 test 60 1000
perl -e 'print pack("NN", 0x801, 60), map { chr($_ % 3) } 1 .. 60' >test-labels-idx1-ubyte
amkd-import -q -o test.amkd test-images-idx3-ubyte
loop=(IMAGES=many.amkd "TEACHER=exec:perl teacher.pl honest log" BUDGET=60 ARCH=mlp STEPS=30
    'ASSISTANT=conv 4 k3 | relu | maxpool 2 | fc classes' ASSISTANT_STEPS=50 TEST=test.amkd)

# A quarter is drawn, the rest the assistant is least sure of; each image is asked about once.
amkd-distill -q "${loop[@]}" >table
[ "$(wc -l <log)" = $((60 + 60)) ] || fail "$(wc -l <log) images were asked about"
for round in 0 1 2 3; do
    amkd-cat -N --field i --field j amkd-run/round-$round/labels.amkd
done >asked
[ "$(sort -u asked | wc -l)" = 60 ] && awk '$1 != $2 { exit 1 }' asked || fail "$(cat asked)"
amkd-cat -N --field i amkd-run/round-0/labels.amkd >first
[ "$(wc -l <first)" = 15 ] && [ "$(sort -n first | tail -1)" -gt 50 ] || fail "not at random"
for round in 1 2 3; do
    before=()
    for ((r = 0; r < round; r++)); do before+=(--exclude "amkd-run/round-$r/labels.amkd"); done
    amkd-pool -q --single many.amkd | amkd-score -q --by margin -k 15 "${before[@]}" \
        -s amkd-run/round-$((round - 1))/assistant.safetensors -o picks.amkd
    cmp <(amkd-cat picks.amkd) <(amkd-cat amkd-run/round-$round/picks.amkd) ||
        fail "the picks of round $round"
done
# Assistants are measured in every round, the student in the last.
[ "$(grep -cE '^ +[0-3] +(15|30|45|60) +[0-9.]+ % +- +- ' table)" = 3 ] &&
    grep -qE '^ +3 +60 +[0-9.]+ % +0\.[0-9]{4} +[0-9.]+ % ' table || fail "$(cat table)"
[ "$(ls amkd-run/round-*/student.safetensors)" = amkd-run/round-3/student.safetensors ] ||
    fail "students: $(ls amkd-run/round-*/student.safetensors)"
amkd-distill -n "${loop[@]}" --dir long ASSISTANT_STEPS=8000 BUDGET=180 FIRST=20 ROUNDS=1 >plan
[ "$(grep -o -- '--steps [0-9]*' plan | tr -d '\n')" = '--steps 1000--steps 8000--steps 30--steps 30' ] ||
    fail "steps of assistants: $(cat plan)"
[ -z "$(amkd-distill -n "${loop[@]}" 2>said)" ] || fail "there is more to do"
[ "$(cat said)" = "amkd-distill: 200 images, 60 answers: 15 about images drawn at random, the \
rest in 3 rounds about images; 2 assistants, each but the first taught by the one before, too" ] ||
    fail "$(cat said)"

# More of the same budget: what was bought stays bought. Another end asks nothing again.
: >log
amkd-distill -q "${loop[@]}" BUDGET=90 >table
[ "$(wc -l <log)" = 30 ] || fail "$(wc -l <log) images were asked about again"
grep -qE '^ +3 +60 +[0-9.]+ % +- ' table && grep -qE '^ +5 +90 +[0-9.]+ % +0' table ||
    fail "two rounds more: $(cat table)"
expect 2 'nothing was held out of what was bought' amkd-distill "${loop[@]}" BUDGET=90 TARGET=0.9
[ "$(wc -l <log)" = 30 ] || fail "asked for nothing"
# Answers about some are none about all; what is held out stays held out.
few=(amkd-distill -q "${loop[@]}" --dir few TEST= ROUNDS=0)
"${few[@]}" BUDGET=10 FIRST=10 >table
"${few[@]}" BUDGET=200 >table
[ "$(wc -l <log)" = $((30 + 210)) ] || fail "$(wc -l <log) images were asked about"
amkd-cat -N few/round-0/labels.amkd | wc -l | grep -qx 200 || fail "round 0 of all"
nothing_to_do "${few[@]}" -n BUDGET=200 || fail "there is more to do"
held=(amkd-distill -q "${loop[@]}" --dir held TEST= ROUNDS=1)
"${held[@]}" TARGET=0.01 BUDGET=60 >table
: >log
"${held[@]}" BUDGET=60 >table
[ "$(wc -l <log)" = 40 ] || fail "without the target $(wc -l <log) images were asked about"
# Pools of other images are other picks, and what was measured once is not what is.
mixed=(amkd-distill -q "${loop[@]}" --dir mixed BUDGET=30 ROUNDS=1 ASK=mixes POOL=50)
"${mixed[@]}" VIEWS=2 >table
grep -q '%' table || fail "no figures: $(cat table)"
"${mixed[@]}" -n VIEWS=0 >plan
grep -q '^amkd-pool .* mixed/images.amkd' plan || fail "mixes of images: $(cat plan)"
"${mixed[@]}" VIEWS=2 ASSISTANT= TEST= >table
! grep -q '%' table || fail "figures of another run: $(cat table)"

# A teacher of one class is said, once.
amkd-distill --dir one "${loop[@]}" TEST= 'TEACHER=exec:perl teacher.pl one-class log' \
    >table 2>said || fail "one class: $(cat said)"
[ "$(grep -c 'all answers of round 0 name one class' said)" = 1 ] || fail "$(cat said)"

# Copies: said, and too few different images are found before anything is asked.
images 200 copies 50
images 200 same 1
: >log
expect 2 'is to be asked about 60 images, but only 50 of the 200' \
    amkd-distill "${loop[@]}" IMAGES=copies.amkd --dir copies
expect 2 "'same.amkd': all 200 images are the same" \
    amkd-distill "${loop[@]}" IMAGES=same.amkd --dir same
[ ! -s log ] && [ ! -e copies ] && [ ! -e same ] || fail "something was done"
amkd-distill -n "${loop[@]}" IMAGES=copies.amkd BUDGET=40 --dir copies >plan 2>said
grep -qF "note: 150 of the 200 images in 'copies.amkd' are copies" said || fail "$(cat said)"

# Gone or cut between rounds: said, and what is there stays.
mv many.amkd gone.amkd
expect 1 "'many.amkd': cannot be read" amkd-distill "${loop[@]}" BUDGET=90
head -c 3000 gone.amkd >many.amkd
expect 1 "many.amkd" amkd-distill "${loop[@]}" BUDGET=90
[ "$(amkd-cat -N amkd-run/round-3/labels.amkd | wc -l)" = 15 ] || fail "answers are gone"
