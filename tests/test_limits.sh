#!/usr/bin/env bash
# amkd-score --max-per-class: limits by the teacher's answers, against a walk in awk, in one
# pool and in shards.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
test -e $fashion/t10k-images-idx3-ubyte.gz || { echo "no Fashion-MNIST"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS MESSAGE COMMAND...: the command ends so, says so, leaves no out.amkd.
fails() {
    local status=$1 message=$2 got=0
    shift 2
    "$@" >stdout 2>stderr || got=$?
    test $got -eq "$status" || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$message" stderr || fail "'$*' says: $(cat stderr); not: $message"
    test ! -e out.amkd || fail "'$*' left a file behind"
}

same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
rows() { amkd-cat -N "$@"; }
score() { amkd-score -q -s student.safetensors "$@"; }

amkd-import -q --limit 60 --resize 12x12 -o labeled.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-import -q --limit 60 --resize 12x12 --unlabeled -o real.amkd \
    $fashion/t10k-images-idx3-ubyte.gz
amkd-train -q -a "conv 2 k3 | relu | maxpool 2 | fc classes" --steps 60 --seed 3 \
    -o student.safetensors labeled.amkd
amkd-train -q -a "fc classes" --steps 60 --seed 4 -o teacher.safetensors labeled.amkd
amkd-query -q -t model:teacher.safetensors -o real_labels.amkd real.amkd
amkd-pool -q -o pairs.amkd real.amkd # 1,770 pairs

# The class of each image, one a line: "i class".
rows real_labels.amkd | awk -F'\t' '{best = 4; for (f = 5; f <= NF; f++)
    if ($f > $best) best = f; print $1, best - 4}' >classes
test "$(cut -d' ' -f2 classes | sort -u | wc -l)" -ge 4 || fail "few classes"

# walk K M MAX_PER_IMAGE <SORTED ROWS: the greedy picks.
walk() {
    awk -v k="$1" -v m="$2" -v limit="$3" 'NR == FNR {class[$1] = $2; next}
        {a = class[$1]; b = class[$2]}
        n == k || seen[a] >= m || seen[b] >= m {next}
        limit && (used[$1] >= limit || used[$2] >= limit) {next}
        {seen[a]++; if (a != b) seen[b]++; used[$1]++; used[$2]++; print; n++}' \
        classes -
}
by_class=(--classes-of real_labels.amkd)

echo "# the picks are the greedy ones, in one pool and in shards"
score -o all.amkd pairs.amkd
rows all.amkd | sort -t$'\t' -k4,4g -k1,1n -k2,2n >sorted
for limits in "40 12 0" "40 12 3" "25 40 2" "60 20 0"; do
    read -r k m limit <<<"$limits"
    options=(-k "$k" --max-per-class "$m" "${by_class[@]}")
    test "$limit" = 0 || options+=(--max-per-image "$limit")
    score "${options[@]}" -o whole.amkd pairs.amkd
    rows whole.amkd >got
    walk $k $m $limit <sorted >want
    same got want
    test "$(wc -l <got)" = "$k" || fail "not $k picks"
    for shard in 0 1 2; do
        amkd-pool -q --shard $shard/3 real.amkd | score "${options[@]}" -o shard$shard.amkd
    done
    amkd-merge -q "${by_class[@]}" -o merged.amkd shard2.amkd shard0.amkd shard1.amkd
    same merged.amkd whole.amkd
done
head -60 sorted | cmp -s - got && fail "the limit of classes limits nothing"
amkd-cat --header whole.amkd >header
grep -qF '"max_per_class": 20' header || fail "$(cat header)"
grep -q '"classes": "xxh3-64:' header || fail "$(cat header)"

echo "# with all other ways to pick"
amkd-score -q --by random --seed 3 -k 40 --max-per-class 12 "${by_class[@]}" pairs.amkd |
    rows >got
test "$(wc -l <got)" = 40 || fail "random picks"
score --by c1 --noise 1 --seed 3 -k 40 --max-per-class 12 "${by_class[@]}" pairs.amkd | rows >got
test "$(awk -F'\t' 'NR == FNR {split($0, f, " "); class[f[1]] = f[2]; next}
    {n[class[$1]]++; if (class[$1] != class[$2]) n[class[$2]]++}
    END {for (c in n) if (n[c] > most) most = n[c]; print most}' classes got)" -le 12 ||
    fail "more than 12 of a class"
score --lambda 0:1:33 --refine 3 -k 40 --max-per-class 12 "${by_class[@]}" pairs.amkd | rows >got
test "$(wc -l <got)" = 40 || fail "refined picks"
amkd-pool -q --single real.amkd | score -k 20 --max-per-class 3 "${by_class[@]}" | rows >got
test "$(awk -F'\t' 'NR == FNR {split($0, f, " "); class[f[1]] = f[2]; next} {print class[$1]}' \
    classes got | sort | uniq -c | awk '$1 > most {most = $1} END {print most}')" -le 3 ||
    fail "more than 3 single images of a class"

amkd-score -q --by random -k 300 pairs.amkd |
    amkd-query -q -t model:teacher.safetensors -o bought.amkd
score --bought bought.amkd -o all_bought.amkd
score --bought bought.amkd -k 30 --max-per-class 9 "${by_class[@]}" | rows >got
rows all_bought.amkd | sort -t$'\t' -k4,4g -k1,1n -k2,2n | walk 30 9 0 >want
same got want

echo "# errors and misuse"
fails 1 "a class in at most 1" score -k 60 --max-per-class 1 "${by_class[@]}" \
    -o out.amkd pairs.amkd
fails 1 "when an image takes part in at most 1 and a class in at most 3" score -k 60 \
    --max-per-image 1 --max-per-class 3 "${by_class[@]}" -o out.amkd pairs.amkd
score -k 3 -o few.amkd pairs.amkd
amkd-query -q -t model:teacher.safetensors -o few_labels.amkd few.amkd
fails 1 "the class of image 0 is not known" score -k 4 --max-per-class 3 \
    --classes-of few_labels.amkd -o out.amkd pairs.amkd
fails 1 "give the labels whose classes they are" amkd-merge -q -o out.amkd \
    shard0.amkd shard1.amkd shard2.amkd
amkd-query -q -t model:student.safetensors -o other_labels.amkd real.amkd
fails 1 "limited by other classes" amkd-merge -q --classes-of other_labels.amkd \
    -o out.amkd shard0.amkd shard1.amkd shard2.amkd
fails 2 "--max-per-class needs -k" score --max-per-class 3 "${by_class[@]}" \
    -o out.amkd pairs.amkd
fails 2 "go together" score -k 3 --max-per-class 3 -o out.amkd pairs.amkd
fails 2 "go together" score -k 3 "${by_class[@]}" -o out.amkd pairs.amkd
