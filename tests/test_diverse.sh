#!/usr/bin/env bash
# amkd-score --diverse: what it picks, against awk.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
test -e $fashion/t10k-images-idx3-ubyte.gz || { echo "no Fashion-MNIST"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS MESSAGE OPTION...: amkd-score ends so, says so, leaves no out.amkd.
fails() {
    local status=$1 message=$2 got=0
    shift 2
    amkd-score -q -o out.amkd "$@" pairs.amkd >stdout 2>stderr || got=$?
    test $got -eq "$status" || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$message" stderr || fail "'$*' says: $(cat stderr); not: $message"
    test ! -e out.amkd || fail "'$*' left a file behind"
}

same() { cmp "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -4)"; }
rows() { amkd-cat -N "$@"; }
score() { amkd-score -q -s student.safetensors "$@"; }

options=(--limit 60 --resize 3x3)
amkd-import -q "${options[@]}" -o labeled.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-import -q "${options[@]}" --unlabeled -o real.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-train -q -a "fc classes" --steps 40 --seed 1 -o student.safetensors labeled.amkd
amkd-pool -q -o pairs.amkd real.amkd # 1,770 pairs

# The features of this student are the pixels, but for a factor: k-centre of the mixes.
rows real.amkd >pixels
# centres K CANDIDATES: the chosen, in the order of the candidates.
centres() {
    awk -F'\t' -v k="$1" 'FILENAME == "pixels" {for (f = 1; f <= 9; f++) x[FNR - 1, f] = $f; next}
        {n++; row[n] = $0; near[n] = 1e9; w = int(65536 * $3 + 0.5)
         for (f = 1; f <= 9; f++) m[n, f] = int((w * x[$1, f] + (65536 - w) * x[$2, f] + 32768) / 65536)}
        END {c = 1
            while (k-- > 0) {
                chosen[c] = 1; top = 0
                for (i = 1; i <= n; i++) {
                    d = 0
                    for (f = 1; f <= 9; f++) d += (m[i, f] - m[c, f]) ^ 2
                    if (d < near[i]) near[i] = d
                    if (!(i in chosen) && (!top || near[i] > near[top])) top = i
                }
                c = top
            }
            for (i = 1; i <= n; i++) if (i in chosen) print row[i]}' pixels "$2"
}

echo "# against k-centre of the candidates"
score -k 120 pairs.amkd | rows >candidates
score -k 30 --diverse 4 -o diverse.amkd pairs.amkd
rows diverse.amkd >got
centres 30 candidates >want
same got want
head -30 candidates | cmp -s - got && fail "just the lowest"
amkd-cat --header diverse.amkd | tr -d ' \n' |
    grep -qF '"diverse":4.0' || fail "not in the header"
AMKD_VECTOR_WIDTH=1 score -k 30 --diverse 4 -o scalar.amkd pairs.amkd
same scalar.amkd diverse.amkd
score -k 30 --diverse 60 pairs.amkd | rows >got # 1,800 of 1,770 pairs
score -k 1770 pairs.amkd | rows >candidates
centres 30 candidates >want
same got want

echo "# with noise, a limit, a share at random, chance, bought mixes and single images"
noise=(--noise 1 --seed 4 --max-per-image 6)
score -k 60 "${noise[@]}" pairs.amkd | rows >candidates
score -k 20 --diverse 3 "${noise[@]}" pairs.amkd | rows >got
centres 20 candidates >want
same got want
share=(--random-share 0.3 --seed 4)
score -k 20 --diverse 3 "${share[@]}" pairs.amkd | rows >got
score -k 20 "${share[@]}" pairs.amkd | rows >lowest
nrandom=$(awk -F'\t' '$4 < before {n = NR - 1} {before = $4} END {print n + 0}' lowest)
test "$nrandom" -ge 2 || fail "no picks at random"
head -n "$nrandom" lowest >want
head -n "$nrandom" got | cmp - want || fail "the picks at random"
score --by random --seed 2 -k 40 pairs.amkd | rows >candidates
score --by random --seed 2 -k 10 --diverse 4 pairs.amkd | rows >got
centres 10 candidates >want
same got want
amkd-score -q --by random --seed 3 -k 300 pairs.amkd |
    amkd-query -q -t model:student.safetensors -o bought.amkd
score --bought bought.amkd -k 40 | rows >candidates
score --bought bought.amkd -k 10 --diverse 4 | rows >got
centres 10 candidates >want
same got want
amkd-pool -q --single real.amkd | score -k 40 | rows >candidates
amkd-pool -q --single real.amkd | score -k 10 --diverse 4 | rows >got
centres 10 candidates >want
same got want
refined=(--refine 2 --lambda 0:1:17)
score -k 60 "${refined[@]}" pairs.amkd | rows >candidates
score -k 15 --diverse 4 "${refined[@]}" pairs.amkd | rows >got
centres 15 candidates >want
same got want

echo "# errors and misuse"
amkd-train -q -a "fc classes" --steps 1 -o larger.safetensors <(amkd-import -q --limit 60 \
    -o - $fashion/t10k-images-idx3-ubyte.gz)
fails 1 "'larger.safetensors'" -s larger.safetensors --by random -k 5 --diverse 2
fails 1 "cannot pick 1771" -s student.safetensors -k 1771 --diverse 2
amkd-pool -q --shard 0/2 real.amkd >shard.amkd
! amkd-score -q -s student.safetensors -k 5 --diverse 2 shard.amkd >out 2>stderr ||
    fail "a shard"
grep -qF "are a shard, whose lowest" stderr || fail "$(cat stderr)"
! amkd-merge -q -o out.amkd diverse.amkd 2>stderr || fail "a merge"
grep -qF "were chosen to be diverse" stderr || fail "$(cat stderr)"
