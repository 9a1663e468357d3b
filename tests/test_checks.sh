#!/usr/bin/env bash
# amkd-distill asks nothing that a wrong parameter would make useless: the tools look at every
# command first, for a plan and for all arms of a comparison, too.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
cp "$SOURCE/tests/teacher.pl" .

# images N SIDE CLASSES NAME: an image set, labeled unless CLASSES is 0.
images() {
    perl -e 'print pack("N4", 0x803, $ARGV[0], $ARGV[1], $ARGV[1]),
        map { chr(($_ * 7919 + ($_ >> 8)) % 256) } 1 .. $ARGV[0] * $ARGV[1] ** 2' "$1" "$2" \
        >"$4-images-idx3-ubyte"
    [ "$3" = 0 ] || perl -e 'print pack("NN", 0x801, $ARGV[0]),
        map { chr($_ % $ARGV[1]) } 1 .. $ARGV[0]' "$1" "$3" >"$4-labels-idx1-ubyte"
    local unlabeled=--unlabeled
    [ "$3" = 0 ] || unlabeled=
    amkd-import -q ${unlabeled:+"$unlabeled"} -o "$4.amkd" "$4-images-idx3-ubyte"
}

images 12 16 0 real
images 12 16 3 test
images 12 16 4 four
images 12 12 3 small
images 12 4 0 tiny
amkd-train -q -a mlp --steps 1 -o model.safetensors test.amkd
amkd-query -q -t model:model.safetensors -o answers.amkd real.amkd

loop=(IMAGES=real.amkd "TEACHER=exec:perl teacher.pl honest log" TEST=test.amkd BUDGET=20
    ROUNDS=1 POOL=30 VIEWS=2 ARCH=mlp STEPS=3 ASSISTANT_STEPS=3
    'ASSISTANT=conv 2 k3 | relu | fc classes')

# refused STATUS TEXT ARGUMENT...: nothing is asked and no file made.
refused() {
    local status=$1 text=$2
    shift 2
    expect "$status" "$text" amkd-distill "${loop[@]}" "$@"
    [ ! -e log ] || fail "$*: $(wc -l <log) images were asked about"
    [ ! -e amkd-run ] || fail "$*: made files"
}

refused 1 "ARCH 'conv 3 k99 | fc classes': architecture" 'ARCH=conv 3 k99 | fc classes'
refused 2 "ARCH 'lenet6'" -n ARCH=lenet6
refused 2 "ASSISTANT 'fc 3 | tahn'" 'ASSISTANT=fc 3 | tahn'
refused 1 "DEVICE 'no such thing'" DEVICE='no such thing'
refused 1 "DEVICE '0,0'" DEVICE=0,0
refused 2 "VIEW_OPTIONS '--rotate 999'" VIEW_OPTIONS='--rotate 999'
refused 2 "ASSISTANT_VIEW_OPTIONS '--turn 5'" ASSISTANT_VIEW_OPTIONS='--turn 5'
refused 2 "LR '-1': option '--lr'" LR=-1
refused 2 "BATCH '1000000'" BATCH=1000000
refused 2 "STEPS '0'" STEPS=0
refused 2 "ASSISTANT_STEPS 'x'" ASSISTANT_STEPS=x
refused 2 "TEMPERATURE '0'" TEMPERATURE=0
refused 2 "LAMBDA '0:2:5': --lambda: lambda 1.5 is outside" LAMBDA=0:2:5
refused 2 "MIXUP '2000'" MIXUP=2000
refused 2 "OPTIMIZER 'lamb'" OPTIMIZER=lamb
refused 2 "SCHEDULE 'never'" SCHEDULE=never
refused 2 "NOISE '9999999'" NOISE=9999999
refused 2 "WEIGHT_DECAY" WEIGHT_DECAY=1e9
refused 2 "TEACHER_BATCH '0'" TEACHER_BATCH=0
refused 2 "TEACHER_INPUT 'int8'" TEACHER_INPUT=int8
refused 2 "TEACHER_INPUT 'float16'" TEACHER_INPUT=float16
refused 2 "TEACHER_OPTIONS '--labels hard'" TEACHER_OPTIONS='--labels hard'
refused 2 "TEACHER_OPTIONS '--answer p'" TEACHER_OPTIONS='--answer p'
for own in --check -n '--budget=5' '--labels probs --journal x' -ox; do
    refused 2 'is what the loop itself says to amkd-query' TEACHER_OPTIONS="$own"
