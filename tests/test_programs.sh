#!/usr/bin/env bash
# amkd-devices --programs: all programs of a network are written, as a device of other
# properties builds them, and each file is all that a compiler needs.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
unset AMKD_VECTOR_WIDTH AMKD_WAYS
export AMKD_DEVICE=cpu

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS PATTERN COMMAND...
fails() {
    local status=0
    "${@:3}" >out 2>err || status=$?
    [ "$status" = "$1" ] || fail "'${*:3}' exited with $status, expected $1: $(cat err)"
    grep -qE -- "$2" err || fail "'${*:3}' did not say '$2' but $(cat err)"
}

net=(-a 'conv 4 k3 p1 | bn | relu | residual( conv 4 k3 p1 ; ) | maxpool 2 | fc classes'
    --input 2x8x8 --classes 3 --batch 40)

echo "as a GPU: vectors of 1, and the work-groups of one"
as=width=1,local=32K,group=64,units=20,memory=1G
amkd-devices --programs gpu --as $as "${net[@]}" >out 2>err
n=$(find gpu -name '*.cl' | wc -l)
grep -qx "$n programs" out || fail "$n files, and '$(cat out)'"
for kernel in conv_forward conv_backward_weights conv_backward_data norm_parts norm_back \
    pool_backward dense_forward dense_backward_weights adam_step softmax batch_load augment \
    sweep_maps sweep_logits sweep_found; do
    grep -qP "^\S+\t$kernel\t" gpu/launches.tsv || fail "no launch of $kernel"
done
awk -F'\t' 'NR > 1 { split($3, side, "x"); if (side[1] * side[2] * side[3] > 64) exit 1 }' \
    gpu/launches.tsv || fail "a work-group of more than 64"
grep -qP "\tnorm_apply\t32x2x1\t" gpu/launches.tsv || fail "half a wave of 64"
for file in gpu/*.cl; do
    grep -qx '#define VW 1' "$file" || fail "$file is not of vectors of 1"
    head -1 "$file" | grep -qE '^/\* [a-z_]+; options: -w -cl-std=CL1.2 \*/$' ||
        fail "$file begins with '$(head -1 "$file")'"
done
cut -f1 gpu/launches.tsv | sed 1d | sort -u | while read -r file; do
    [ -s "gpu/$file" ] || fail "$file was launched and is not there"
done
ls gpu/dense_gemm-*.cl >/dev/null || fail "a way that a GPU tries is not there"

echo "again: the same files"
amkd-devices -q --programs again --as $as "${net[@]}" >out
[ ! -s out ] || fail "-q said '$(cat out)'"
diff -r gpu again >differences || fail "$(cat differences)"

echo "as a CPU: vectors of 16, and other ways"
amkd-devices -q --programs cpu --as width=16 "${net[@]}"
grep -qx '#define VW 16' cpu/conv_forward-*.cl || fail "no vectors of 16"
! ls cpu/dense_gemm-*.cl 2>/dev/null || fail "a way that no CPU tries"
amkd-devices -q --programs fused -a 'conv 4 k3 | relu | fc classes' --as width=16 --input 1x8x8
grep -q sweep_fused fused/launches.tsv || fail "no fused sweep"

echo "nothing that was not timed is remembered"
XDG_CACHE_HOME=$dir/cache amkd-devices -q --programs kept --as $as "${net[@]}"
XDG_CACHE_HOME=$dir/cache amkd-devices --forget plans | grep -qx '0 plans forgotten' ||
    fail "plans were kept"

if command -v clang-19 >/dev/null; then
    echo "each file compiles alone"
    for file in gpu/*.cl cpu/*.cl fused/*.cl; do
        clang-19 -x cl -cl-std=CL1.2 -fsyntax-only -Wall -Wno-unused-function -Werror \
            -target spir64 "$file" 2>err || fail "$file: $(cat err)"
    done
else
    echo "not tested: files compiled by another compiler (no clang-19)"
fi

echo "what is wrong is said"
for wrong in width=3 group=16 local=x wide=1 width; do
    fails 2 "'$wrong'|${wrong%%=*} is" amkd-devices --programs none --as $wrong "${net[@]}"
done
fails 2 'no network is called' amkd-devices --programs none -a lenet --input 1x28x28
fails 2 'CHANNELSxHEIGHTxWIDTH' amkd-devices --programs none -a lenet5 --input 28
cp gpu/launches.tsv kept.tsv
fails 1 "'gpu': programs stand there" amkd-devices --programs gpu --as $as "${net[@]}"
cmp gpu/launches.tsv kept.tsv || fail "another network's launches were written over"
fails 1 'none/none' amkd-devices --programs none/none -a lenet5 --input 1x28x28
[ ! -e none ] || fail "a directory for nothing"
