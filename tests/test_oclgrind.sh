#!/usr/bin/env bash
# The kernel tests under Oclgrind, an interpreter that sees every bad access and data race
# of a kernel, once with vectors and once with a work-item a lane.
set -euo pipefail
command -v oclgrind >/dev/null || { echo "oclgrind is not installed: skipped"; exit 77; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

check() { # TEST CASE WIDTH
    local test=$1 width=$3 status=0
    CK_RUN_CASE=$2 AMKD_VECTOR_WIDTH=$width AMKD_DEVICE=oclgrind \
        timeout 600 oclgrind --data-races "$BUILD/tests/$test" >"$log" 2>&1 ||
        status=$?
    if [ $status -ne 0 ] || ! grep -qE 'Checks: [1-9].*Failures: 0' "$log" ||
        grep -qiE 'invalid|race|error generated|errors generated' "$log"; then
        echo "$test with vectors of $width (exit status $status), Oclgrind says:"
        head -50 "$log"
        exit 1
    fi
}

for width in 1 4; do
    check test_network "small shapes" $width
    check test_sweep tiny $width
    check test_selftest "small parts" $width
    check test_augment device $width
    check test_mixup device $width
    check test_optimizer "few parameters" $width
    check test_loss "cross entropy" $width
done
check test_dense_gemm "small shapes" 1 # as on a GPU
check test_depthwise passes 8 # at its own widths
check test_conv_gemm conv_gemm 8
check test_winograd lockstep 1
