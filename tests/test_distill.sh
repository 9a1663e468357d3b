#!/usr/bin/env bash
# amkd-distill: the plan, a run, the same run in shards, one killed in the middle, changed
# parameters, and misuse.
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
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"

# expect STATUS TEXT ARGUMENT...: amkd-distill exits with STATUS and says TEXT.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    amkd-distill "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
}

amkd-import -q --unlabeled --sample 200 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
amkd-import -q --limit 300 -o test.amkd $data/t10k-images-idx3-ubyte.gz
amkd-import -q --limit 2000 -o train.amkd $data/train-images-idx3-ubyte.gz
amkd-train -q -a mlp --steps 60 -o teacher.safetensors train.amkd
cat >recipe.mk <<'END'
IMAGES = real.amkd
TEACHER = model:teacher.safetensors
BUDGET = 401
TEST = test.amkd
ROUNDS = 2
POOL = 5000
ARCH = mlp
ASSISTANT =
VIEWS = 0
NOISE = 0
LAMBDA = $(if $(filter random,$(BY)),0.5,0.30:0.70:11)
TEMPERATURE = 1
STEPS = 60 # a comment
END

# What is done unless told, of few images: all of them, then pairs of views, sampled by their
# scores, and an assistant that scores and then teaches. Of more images there are fewer views.
amkd-distill -n IMAGES=real.amkd TEACHER=model:teacher.safetensors BUDGET=1000 >plan
grep -q '^amkd-augment -V 30 ' plan || fail "views: $(cat plan)"
! grep '^amkd-train' plan | grep -qv -- '--weight-decay 0.01 ' || fail "decay: $(cat plan)"
sed 's/.*| //' plan >scores
amkd-distill -n IMAGES=real.amkd TEACHER=model:teacher.safetensors BUDGET=1000 OPTIMIZER=sgd >plan.sgd
! grep '^amkd-train' plan.sgd | grep -qv -- '--weight-decay 0 ' || fail "decay: $(cat plan.sgd)"
amkd-distill -n IMAGES=real.amkd TEACHER=model:teacher.safetensors BUDGET=1000 OPTIMIZER=sgd \
    MOMENTUM=0.5 WARM_START=1 ASSISTANT_VIEWS=7 >plan.sgd
! grep '^amkd-train' plan.sgd | grep -qv -- '--momentum 0.5 ' || fail "momentum: $(cat plan.sgd)"
grep -q '^amkd-train .* -i amkd-run/round-3/assistant.safetensors' plan.sgd ||
    fail "a warm start: $(cat plan.sgd)"
grep -q '^amkd-train .*--views 7 --assistant ' plan.sgd || fail "seven views: $(cat plan.sgd)"
rm plan.sgd
expect 2 "WARM_START '2': expected 0 or 1" recipe.mk WARM_START=2
[ "$(grep -c '^amkd-score -s .*/assistant.safetensors --by c2 .*--noise 1 ' scores)" = 4 ] ||
    fail "scores: $(cat scores)"
[ "$(grep -c '^amkd-train -a .conv 16 ' plan)" = 5 ] || fail "assistants: $(cat plan)"
[ "$(grep -c '^amkd-train .*--assistant amkd-run/round-4/a.* amkd-run/images.amkd' plan)" = 1 ] ||
    fail "one student: $(cat plan)"
amkd-import -q --unlabeled --limit 5000 -o many.amkd $data/train-images-idx3-ubyte.gz
amkd-distill -n IMAGES=many.amkd TEACHER=model:teacher.safetensors BUDGET=6000 >plan
grep -q '^amkd-augment -V 12 ' plan || fail "views of many: $(cat plan)"

# Assistants that follow each other, where a student is taught; what is answered, in views.
many=(IMAGES=many.amkd TEACHER=model:teacher.safetensors BUDGET=400 ASSISTANT=lenet5)
amkd-distill -n "${many[@]}" GENERATIONS=3 ANSWER_VIEW_OPTIONS='--only --crop 2' >plan
[ "$(grep -c -- "-a 'lenet5' --steps [18]00*0 .*--augment '--only --crop 2' --augment-answers" plan)" = 4 ] ||
    fail "views of answers: $(cat plan)"
