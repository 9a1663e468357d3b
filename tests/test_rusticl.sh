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
limited amkd-devices -d llvmpipe >/dev/null 2>&1 ||
    { echo "rusticl has no llvmpipe here (package mesa-opencl-icd): skipped"; exit 77; }

# That vectors are no gain is read from what the driver says, not from its name.
limited amkd-devices -d llvmpipe | grep -A6 '^\* ' | grep -q 'vectors   of 1,' ||
    { echo "llvmpipe is given vectors"; exit 1; }
limited amkd-devices -d llvmpipe --self-test
