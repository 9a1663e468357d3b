#!/usr/bin/env bash
# The tests of everything that computes, on devices that the one that is there is made to
# look like (tests/driver). By ctest those that are done soon; "all" as the first argument:
# every test that opens a device, for half an hour.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/driver.sh"

declare -A devices=(
    # The least that OpenCL 1.2 asks of a GPU: groups of 64 in lockstep, no double.
    [small]="DRIVER_TYPE=gpu DRIVER_WIDTH=1 DRIVER_GROUP=64 DRIVER_LOCAL=32768
        DRIVER_MEMORY=1073741824 DRIVER_MULTIPLE=64 DRIVER_DOUBLE=no DRIVER_VERSION=1.2"
    # A GPU of the usual kind.
    [usual]="DRIVER_TYPE=gpu DRIVER_WIDTH=1 DRIVER_GROUP=256 DRIVER_LOCAL=49152
        DRIVER_MEMORY=2147483648 DRIVER_MULTIPLE=32 DRIVER_VERSION=1.2"
    # A CPU with vectors of 8 and little local memory.
    [narrow]="DRIVER_TYPE=cpu DRIVER_WIDTH=8 DRIVER_GROUP=128 DRIVER_LOCAL=32768
        DRIVER_MEMORY=1073741824 DRIVER_MULTIPLE=8 DRIVER_DOUBLE=no DRIVER_VERSION=1.2"
)

# check DEVICE TEST [CASE]
check() {
    # shellcheck disable=SC2086 # words
    driven ${devices[$1]} ${3:+CK_RUN_CASE="$3"} "$BUILD/tests/$2" >said 2>&1 ||
        fail "$2 on the device '$1': $(tail -n 30 said)"
    grep -qE 'Checks: [1-9].*, Failures: 0, Errors: 0' said || fail "$2 on the device '$1': $(tail -n 30 said)"
}

if [ "${1:-}" = all ]; then
    nfailed=0
    for test in "$BUILD"/tests/test_*; do
        grep -q ' clCreateContext' <<<"$(nm -D --undefined-only "$test" 2>/dev/null)" || continue
        for device in "${!devices[@]}"; do
            echo "# $(basename "$test") on the device '$device'"
            (trap - EXIT && check "$device" "$(basename "$test")") || nfailed=$((nfailed + 1))
        done
    done
    [ $nfailed = 0 ] || fail "$nfailed of these"
    exit
fi

for test in test_device test_act test_augment test_conv_gemm test_dense_gemm test_dropout \
    test_learner test_lessons test_loss test_mixup test_optimizer test_score test_selftest \
    test_sweep_fallback test_train test_window test_winograd; do
    echo "# $test on the device 'small'"
    check small $test
done
echo "# scores and plans on the device 'small'"
check small test_sweep tiny
check small test_op_plan "own kernels"
for test in test_optimizer test_selftest test_winograd; do
    echo "# $test on the device 'usual'"
    check usual $test
done
check usual test_op_plan "own kernels"
for test in test_conv_gemm test_winograd test_selftest test_optimizer; do
    echo "# $test on the device 'narrow'"
    check narrow $test
done
