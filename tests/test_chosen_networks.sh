#!/usr/bin/env bash
# amkd-distill chooses a student and an assistant by the images' size where none is named, and
# says which.
set -euo pipefail
. "$SOURCE/tests/command.sh"
cp "$SOURCE/tests/teacher.pl" .

# images SIDE CHANNELS NAME: pixel arrays, of which amkd-import makes a set.
images() {
    perl -e 'my ($side, $channels) = @ARGV;
        my $head = sprintf "{\x27descr\x27: \x27|u1\x27, \x27fortran_order\x27: False, "
            . "\x27shape\x27: (6, %d, %d, %d), }", $side, $side, $channels;
        $head .= " " x (63 - (10 + length $head) % 64) . "\n";
        print "\x93NUMPY\x01\x00", pack("v", length $head), $head,
            map { chr($_ * 7919 % 251) } 1 .. 6 * $side * $side * $channels' "$1" "$2" >"$3.npy"
    amkd-import -q --layout nhwc -o "$3.amkd" "$3.npy"
}
images 28 1 gray28
images 16 3 colour16
images 32 3 colour32
images 40 1 gray40
images 64 3 colour64

small="conv 16 k5 p2 | relu | maxpool 2 | conv 32 k5 | relu | maxpool 2 | fc 128 | relu | fc classes"

# plan NAME [ARGUMENT...]: what is said of networks, in "said"; the commands in "plan".
plan() {
    local name=$1
    shift
    amkd-distill -n IMAGES="$name.amkd" TEACHER="exec:perl teacher.pl honest log" BUDGET=6 \
        ROUNDS=0 "$@" >plan 2>stderr || fail "$name $*: $(cat stderr)"
    sed -n 's/^amkd-distill: \(\(student\|assistant\) .*\)/\1/p' stderr >said
}

# chooses NAME SHAPE STUDENT ASSISTANT
chooses() {
    local student=$3 assistant=$4
    plan "$1"
    [ "$(cat said)" = "student $student, assistant $assistant for images of $2" ] ||
        fail "$1: $(cat said)"
    grep -qF -- "-a '$student'" plan || fail "$1: the plan is $(cat plan)"
}
chooses gray28 1x28x28 lenet5-half "$small"
chooses colour16 3x16x16 lenet5-half "$small"
chooses colour32 3x32x32 resnet8 resnet20
chooses gray40 1x40x40 resnet8 resnet20
chooses colour64 3x64x64 mobilenetv2-0.5 resnet18

# What is named is not chosen.
plan gray28 ARCH=mlp
[ "$(cat said)" = "assistant $small for images of 1x28x28" ] || fail "$(cat said)"
plan gray28 ASSISTANT=
[ "$(cat said)" = "student lenet5-half for images of 1x28x28" ] || fail "$(cat said)"
plan gray28 ARCH=mlp ASSISTANT=mlp
[ ! -s said ] || fail "$(cat said)"
[ ! -e log ] || fail "the teacher was asked"
