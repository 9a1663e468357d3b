#!/usr/bin/env bash
# Every kernel on a second OpenCL implementation, Mesa's rusticl on llvmpipe, which takes
# vectors apart: the kernels for devices like GPUs, without a GPU.
set -euo pipefail
export RUSTICL_ENABLE=llvmpipe
unset AMKD_DEVICE AMKD_VECTOR_WIDTH

# Its compiler can take all memory there is; a sanitizer cannot run under such a limit.
limited() {
    (
        if (ulimit -v 8000000 && amkd-devices --version) >/dev/null 2>&1; then
            ulimit -v 8000000
        fi
        timeout 300 "$@"
    )
}
icd=/etc/OpenCL/vendors/rusticl.icd
if [ -n "${OCL_ICD_VENDORS:-}" ] || [ ! -e $icd ] || ! grep -qF "$(cat $icd)" <<<"$(ldconfig -p)"; then
    echo "no rusticl here (package mesa-opencl-icd): skipped"
    exit 77
fi
limited amkd-devices -d llvmpipe >/dev/null

# That vectors are no gain is read from what the driver says, not from its name.
limited amkd-devices -d llvmpipe | grep -A6 '^\* ' | grep 'vectors   of 1,' >/dev/null ||
    { echo "llvmpipe is given vectors"; exit 1; }
limited amkd-devices -d llvmpipe --self-test

# The same picks as on the other device, and scores that differ by rounding alone.
amkd-devices | grep -i 'portable computing language' >/dev/null ||
    { echo "no PoCL beside it to compare picks with"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
images=/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
[ -e "$images" ] || { echo "no dataset-fashion-mnist to pick from"; exit 0; }
amkd-import -q --limit 400 -o labeled.amkd "$images"
amkd-import -q --limit 30 --unlabeled -o real.amkd "$images"
amkd-train -q -d portable -a lenet5-half --steps 200 -o student labeled.amkd
# Views are the same to the byte.
for border in zero edge mean reflect; do
    for device in portable llvmpipe; do
        limited amkd-augment -q -d $device -V 7 --keep --border $border --erase 0.5 \
            --elastic 0.1 --brightness 0.2 -o $device.amkd real.amkd
    done
    cmp portable.amkd llvmpipe.amkd
done
amkd-pool -q -o pairs.amkd real.amkd
amkd-score -q -d portable -s student -k 60 pairs.amkd | amkd-cat >expected
limited amkd-score -q -d llvmpipe -s student -k 60 pairs.amkd | amkd-cat >picks
cut -f1-3 expected | cmp - <(cut -f1-3 picks)
paste <(cut -f4 expected) <(cut -f4 picks) | tail -n +2 |
    awk '{ d = $1 - $2; if (d * d > 1e-10) { print "scores " $0 " differ"; exit 1 } }'
