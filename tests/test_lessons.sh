#!/usr/bin/env bash
# amkd-train --assistant on the command line: images teach through a trained network.
set -euo pipefail
source "$SOURCE/tests/command.sh"

# N images of 8 x 8 in 3 classes, told by which row is bright: unlabeled and labeled.
make_set() { # N FILE SEED
    { printf '\0\0\x8\x3\0\0\0'; printf "\\x$(printf %x "$1")"; printf '\0\0\0\x8\0\0\0\x8'
      LC_ALL=C awk -v n="$1" -v seed="$3" 'BEGIN { srand(seed); for (i = 0; i < n; i++)
          for (p = 0; p < 64; p++)
              printf "%c", 1 + int(90 * rand()) + (int(p / 8) == 2 * (i % 3) + 1) * 120 }'
    } >"$2-images-idx3-ubyte"
    { printf '\0\0\x8\x1\0\0\0'; printf "\\x$(printf %x "$1")"
      LC_ALL=C awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "%d", i % 3 }' |
          tr 012 '\0\1\2'; } >"$2-labels-idx1-ubyte"
    amkd-import -q --unlabeled -o "$2.amkd" "$2-images-idx3-ubyte"
    amkd-import -q --class-names top,middle,bottom -o "$2-labeled.amkd" \
        "$2-images-idx3-ubyte"
}
make_set 90 few 1
make_set 120 many 2
make_set 60 more 3
amkd-train -q -a "conv 8 k3 | relu | maxpool 2 | fc classes" --steps 200 --lr 0.01 \
    -o assistant few-labeled.amkd

# A student that never saw a label agrees with its assistant, with views and mixes too.
arch="conv 4 k3 | relu | maxpool 2 | fc classes"
views="--shift 0.1 --rotate 5 --flip 0.5"
agreement() { amkd-eval -q --json -s "$1" -t model:assistant few-labeled.amkd | grep -m1 '"agreement":'; }
train() { amkd-train -q -a "$arch" --assistant assistant --steps 200 --lr 0.01 "$@"; }
train -o plain many.amkd more.amkd
train -T 4 --augment "$views" --mixup 0.4 --min-top 0.6 -o views many.amkd more.amkd
for student in plain views; do
    agreement $student | grep -qE '(1\.0|0\.9[0-9]*)' || fail "$student: $(agreement $student)"
done
grep -aq '"amkd.classes":"\[\\"top\\",\\"middle\\",\\"bottom\\"\]"' views || fail "class names"
tr -d '\\' <views >said
grep -aqF '"--assistant=assistant"' said || fail "the assistant in the command"
grep -aqF "\"--augment=$views\"" said || fail "the views in the command"
[ "$(grep -ao '"tool":"amkd-[a-z]*"' said | sort | uniq -c | tr -s ' \n' ' ')" = \
    ' 3 "tool":"amkd-import" 2 "tool":"amkd-train" ' ] ||
    fail "origin: $(grep -ao '"tool":"amkd-[a-z]*"' said)"

# Labels do not count; "none" is no view; by pipe it is the same.
weights() { tail -c 300 "$1"; }
train -o labeled many-labeled.amkd more-labeled.amkd
train --augment none -o none many.amkd more.amkd
train -o piped - more.amkd <many.amkd
for student in labeled none piped; do
    cmp <(weights plain) <(weights $student) || fail "$student"
done
train --augment "$views" -o labeled many-labeled.amkd more-labeled.amkd
! cmp -s <(weights plain) <(weights labeled) || fail "--augment does nothing"

# Stopped and resumed, with progress; --val and --init.
long() { train --steps 300 "$@"; }
long --augment "$views" --checkpoint state --checkpoint-seconds 0 -o through many.amkd
long --augment "$views" --resume state -o resumed many.amkd
cmp through resumed || fail "resumed"
expect 1 "another training" long --augment "--shift 0.1" --resume state -o out many.amkd
train -v --min-top 0.9 --init plain --val few-labeled.amkd -o second many.amkd 2>stderr
grep -qE 'step 200 of 200, .* taught [01]\.[0-9]+, val (1\.0000|0\.9)' stderr || fail "$(cat stderr)"

# Labeled images are seen in views as well, a teacher's answers are not.
amkd-query -q -t model:assistant -o answers.amkd few.amkd
amkd-train -q --augment "$views" --steps 5 -a mlp -o own few-labeled.amkd
truth="holds a teacher's answers, and each is true only of the image that was asked about"
expect 1 "'answers.amkd' $truth" amkd-train -q --augment "$views" -o out answers.amkd
expect 1 "'answers.amkd' $truth" amkd-train --check --augment "$views" answers.amkd

# Unless these are asked for by name; mixes are mixed before they are seen in views.
amkd-train -q --augment "$views" --augment-answers --steps 40 -a mlp -o viewed answers.amkd
amkd-train -q --steps 40 -a mlp -o as-they-are answers.amkd
! cmp -s <(weights viewed) <(weights as-they-are) || fail "--augment-answers does nothing"
amkd-train -q --check -a mlp --augment "$views" --augment-answers answers.amkd
amkd-pool -q -n 20 --seed 1 few.amkd | amkd-score -q --by random -k 9 -o picks.amkd -
amkd-query -q -t model:assistant -o mixes.amkd picks.amkd
amkd-train -q --augment "$views" --augment-answers --steps 40 -a mlp -o mixed answers.amkd mixes.amkd
amkd-train -q --augment "$views" --augment-answers --steps 40 -a mlp -o singly answers.amkd
! cmp -s <(weights mixed) <(weights singly) || fail "views of mixes teach nothing"
expect 1 "'mixes.amkd': row 0 is an answer about a mix of two images, whose views know no" \
    amkd-train -q -a mlp --augment "--around mean" --augment-answers -o out mixes.amkd
expect 2 "--augment-answers needs --augment" amkd-train --augment-answers -o out answers.amkd
expect 2 "--augment-answers is for answers" \
    train --augment "$views" --augment-answers -o out many.amkd

# What cannot be: said before any work, by --check too.
make_large() { printf '\0\0\x8\x3\0\0\0\1\0\0\0\x9\0\0\0\x8'; head -c 72 <(seq 100); }
make_large >large-images-idx3-ubyte
amkd-import -q --unlabeled -o large.amkd large-images-idx3-ubyte
for check in --check -q; do
    wrong() { expect 1 "$1" amkd-train -q $check -a "$arch" -o out --assistant "${@:2}"; }
    wrong "1x9x8" assistant large.amkd
    wrong "'few.amkd'" few.amkd many.amkd
    wrong "expected images" assistant answers.amkd
    wrong "3" assistant -a "fc 4" many.amkd
done
expect 1 "'nobody'" train --assistant nobody -o out many.amkd
amkd-train -q --check -a "$arch" --assistant nobody many.amkd nowhere.amkd
expect 1 "taught nothing" train --min-top 1 --augment "$views" -o out many.amkd
expect 2 "--holdout is for answers" train --holdout 0.1 -o out many.amkd
expect 2 "--images is for labels" train --images few.amkd -o out many.amkd
expect 2 "--min-top needs --assistant" amkd-train --min-top 0.5 -o out few-labeled.amkd
expect 2 "'--augment': option '--shift': 2 is outside [0, 1]" train --augment "--shift 2" -o out many.amkd
expect 2 "'--augment': unknown option '--views'" train --augment "--views 2" -o out many.amkd
expect 2 "'--augment': unexpected argument 'x'" train --augment x -o out many.amkd
expect 2 "'--augment': option '--border': 'x'" train --augment "--border x" -o out many.amkd
