#!/usr/bin/env bash
# AMKD_WAYS: ways of layers that are fixed by hand.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

images some 20 16 16 2
amkd-train -q -a 'conv 16 k3 p1 | relu | conv 32 k3 p1 | relu | maxpool 16 | fc 2' --steps 1 \
    -b 16 -o model some.amkd
taken() { # kernels of the second convolution
    rm -f table
    amkd-query -q -t model:model -o "$1" --profile table some.amkd || fail "amkd-query"
    sed -n 's/^2: conv 32 k3 p1 | relu  *forward  *\([a-z_, ]*[a-z_]\)  .*/\1/p' table
}
# Where kernels are for lockstep, there is no other way of a convolution.
way=$(taken reckoned)
amkd-devices >devices
if grep -A6 '^\* ' devices | grep 'vectors   of 1,' >vectors; then
    echo "no way but one on this device"
    exit 77
fi
[[ $way = *winograd_tiles* ]] || fail "the way taken is '$way': $(cat table)"

echo "# the first line that matches counts"
cat >ways <<'END'
# by hand
forward own:   conv 32 k3 p1 |*   # both

forward winograd: conv 32 *
backward data own: conv *
END
export AMKD_WAYS=ways
[ "$(taken fixed)" = conv_gemm ] || fail "$(cat table)"
amkd-cat -f npy -o a.npy reckoned
amkd-cat -f npy -o b.npy fixed
! cmp -s a.npy b.npy || fail "the same answers by either way"
echo 'forward winograd: conv 32*' | cat - ways >turned
AMKD_WAYS=turned taken again >/dev/null
amkd-cat -f npy -o c.npy again
cmp a.npy c.npy || fail "other answers by the way that is taken anyway"

echo "# the plan shows what is fixed"
amkd-devices --plan model >plan
grep -E '^conv 32 k3 p1 \| relu .* forward +own ' plan >/dev/null || fail "$(cat plan)"
grep -E '^conv 32 k3 p1 \| relu .* backward data +own ' plan >/dev/null || fail "$(cat plan)"
grep -E '^conv 32 k3 p1 \| relu .* backward weights +winograd ' plan >/dev/null ||
    fail "$(cat plan)"

bad() { # LINE MESSAGE
    printf '# one\n%s\n' "$1" >ways
    ! amkd-eval -q -s model some.amkd >out 2>err || fail "'$1' was taken"
    grep -qF -- "$2" err || fail "'$1': $(cat err)"
}
echo "# what is wrong with a file"
bad 'forwards own: conv *' "AMKD_WAYS: 'ways': line 2: expected 'forward'"
bad 'forward own conv *' "AMKD_WAYS: 'ways': line 2: expected 'PASS WAY: LAYER'"
bad 'forward : conv *' "line 2: expected 'PASS WAY: LAYER'"
bad 'forward own:' "line 2: expected 'PASS WAY: LAYER'"
bad 'forward fast: conv 32 *' "there is no way 'fast' here: expected one of 'winograd', 'own'"
rm ways
bad_file() {
    ! amkd-eval -q -s model some.amkd >out 2>err || fail "a file that is not there was taken"
    grep -q "AMKD_WAYS: 'ways'" err || fail "$(cat err)"
}
bad_file
