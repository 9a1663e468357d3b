#!/usr/bin/env bash
# ci/vendors: the compilers of AMD, Intel and NVIDIA compile all programs of a small network
# without an error, a warning or a spill where it counts; and what must not be is found. A
# compiler that is not there is named.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset AMKD_VECTOR_WIDTH AMKD_WAYS
targets=skl,sm_75,gfx1030

fail() { echo "FAILED: $*" >&2; cat "$dir/out" "$dir/err" >&2; exit 1; }

echo "a network with every kind of convolution compiles"
net='conv 16 k3 p1 nobias | bn | relu | conv 16 k3 p1 g16 | relu6 | conv 32 k5 s2 p2 | relu |
    residual( conv 32 k1 ; ) | maxpool 3 s2 p1 | dropout 0.5 | fc classes'
amkd-devices -q -d cpu --programs "$dir/net" --as width=1,local=32K,group=256,units=20,memory=1G \
    -a "$net" --input 3x16x16
status=0
"$SOURCE/ci/vendors" --targets $targets --folder "$dir/net" >"$dir/out" 2>"$dir/err" || status=$?
grep skipped "$dir/out" || true
[ $status != 77 ] || { echo "not tested: no compiler of a GPU is there"; exit 77; }
[ $status = 0 ] || fail "it ended with $status"
for kernel in conv_forward conv_backward_data conv_backward_weights dense_backward_weights \
    grouped_forward norm_parts adam_step sweep_logits; do
    grep -qE "^[a-z0-9_]+ +$kernel " "$dir/out" || fail "$kernel is not in the table"
done

echo "what must not be is found"
mkdir "$dir/bad"
cp "$dir/net/launches.tsv" "$dir/bad"
echo 'kernel void f(global float *x) { x[0] = nonesuch; }' >"$dir/bad/conv_error.cl"
cat >"$dir/bad/conv_warning.cl" <<'C'
kernel void f(global int *x) { x[0] = (x[1] > 2) | (x[2] < 1) ? 1 : 2; }
C
cat >"$dir/bad/conv_local.cl" <<'C'
kernel void f(global float *x, int n) {
    local float shared[10000];
    shared[get_local_id(0)] = x[get_local_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    x[get_global_id(0)] = shared[n];
}
C
cat >"$dir/bad/conv_spill.cl" <<'C'
kernel void f(global float16 *restrict x, int n) {
    float16 a[40];
    const int g = get_global_id(0);
#pragma unroll
    for (int i = 0; i < 40; i++)
        a[i] = x[i * 7 + g];
    for (int j = 0; j < n; j++)
#pragma unroll
        for (int i = 0; i < 40; i++)
            a[i] = fma(a[i], a[(i * 7 + 3) % 40], x[j]);
#pragma unroll
    for (int i = 0; i < 40; i++)
        x[i * 7 + g] = a[i];
}
C
printf 'conv_group.cl\tf\t512x1x1\t0\n' >>"$dir/bad/launches.tsv"
echo 'kernel void f(global float *x) { x[get_global_id(0)] = 1.0f; }' >"$dir/bad/conv_group.cl"
status=0
"$SOURCE/ci/vendors" --targets $targets --folder "$dir/bad" >"$dir/out" 2>"$dir/err" || status=$?
[ $status = 1 ] || fail "bad programs: it ended with $status"
for target in ${targets//,/ }; do
    ! grep -q "^$target: .*skipped" "$dir/out" || continue
    for what in 'conv_error.*(undeclared|error)' 'conv_warning.*warning' 'conv_spill.* spills ' \
        'conv_local.* bytes of local memory' 'conv_group.* a work-group of 512'; do
        grep -qE "^ci/vendors: $target: $what" "$dir/err" || fail "$target: no '$what'"
    done
done