for g in 1 2; do
    grep -q "^amkd-query -t 'model:amkd-run/round-3/assistant-$g.safetensors' .*images.amkd" plan ||
        fail "opinions $g: $(cat plan)"
    grep -q -- "--steps 30000 .* -T 1 --seed 1 --augment '--shift .*' --augment-answers .*/opinions-$g.amkd .*/round-0/l.*/round-3/l" plan ||
        fail "generation $g: $(cat plan)"
done
# Two of them where images are left to ask about, unless there can be none.
for without in '' ASSISTANT= ASSISTANT_VIEW_OPTIONS=none GENERATIONS=1 BUDGET=9000; do
    amkd-distill -n "${many[@]}" $without >plan.default
    [ "$(grep -c '^amkd-query -t .model:.*assistant-1.safetensors' plan.default)" = $((!${#without})) ] ||
        fail "generations with '$without': $(cat plan.default)"
done
rm plan.default
POCL_DEVICES="pthread pthread" amkd-distill -n "${many[@]}" GENERATIONS=2 DEVICE=0,1 >plan.two
grep -q "^amkd-query -t 'model:.*' --batch 256 -d '0,1' -o .*/opinions-1.amkd amkd-run/images.amkd" plan.two ||
    fail "opinions by two devices: $(cat plan.two)"
rm plan.two
grep -q -- '--assistant amkd-run/round-3/assistant.safetensors' plan || fail "who teaches: $(cat plan)"
amkd-distill -n "${many[@]}" GENERATIONS=3 GENERATION_TEMPERATURE=2.5 >plan
[ "$(grep -c -- ' -T 2.5 .*/opinions-' plan)" = 2 ] || fail "their temperature: $(cat plan)"
amkd-distill -n "${many[@]}" GENERATIONS=2 STUDENTS=each WARM_START=1 >plan
grep -q -- '-i amkd-run/round-2/assistant-1.safetensors .*-o amkd-run/round-3/assistant-1.s' plan ||
    fail "a warm start of generations: $(cat plan)"
amkd-distill -n "${many[@]}" MIN_TOP=0.6 >plan
[ "$(grep -c -- '--min-top 0.6 --assistant' plan)" = 1 ] || fail "MIN_TOP: $(cat plan)"
! amkd-distill -n "${many[@]}" MIN_TOP=2 2>stderr || fail "MIN_TOP 2"
grep -q "^amkd-distill: MIN_TOP '2': " stderr || fail "MIN_TOP 2: $(cat stderr)"
for wrong in ANSWER_VIEW_OPTIONS='--border mean' ASSISTANT_VIEW_OPTIONS='--around=mean'; do
    ! amkd-distill -n "${many[@]}" ASK=mixes GENERATIONS=2 "$wrong" 2>stderr || fail "$wrong"
    grep -q "^amkd-distill: ${wrong%%=*} .*not seen in views with a mean" stderr ||
        fail "$wrong: $(cat stderr)"
done
for wrong in MIN_TOP=0.6 GENERATIONS=2; do
    ! amkd-distill -n "${many[@]}" ASSISTANT= $wrong 2>stderr || fail "no assistant, $wrong"
    grep -q "^amkd-distill: ${wrong/=/ }: there is no assistant" stderr ||
        fail "no assistant, $wrong: $(cat stderr)"
done
! amkd-distill -n "${many[@]}" GENERATIONS=2 ASSISTANT_VIEW_OPTIONS=none 2>stderr || fail "no views"
grep -q '^amkd-distill: GENERATIONS 2 needs views' stderr || fail "no views: $(cat stderr)"
rm plan stderr

# Of many images: some of them, then those that the assistant is least sure of; all teach.
amkd-distill -n IMAGES=many.amkd TEACHER=model:teacher.safetensors BUDGET=400 >plan
! grep -q '^amkd-augment' plan || fail "views: $(cat plan)"
grep -q -- '--single .*--by random .* -k 100 -o amkd-run/round-0/picks.amkd' plan ||
    fail "round 0: $(cat plan)"
[ "$(grep -c -- '--single .*/assistant.safetensors --by margin -k 100 --exclude' plan)" = 3 ] ||
    fail "rounds of images: $(cat plan)"
[ "$(grep -c '^amkd-train .*--assistant amkd-run/round-3/a.* amkd-run/images.amkd' plan)" = 1 ] ||
    fail "one student: $(cat plan)"
# Who is not the assistant scores in each round, and is there in each.
amkd-distill -n IMAGES=many.amkd TEACHER=model:teacher.safetensors BUDGET=400 SCORER=student >plan
[ "$(grep -c '^amkd-train .*--assistant ' plan)" = 4 ] || fail "four students: $(cat plan)"
[ "$(grep -c -- '-s amkd-run/round-./student.safetensors --by margin' plan)" = 3 ] ||
    fail "scored by students: $(cat plan)"

# By C1 a pair may be asked about at each lambda: rounds may pick more than there are pairs.
amkd-import -q --unlabeled --limit 10 -o ten.amkd $data/train-images-idx3-ubyte.gz
amkd-distill -n recipe.mk IMAGES=ten.amkd BY=c1 BUDGET=70 >plan || fail "60 mixes of 45 pairs"

# Misuse names the parameter and touches nothing.
expect 2 'IMAGES is not set'
expect 2 'TEACHER is not set' IMAGES=real.amkd BUDGET=400
expect 2 'BUDGET is not set' IMAGES=real.amkd TEACHER=exec:true
expect 2 "no parameter 'STEP'" recipe.mk STEP=60
expect 2 "STEPS 'many'" recipe.mk STEPS=many
expect 2 "MIXUP '-1'" recipe.mk MIXUP=-1
expect 2 "BY 'chance'" recipe.mk BY=chance
expect 2 "TEACHER 'teacher.safetensors'" recipe.mk TEACHER=teacher.safetensors
expect 2 'leaves 1 answers' recipe.mk BUDGET=201
expect 2 'MAX_PER_IMAGE 1 lets a round pick 100 of 200 images' recipe.mk MAX_PER_IMAGE=1
expect 2 'to pick 60 of 45 mixes that there are' recipe.mk IMAGES=ten.amkd BUDGET=70
expect 2 'to pick 450 of 400 views that there are' recipe.mk ASK=views VIEWS=2 BUDGET=650
expect 2 "RANDOM_SHARE '2'" recipe.mk RANDOM_SHARE=2
expect 2 "RANDOM_SHARE '.5': --random-share needs" recipe.mk RANDOM_SHARE=.5 BY=random
expect 2 '--noise is for --by c2' recipe.mk NOISE=1 BY=margin
expect 2 "DIVERSE '1'" recipe.mk DIVERSE=1
expect 2 "DIVERSE 'x'" recipe.mk DIVERSE=x
expect 2 'spaces' --dir 'a run' recipe.mk
expect 2 'a comma or an equals sign' --dir a,run recipe.mk
expect 2 'a comma or an equals sign' --dir a=run recipe.mk
expect 2 'unrecognized option' --frobnicate
expect 2 "--jobs '0'" --jobs 0 recipe.mk
expect 1 "'none.mk': cannot be read" none.mk
expect 1 "'none.amkd': cannot be read" recipe.mk IMAGES=none.amkd
expect 1 'has no labels' recipe.mk TEST=real.amkd
[ ! -e amkd-run ] || fail "misuse made files"
mkdir without
for tool in bash dirname readlink getopt cat; do ln -s "$(command -v $tool)" without; done
distill=$(command -v amkd-distill)
! PATH=$dir/without "$distill" recipe.mk 2>stderr || fail "no make"
grep -q 'make is not installed' stderr || fail "without make: $(cat stderr)"

# The plan shows every step and does none.
amkd-distill -n recipe.mk >plan
[ ! -e amkd-run ] || fail "the plan made files"
[ "$(grep -c '^amkd-train ' plan)" = 3 ] || fail "three trainings in the plan"
[ "$(grep -c '^amkd-query .*round' plan)" = 3 ] || fail "three queries in the plan"
amkd-distill -n -j 2 recipe.mk >plan-2
grep -q -- '--shard 1/2 .*of2.amkd$' plan-2 || fail "the second shard"
grep -q -- '-k 101 .*--exclude amkd-run/round-1/labels.amkd' plan || fail "the last round"

# Ways to select reach amkd-score; diverse picks are of one part.
amkd-distill -n -j 2 recipe.mk MAX_PER_IMAGE=80 RANDOM_SHARE=0.2 >plan-share
[ "$(grep -c -- ' --max-per-image 80 .*--random-share 0.2 --seed 100[12] ' plan-share)" = 4 ] ||
    fail "an image and a share: $(grep amkd-score plan-share)"
amkd-distill -n -j 2 recipe.mk DIVERSE=4 >plan-diverse
[ "$(grep -c -- ' --diverse 4 .*/picks.amkd$' plan-diverse)" = 2 ] ||
    fail "diverse picks: $(grep amkd-score plan-diverse)"
amkd-distill -n recipe.mk DIVERSE=0.0 | cmp - plan || fail "DIVERSE=0.0 is none"

# The run: as many answers as the budget says, a line a round; run again it has no work.
mkdir one two
for run in one two; do
    cp real.amkd test.amkd teacher.safetensors recipe.mk $run
done
(cd one && amkd-distill -q recipe.mk >table)
[ "$(grep -cE '^ +[0-9]+ +[0-9]+ +0\.[0-9]{4} +[0-9.]+ % ' one/table)" = 3 ] ||
    fail "three lines: $(cat one/table)"
grep -q '^ *2 *401 ' one/table || fail "401 answers: $(cat one/table)"
grep -q '^teacher: test accuracy 0' one/table || fail "the teacher's line"
cd one
amkd-cat --check amkd-run/*.amkd amkd-run/*/*.amkd >/dev/null
[ -s amkd-run/round-2/picks.png ] || fail "a contact sheet"
touch real.amkd
nothing_to_do amkd-distill -n -j 3 recipe.mk SHARDS=2 DEVICE=0 TIMEOUT=9 ||
    fail "where it runs is no reason to redo it"

# In shards, side by side: the same bytes.
(cd ../two && amkd-distill -q -j 2 recipe.mk >table)
for file in round-1/picks.amkd round-2/picks.amkd student.safetensors; do
    cmp amkd-run/$file ../two/amkd-run/$file || fail "$file in two shards"
done

# A changed parameter redoes what depends on it.
amkd-distill -n recipe.mk LAMBDA=0.5 >plan
[ "$(head -1 plan | cut -d' ' -f1)" = amkd-pool ] || fail "LAMBDA: $(head -1 plan)"
amkd-distill -n recipe.mk STEPS=61 >plan
[ "$(head -1 plan | cut -d' ' -f1)" = amkd-train ] || fail "STEPS: $(head -1 plan)"
! grep -q 'amkd-query.*\(round-0\|test\)' plan || fail "STEPS buys answers again"
cp amkd-run/round-0/labels.amkd before.amkd
cp amkd-run/round-1/labels.amkd before-1.amkd
amkd-distill recipe.mk STEPS=61 >/dev/null 2>said
grep -q 'round-1/labels.amkd answers other questions: kept as spare-' said ||
    fail "no word on answers set aside: $(cat said)"
cmp before.amkd amkd-run/round-0/labels.amkd
cmp before-1.amkd amkd-run/round-1/spare-*.amkd || fail "answers set aside"
nothing_to_do amkd-distill -n recipe.mk STEPS=61 || fail "STEPS is done"

# A checkpoint is used if it is younger than what the training depends on, or the scoring.
[ -z "$(find amkd-run -name '*.checkpoint')" ] || fail "a checkpoint of what is done"
cp -p amkd-run/round-2/picks.amkd kept.amkd
rm amkd-run/round-2/picks.amkd
touch amkd-run/round-2/picks.checkpoint
amkd-distill -n recipe.mk STEPS=61 >plan
grep -q '^amkd-pool .* --resume amkd-run/round-2/picks.checkpoint -o' plan ||
    fail "a young checkpoint of a scoring: $(cat plan)"
touch -d '1 hour ago' amkd-run/round-2/picks.checkpoint
amkd-distill -n recipe.mk STEPS=61 >plan
grep -q ' --checkpoint amkd-run/round-2/picks.checkpoint -o' plan || fail "none: $(cat plan)"
! grep -q -- '--resume' plan || fail "an old checkpoint of a scoring"
rm amkd-run/round-2/picks.checkpoint
mv kept.amkd amkd-run/round-2/picks.amkd
rm amkd-run/round-2/student.safetensors
touch amkd-run/round-2/student.checkpoint
amkd-distill -n recipe.mk STEPS=61 >plan
grep -q -- '--resume amkd-run/round-2' plan || fail "a young checkpoint"
touch -d '1 hour ago' amkd-run/round-2/student.checkpoint
amkd-distill -n recipe.mk STEPS=61 >plan
! grep -q -- '--resume' plan || fail "an old checkpoint"
cd ..

# Whether the student has an assistant is a part of how it is trained.
cp -r one three
alone=(recipe.mk STEPS=5 ROUNDS=0 BUDGET=200)
(cd three && amkd-distill -q "${alone[@]}" ASSISTANT=mlp ASSISTANT_STEPS=5 \
    >/dev/null)
(cd three && amkd-distill -n "${alone[@]}") >plan
grep -q '^amkd-train' plan || fail "without the assistant there is nothing to do"

# Ended by a signal, it ends all that it began.
args=(recipe.mk --dir ended TEST= "TEACHER=exec:perl teacher.pl \$(cat behaviour) log"
    TEACHER_BATCH=64)
echo hangs-second >behaviour
amkd-distill -q "${args[@]}" >/dev/null 2>said &
run=$!
wait_for hanging $run
kill -TERM $run
got=0
wait $run || got=$?
[ $got = 1 ] && grep -q 'goes on from here' said || fail "SIGTERM: $got, $(cat said)"
kill -9 "$(cat hanging)" # it hangs, so it does not see that nobody asks any more
flock -w 20 ended/.lock true || fail "something goes on after SIGTERM"
[ ! -e ended/round-0/labels.amkd ] && [ "$(wc -l <log)" = 64 ] || fail "it went on asking"
rm -f hanging log

# Killed while the teacher answers, it goes on and buys no answer twice.
args=(recipe.mk TEST= "TEACHER=exec:perl teacher.pl \$(cat behaviour) log" TEACHER_BATCH=64)
echo hangs-second >behaviour
setsid amkd-distill -q "${args[@]}" >/dev/null 2>&1 &
wait_for hanging $!
kill -9 -- "-$!" "$(cat hanging)"
wait "$!" 2>/dev/null || true
[ "$(wc -l <log)" = 64 ] || fail "64 answers before the kill"
echo honest >behaviour
touch amkd-run/.images.amkd.0123456789abcdef.tmp
amkd-distill -q "${args[@]}" >table
[ "$(wc -l <log)" = 401 ] || fail "$(wc -l <log) questions for 401 answers"
[ -z "$(find amkd-run -name '*.tmp')" ] || fail "what the killed run was writing"
grep -q '^ *2 *401 ' table || fail "401 answers: $(cat table)"

# A server as the teacher: the same picks, and a journal that holds the budget.
amkd-serve --port 0 --port-file port teacher.safetensors >url 2>serve.log &
server=$!
wait_for url $server
served=(recipe.mk "TEACHER=$(cat url)" --dir served)
amkd-distill -n "${served[@]}" >plan
grep -q -- '--budget 401 --journal served/journal' plan || fail "the plan: $(cat plan)"
amkd-distill -q "${served[@]}" >table || fail "a server: $(cat table)"
for file in round-2/picks.amkd round-2/labels.amkd; do
    cmp <(amkd-cat served/$file) <(amkd-cat two/amkd-run/$file) || fail "other $file"
done
[ "$(amkd-cat served/journal/sent.amkd | wc -l)" = 402 ] || fail "401 images sent"
kill $server
wait $server || fail "amkd-serve: $(cat serve.log)"

# A failing step is named, and its message is the tool's.
expect 1 "exited with status 7" "${args[@]}" TEACHER='exec:perl teacher.pl dies' --dir failed
expect 1 'the same command goes on from here' "${args[@]}" --dir failed \
    TEACHER='exec:perl teacher.pl dies'