done
refused 2 "VIEWS '100000000': expected 65535 at most" VIEWS=100000000
refused 1 "'real.amkd' has no labels" TEST=real.amkd
refused 1 "TEST 'small.amkd': 'small.amkd': 1x12x12 images" TEST=small.amkd
refused 1 "a kernel of 5 is larger than its input" ARCH=lenet5 IMAGES=tiny.amkd TEST=

# The number of classes: of a model, of bought answers, of a server.
refused 1 "TEST 'four.amkd': 'four.amkd': 4 classes, expected 3" TEST=four.amkd \
    TEACHER=model:model.safetensors
refused 1 "'four.amkd': 4 classes, expected 3" TEST=four.amkd TEACHER=replay:answers.amkd
refused 1 "7 outputs for 3 classes" TEACHER=model:model.safetensors TEST= 'ARCH=fc 7'
amkd-serve --port 0 --port-file port model.safetensors >url 2>serve.log &
server=$!
wait_for url $server
refused 1 "'four.amkd': 4 classes, expected 3" TEST=four.amkd "TEACHER=$(cat url)"
kill "$server"
wait "$server" || fail "amkd-serve: $(cat serve.log)"

# Of a program by its first answers: neither the test images nor a training come after them.
got=0
amkd-distill -q "${loop[@]}" TEST=four.amkd >stdout 2>stderr || got=$?
[ $got = 1 ] || fail "with test images of four classes: $got"
grep -qF "'four.amkd': 4 classes, expected 3" stderr || fail "no word on it: $(cat stderr)"
[ "$(wc -l <log)" = 12 ] || fail "$(wc -l <log) images were asked about, not the 12 real ones"
[ -z "$(find amkd-run -name '*.safetensors' -o -name '*.checkpoint')" ] || fail "it trained"
# Nor does a round come after what the student cannot learn: 12 answers were paid for.
expect 1 "7 outputs for 3 classes" amkd-distill -q "${loop[@]}" TEST= 'ARCH=fc 7'
[ "$(wc -l <log)" = 12 ] || fail "$(wc -l <log) images were asked about for a wrong ARCH"
amkd-distill -q "${loop[@]}" >stdout || fail "with the right test images"
[ "$(wc -l <log)" = $((20 + 12)) ] || fail "$(wc -l <log) images were asked about, not 32"
rm -r log amkd-run

# Of a comparison every recipe, before the first begins.
printf '%s\n' "${loop[@]}" >good.mk
{ cat good.mk && echo 'LAMBDA = 0:2:5'; } >bad.recipe
expect 2 "LAMBDA '0:2:5'" amkd-distill compare good.mk bad.recipe
[ -z "$(find log amkd-compare 2>/dev/null)" ] || fail "a comparison began"

# Test images among the unlabeled ones are said, once and before anything is asked.
shared="images of TEST 'more.amkd' are among IMAGES 'real.amkd' too"
# warned TIMES COMMAND...: what it says on stderr has the warning so many times.
warned() {
    local times=$1 n
    shift
    case $* in
    *exec:*) "$@" >stdout 2>stderr || true ;; # of a teacher that fails
    *) "$@" >stdout 2>stderr || fail "$*: $(cat stderr)" ;;
    esac
    n=$(grep -cxF "amkd-distill: warning: 12 of the 20 $shared: figures on TEST flatter the student" \
        stderr || true)
    [ "$n" = "$times" ] && [ "$(grep -c 'warning' stderr || true)" = "$times" ] ||
        fail "$*: warned $n times, not $times: $(cat stderr)"
}
images 20 16 3 more
warned 1 amkd-distill -n "${loop[@]}" TEST=more.amkd
warned 1 amkd-distill -n "${loop[@]}" TEST=more.amkd TARGET=0.9
warned 0 amkd-distill -n "${loop[@]}" TEST=
warned 0 amkd-distill -n -q "${loop[@]}" TEST=more.amkd
[ -z "$(find log amkd-run 2>/dev/null)" ] || fail "a plan did something"
warned 1 amkd-distill "${loop[@]}" TEST=more.amkd 'TEACHER=exec:echo asked >&2; false'
sed -n '/asked/q; p' stderr | grep -q 'warning' || fail "asked before it warned: $(cat stderr)"
warned 1 amkd-distill compare -n --seeds 1,2 good.mk TEST=more.amkd
cp good.mk other.mk
warned 1 amkd-distill compare --seeds 1,2 good.mk other.mk TEST=more.amkd 'TEACHER=exec:false'
warned 0 amkd-distill compare -q good.mk TEST=more.amkd 'TEACHER=exec:false'
rm -rf amkd-run amkd-compare

