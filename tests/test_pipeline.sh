#!/usr/bin/env bash
# The loop by hand, on real images and through real pipes: two rounds with a small teacher
# and small students, the same bytes however the work is divided, and files that others
# can read.
set -euo pipefail
data=/usr/share/datasets/fashion-mnist
[ -e $data/train-images-idx3-ubyte.gz ] ||
    { echo "not tested: the package dataset-fashion-mnist is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }
rows() { amkd-cat -N "$1"; }
figure() { sed -n "s/^ *\"$2\": \([0-9.]*\).*/\1/p" "$1" | head -1; }

amkd-import -q --limit 3000 -o train.amkd $data/train-images-idx3-ubyte.gz
amkd-import -q --unlabeled --sample 300 --seed 4 -o real.amkd \
    $data/train-images-idx3-ubyte.gz
amkd-import -q --limit 500 -o test.amkd $data/t10k-images-idx3-ubyte.gz
amkd-train -q -a "conv 6 k5 s2 | relu | maxpool 2 | fc classes" --steps 400 --seed 1 \
    -o teacher.safetensors train.amkd
small=(amkd-train -q -a "conv 4 k5 s2 | relu | maxpool 2 | fc classes" --steps 200 --seed 2)
ask=(amkd-query -q -t model:../teacher.safetensors)

# rounds THREADS: both rounds, in this folder.
rounds() {
    local threads=(--threads "$1")
    "${ask[@]}" "${threads[@]}" ../real.amkd | tee labels0.amkd |
        "${small[@]}" "${threads[@]}" -o student0.safetensors -
    amkd-pool -q "${threads[@]}" -n 20000 --seed 5 ../real.amkd |
        amkd-score -q "${threads[@]}" -s student0.safetensors -k 300 | tee picks1.amkd |
        "${ask[@]}" "${threads[@]}" | tee labels1.amkd |
        "${small[@]}" "${threads[@]}" -o student1.safetensors - labels0.amkd
    amkd-pool -q "${threads[@]}" -n 20000 --seed 6 ../real.amkd |
        amkd-score -q "${threads[@]}" -s student1.safetensors -k 300 --max-per-image 20 \
            --exclude labels1.amkd |
        tee picks2.amkd | "${ask[@]}" "${threads[@]}" -o labels2.amkd
    "${small[@]}" "${threads[@]}" --steps 300 -o student2.safetensors labels?.amkd
}

echo "# two rounds, alike with one thread and with two"
mkdir one two
(cd one; rounds 1)
(cd two; rounds 2)
for file in one/*; do
    cmp "$file" "two/${file#one/}" || fail "$file differs with the number of threads"
done
cd one

echo "# what the rounds hold"
[ "$(rows labels0.amkd | cut -f 1,2,3 | sort -u | wc -l)" = 300 ] || fail "real images"
for round in 1 2; do
    [ "$(rows picks$round.amkd | wc -l)" = 300 ] || fail "300 picks in round $round"
    cmp <(rows picks$round.amkd | cut -f 1-3) \
        <(rows labels$round.amkd | cut -f 1-3) || fail "answers to other questions"
done
[ -z "$(cat <(rows picks1.amkd) <(rows picks2.amkd) | cut -f 1,2 | sort | uniq -d)" ] ||
    fail "a pair was picked in both rounds"
rows picks1.amkd | awk '$4 < last { exit 1 } { last = $4 }' || fail "picks in order"
[ "$(rows picks2.amkd | cut -f 1,2 | tr '\t' '\n' | sort | uniq -c | sort -rn |
    awk 'NR == 1 { print $1 }')" -le 20 ] || fail "an image in more than 20 picks"

echo "# success rate"
evaluate=(amkd-eval -q -t model:../teacher.safetensors ../test.amkd)
for round in 0 1 2; do
    "${evaluate[@]}" --json -s student$round.safetensors >report$round
done
accuracy=$(figure report2 accuracy)
success=$(figure report2 success_rate)
awk "BEGIN { exit !($accuracy > 0.4 && $success > 0.5 && $success <= 1.2) }" ||
    fail "accuracy $accuracy, success rate $success"
"${evaluate[@]}" -s student2.safetensors >table
grep -q '^success ' table || fail "no success rate in: $(cat table)"
"${ask[@]}" -o answers.amkd ../test.amkd
cmp table <(amkd-eval -q -s student2.safetensors --answers answers.amkd ../test.amkd) ||
    fail "answers bought before give other figures"

echo "# shards merged are the whole"
for shard in 0 1 2; do
    amkd-pool -q -n 20000 --seed 5 --shard $shard/3 ../real.amkd |
        amkd-score -q -s student0.safetensors -k 300 -o part$shard.amkd
done
amkd-merge -q part2.amkd part0.amkd part1.amkd | cmp - picks1.amkd ||
    fail "three shards differ from the whole"

echo "# the command of each step is in the header of the last"
amkd-cat --header labels2.amkd >header
for tool in pool score query; do
    grep -q "\"tool\": \"amkd-$tool\"" header || fail "no amkd-$tool in: $(cat header)"
done
! grep -q -- '--threads' header || fail "where it ran is in the header"

echo "# others read every stream and picture"
for file in ../*.amkd *.amkd; do
    gzip -t <"$file" || fail "gzip -t $file"
    [ "$(zcat <"$file" | head -c 4)" = AMKD ] || fail "zcat $file"
    if command -v bgzip >/dev/null; then bgzip -t "$file" || fail "bgzip -t $file"; fi
done
amkd-cat -q --check -- ../*.amkd *.amkd
for file in ../real picks2 labels2; do
    amkd-cat --png sheet.png $file.amkd
    [ "$(od -An -tx1 -N8 sheet.png | tr -d ' ')" = 89504e470d0a1a0a ] || fail "no PNG"
    [ "$(tail -c 8 sheet.png | head -c 4)" = IEND ] || fail "a PNG without its end"
    amkd-import -q -o sheet.amkd sheet.png || fail "the contact sheet of $file is no PNG"
done
