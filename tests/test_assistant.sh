#!/usr/bin/env bash
# amkd-distill with views and an assistant: pools of views, sampled by the assistant's scores;
# an assistant that learns from the answers, and a student that learns from the assistant.
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

amkd-import -q --unlabeled --sample 100 --seed 1 -o real.amkd $data/train-images-idx3-ubyte.gz
amkd-import -q --limit 2000 -o train.amkd $data/train-images-idx3-ubyte.gz
amkd-train -q -a mlp --steps 60 -o teacher.safetensors train.amkd
cat >recipe.mk <<'END'
IMAGES = real.amkd
TEACHER = model:teacher.safetensors
BUDGET = 300
ROUNDS = 2
VIEWS = 6
POOL = 2000
NOISE = 0.5
ARCH = mlp
STEPS = 40
ASSISTANT = lenet5-half
ASSISTANT_STEPS = 60
DIR = run
END
rows() { # FILE
    amkd-cat --check "$1" | grep -oE '[0-9]+ rows' | cut -d' ' -f1
}
amkd-distill -q recipe.mk
[ "$(rows run/views.amkd)" = 600 ] || fail "views: $(rows run/views.amkd)"
amkd-cat --header run/round-1/picks.amkd >header
grep -q '"--noise=0.5"' header || fail "the picks are no sample: $(cat header)"
# Views are 0 to 599: picks of the real images alone would end at 99.
[ "$(amkd-cat -N --field j run/round-1/labels.amkd | sort -n | tail -n 1)" -gt 100 ] ||
    fail "the pool is not of views"
for round in 0 1 2; do
    grep -q 'conv 3 k5' run/round-$round/assistant.safetensors || fail "the assistant"
done
[ -z "$(ls run/round-[01]/student.safetensors 2>/dev/null)" ] || fail "students of no use"
grep -q 'fc 256' run/student.safetensors || fail "the student"
amkd-train -q -a mlp --steps 40 --lr 0.003 -T 4 --seed 1 --assistant \
    run/round-2/assistant.safetensors --augment '--shift 0.05 --rotate 7 --scale 0.09 --shear 0.07
    --contrast 0.2' --views 600 -o again.safetensors run/images.amkd
cmp <(tail -c 4000 again.safetensors) <(tail -c 4000 run/student.safetensors) ||
    fail "the student is not of the last assistant"

# What the assistant is changes no answer that was bought before it scored.
cp run/round-0/labels.amkd before.amkd
amkd-distill -q recipe.mk ASSISTANT_STEPS=50
cmp before.amkd run/round-0/labels.amkd || fail "answers were bought again"

# Of what was bought, the mixes of views are picked among.
amkd-distill -q --dir replayed recipe.mk 'TEACHER=replay:run/*/labels.amkd' POOL=bought \
    BUDGET=180 ROUNDS=2
for round in 1 2; do
    amkd-cat -N replayed/round-$round/labels.amkd
done | sort >picked
for round in 1 2; do
    amkd-cat -N run/round-$round/labels.amkd
done | sort | comm -13 - picked >new
[ "$(wc -l <picked)" = 80 ] && [ "$(uniq picked | wc -l)" = 80 ] && [ ! -s new ] ||
    fail "picks of what was bought: $(wc -l <picked), $(head -n 3 new)"

# Compared, both networks of round 0 are trained once for all.
cp recipe.mk other.mk
amkd-distill compare -q --dir both recipe.mk other.mk NOISE=0 STUDENTS=each TEST=train.amkd \
    >/dev/null
cmp both/{recipe,other}/seed-1/round-0/student.safetensors
[ "$(find both/shared/networks -name '*.safetensors' | wc -l)" = 2 ] ||
    fail "networks of round 0: $(ls both/shared/networks)"

# Both are trained the same way, and with a stop rule the student of every round is measured
# by the answers that its assistant does not learn from.
amkd-distill -n recipe.mk HOLDOUT=0.2 MIXUP=0.2 TARGET=0.99 >plan
[ "$(grep -c '^amkd-train .* --mixup 0.2 ' plan)" = 6 ] || fail "$(cat plan)"
for round in 0 1 2; do
    grep -q "^amkd-eval .*-s run/round-$round/student.* run/held-out/labels" \
        plan || fail "held out of round $round: $(cat plan)"
done

# Images as they are, which the teacher is asked about unmixed.
amkd-distill -q --dir single recipe.mk ASK=views POOL=all ASSISTANT=
[ "$(amkd-cat -N --field i --field j single/round-1/picks.amkd |
    awk '$1 != $2' | wc -l)" = 0 ] || fail "pairs in a pool of single images"
got=0
amkd-distill -n recipe.mk ASK=views MAX_PER_IMAGE=1 BUDGET=400 ROUNDS=1 2>stderr >plan || got=$?
[ $got = 2 ] && grep -q 'lets a round pick 100 of 100 images' stderr ||
    fail "the limit of single images: $got, $(cat stderr)"
got=0
amkd-distill -n recipe.mk ASK=views VIEWS=0 2>stderr >plan || got=$?
[ $got = 2 ] && grep -q "ASK 'views' needs VIEWS" stderr || fail "no views: $got, $(cat stderr)"