# Alone, --check passes over files that are not there yet, and makes none.
for command in "amkd-augment -V 3 real.amkd" "amkd-augment none" "amkd-pool -n 5 real.amkd" \
    "amkd-score -s none -k 3 none" "amkd-score -s model.safetensors --bought answers.amkd" \
    "amkd-train -a mlp --classes 5 real.amkd" "amkd-train --val test.amkd answers.amkd" \
    "amkd-train --init model.safetensors test.amkd" "amkd-query -t exec:false real.amkd" \
    "amkd-eval -s none test.amkd" "amkd-eval -s model.safetensors --answers none test.amkd"; do
    read -ra words <<<"$command"
    "${words[@]}" --check -o out >stdout 2>stderr </dev/null || fail "$command: $(cat stderr)"
    [ ! -s stderr ] && [ ! -e out ] || fail "$command: $(cat stderr)"
done

# What does not fit into the memory is said by the same words as a training says it, of files
# that are there, whatever is not.
amkd-train -q -a mlp --steps 1 -o with.safetensors test.amkd
for command in "-a mlp test.amkd" "--init with.safetensors test.amkd" \
    "-a mlp --assistant model.safetensors real.amkd" "-a mlp answers.amkd" \
    "-a mlp --val test.amkd --micro-batch 64 -b 99 answers.amkd"; do
    read -ra words <<<"$command"
    for only in "--check" "-q --steps 1 -o out"; do
        read -ra more <<<"$only"
        expect 1 "--memory is 100.00 KiB" amkd-train "${more[@]}" --memory 100K "${words[@]}"
        amkd-train "${more[@]}" --memory 100K "${words[@]}" 2>"said.${more[0]}" || true
    done
    # Labels do not say how many they are.
    [[ $command = *answers* ]] || cmp said.--check said.-q || fail "$command: $(cat said.*)"
    amkd-train --check --memory 100M "${words[@]}" || fail "$command in 100M"
done
expect 1 "--memory is 100.00 KiB" \
    amkd-train --check -a mlp --memory 100K --classes 0 --assistant none real.amkd
amkd-train --check -a mlp --memory 100K none || fail "refused what is not known"

[ "$(amkd-query --check -t replay:answers.amkd real.amkd)" = '3 classes' ] || fail "classes"
while read -r text command; do
    read -ra words <<<"$command"
    expect 1 "${text//_/ }" "${words[@]}" --check -o out
done <<'LIST'
expected_images amkd-augment answers.amkd
cannot_draw_67_pairs amkd-pool -n 67 real.amkd
expected_labels amkd-score -s model.safetensors --bought answers.amkd --exclude small.amkd
the_network_takes_1x16x16 amkd-train --init model.safetensors small.amkd
4_classes,_expected_3 amkd-train --val four.amkd answers.amkd
takes_1x16x16_images amkd-query -t model:model.safetensors small.amkd
is_about_1x16x16_images amkd-query -t replay:answers.amkd small.amkd
has_no_labels amkd-eval -s none real.amkd
the_network_has_3_classes amkd-eval -s model.safetensors four.amkd
3_classes,_expected_4 amkd-eval -s none --answers answers.amkd four.amkd
named_'steam' amkd-train -d steam real.amkd
LIST

# --check of a tool tries every place that a run would write to, and leaves nothing there.
printf 'kept\n' >kept
# shellcheck disable=SC2086 # words
while read -r option command; do
    expect 1 "option '$option': 'none/out'" "amkd-${command%% *}" --check ${command#* } \
        "$option" none/out
    "amkd-${command%% *}" --check ${command#* } "$option" kept >stdout 2>stderr ||
        fail "$command: $(cat stderr)"
    [ "$(cat kept)" = kept ] || fail "$command $option wrote"
done <<'END'
--output pool real.amkd
--output augment real.amkd
--output query -t model:model.safetensors real.amkd
--profile query -t model:model.safetensors real.amkd
--output score -s model.safetensors pairs.amkd
--checkpoint score -s model.safetensors -k 3 pairs.amkd
--profile score -s model.safetensors pairs.amkd
--output eval -s model.safetensors test.amkd
--profile eval -s model.safetensors test.amkd
--calibrate eval -s model.safetensors answers.amkd
--output train -a mlp test.amkd
--checkpoint train -a mlp test.amkd
--metrics train -a mlp -o model test.amkd
--profile train -a mlp test.amkd
END
