#!/usr/bin/env bash
# amkd-train over several devices: the weights are those that one of them ends with, to the
# bit, whatever a training has of norms, dropout, views, assistants, micro-batches and short
# batches.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# Four devices of PoCL, all of the same kind.
. "$SOURCE/tests/several_devices.sh"
export POCL_DEVICES="pthread pthread pthread pthread"

# 230 images of 12 x 12 in four classes: of batches of 100 the last one has two lane blocks,
# fewer than there are slices.
{ printf '\0\0\x8\x3\0\0\0\xe6\0\0\0\xc\0\0\0\xc'; seq 7000 | head -c $((230 * 144)); } \
    >set-images-idx3
{ printf '\0\0\x8\x1\0\0\0\xe6'; for ((i = 0; i < 230; i++)); do
    printf "\\$(printf %o $((i * i / 3 % 4)))"; done; } >set-labels-idx1
amkd-import -q -o set.amkd set-images-idx3

# The values of a model's file, which begins with the length of its header.
weights() { local n; n=$(od -An -tu8 -N8 "$1"); tail -c +$((n + 9)) "$1"; }

# same NAME DEVICES OPTION...: the devices train to the same weights as one.
same() {
    local name=$1 devices=$2
    shift 2
    test -e "$name.alone" || amkd-train -q -d 0 "$@" -o "$name.alone" set.amkd
    amkd-train -q -d "$devices" "$@" -o "$name.together" set.amkd
    cmp <(weights "$name.alone") <(weights "$name.together") ||
        fail "$name: devices $devices end with other weights"
}

net="conv 8 k3 p1 | bn | relu | conv 8 k3 p1 | bn | relu | dropout 0.3 |
     conv 16 k3 p1 | bn | relu | avgpool 12 | fc classes"
plain="conv 4 k3 | relu | maxpool 2 | fc classes"
for devices in 0,1 0,1,2 0,1,2,3; do
    same plain $devices -a "$plain" -b 100 --steps 7
    same norms $devices -a "$net" -b 100 --steps 7 --optimizer sgd
done
for devices in 0,1 0,1,2,3; do # most of them have no samples
    same short $devices -a "$net" -b 10 --steps 5
    same two-blocks $devices -a "$net" -b 20 --steps 5
done
same clipped 0,1,2,3 -a "$net" -b 100 --steps 4 --clip-grad 0.5 --ema 0.9 --mixup 0.4
same parts 1,3 -a "$net" -b 100 --micro-batch 48 --steps 4
same refreshed 0,1,2 -a "$net" -b 128 --steps 4 --refresh-bn 3
AMKD_MEMORY=1k same far 0,1,2 -a "$plain" -b 100 --steps 4
same validated 0,1 -a "$plain" -b 100 --steps 4 --val set.amkd
amkd-pool -q set.amkd | amkd-score -q --by random -k 150 -o picks.amkd
amkd-train -q -a "fc classes" --steps 40 -o teacher.safetensors set.amkd
amkd-query -q -t model:teacher.safetensors -o mixes.amkd picks.amkd
same mixes 0,1,2 -a "$plain" -b 100 --steps 4 mixes.amkd
same mixes-seen 0,1 -a "$plain" -b 100 --steps 4 --augment "--shift 0.1" --augment-answers \
    mixes.amkd
same views 0,1,2 -a "$plain" -b 100 --steps 4 --mixup 0.5 --augment "--shift 0.1"

# An assistant is asked by each about its own lessons; those it is not sure of teach nothing.
amkd-train -q -a "fc classes" --steps 40 -o assistant.safetensors set.amkd
same lessons 0,1,2 -a "$plain" -b 100 --steps 9 --assistant assistant.safetensors -T 2 \
    --augment "--shift 0.1" --views 2 --min-top 0.3
same mixed 0,1 -a "$plain" -b 100 --micro-batch 40 --steps 5 --min-top 0.3 --mixup 1 \
    --assistant assistant.safetensors --augment "--shift 0.1"

# What came of it does not depend on who goes on.
amkd-train -q -d 0,1,2 -a "$net" -b 100 --steps 300 --checkpoint state \
    --checkpoint-seconds 0 -o through set.amkd
amkd-train -q -d 0 -a "$net" -b 100 --steps 300 --resume state -o alone set.amkd
amkd-train -q -d 2,3 -a "$net" -b 100 --steps 300 --resume state -o two set.amkd
cmp <(weights through) <(weights alone) || fail "one device goes on to other weights"
cmp <(weights through) <(weights two) || fail "two devices go on to other weights"

# fails MESSAGE COMMAND...
fails() {
    local message=$1
    shift
    ! "$@" 2>stderr || fail "'$*' did not fail"
    grep -q -- "$message" stderr || fail "'$*' said: $(cat stderr)"
}
for check in "" --check; do
    POCL_DEVICES="pthread pthread pthread pthread pthread" fails \
        "5 devices are too many.*4 slices" \
        amkd-train -q $check -d 0,1,2,3,4 -a "$plain" --steps 1 set.amkd
    POCL_DEVICES="pthread basic" fails "device 1 is .*only devices of one kind" \
        amkd-train -q $check -d 0,1 -a "$plain" --steps 1 set.amkd
done

echo "# a device that fails late: behind the checkpoint after 256 of 300 steps, at 68 launches each"
. "$SOURCE/tests/driver.sh"
fails "device [01] (.*): .*CL_OUT_OF_RESOURCES" driven \
    DRIVER_FAIL=clEnqueueNDRangeKernel:19000:CL_OUT_OF_RESOURCES \
    amkd-train -q -d 0,1 -a "$net" -b 100 --steps 300 --checkpoint left --checkpoint-seconds 0 \
    -o out set.amkd
[ ! -e out ] || fail "a failed training left an output"
amkd-train -q -d 0,1 -a "$net" -b 100 --steps 300 --resume left -o out set.amkd
cmp <(weights through) <(weights out) || fail "on from a failed device to other weights"

echo "# lists of devices"
fails "named already" amkd-train -q -d 0,0 -a "$plain" --steps 1 set.amkd
fails "no OpenCL device has index 7" amkd-train --check -d 0,7 -a "$plain" set.amkd
