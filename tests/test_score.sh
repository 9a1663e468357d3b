#!/usr/bin/env bash
# amkd-score on the command line: selections that agree with one another however they were
# made, and messages that say what is wrong.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
test -e $fashion/t10k-images-idx3-ubyte.gz || { echo "no Fashion-MNIST"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
. "$SOURCE/tests/several_devices.sh"

fail() { echo "FAILED: $*" >&2; exit 1; }

# fails STATUS MESSAGE COMMAND...: the command ends so, says so, leaves no out.amkd.
fails() {
    local status=$1 message=$2 got=0
    shift 2
    rm -f out.amkd
    "$@" >stdout 2>stderr || got=$?
    test $got -eq "$status" || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$message" stderr || fail "'$*' says: $(cat stderr); not: $message"
    test ! -e out.amkd || fail "'$*' left a file behind"
    test ! -s stdout || fail "'$*' wrote to stdout"
}

same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
rows() { amkd-cat -N "$@"; }
# What is in picks or pairs files, i and j alone, in order of i and j.
pairs_of() { amkd-cat -N "$@" | cut -f1,2 | sort -n; }
score() { amkd-score -q -s student.safetensors "$@"; }

amkd-import -q --limit 40 --resize 12x12 -o labeled.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-import -q --limit 40 --resize 12x12 --unlabeled -o real.amkd \
    $fashion/t10k-images-idx3-ubyte.gz
amkd-train -q -a "conv 2 k3 | relu | maxpool 2 | fc classes" --steps 60 --seed 3 \
    -o student.safetensors labeled.amkd
amkd-pool -q -o pairs.amkd real.amkd # 780 pairs
amkd-pool -q -n 780 --seed 9 real.amkd >shuffled.amkd
amkd-import -q --limit 280 --resize 12x12 --unlabeled -o many.amkd \
    $fashion/t10k-images-idx3-ubyte.gz
amkd-pool -q -o many_pairs.amkd many.amkd # 39,060

echo "# the k lowest are the head of all, sorted"
score -o all.amkd pairs.amkd
pairs_of pairs.amkd >want
pairs_of all.amkd >got
same got want
score -k 25 -o picks.amkd pairs.amkd
rows all.amkd | sort -t$'\t' -k4,4g -k1,1n -k2,2n | sed -n 1,25p >want
rows picks.amkd >got
same got want
test "$(amkd-cat --check picks.amkd)" = "picks.amkd: picks, 25 rows, ok"

echo "# c2 is the lowest of the pair's c1, at that lambda"
score --by c1 -o every.amkd pairs.amkd
test "$(rows every.amkd | wc -l)" -eq $((780 * 11)) || fail "not a row for each lambda"
rows every.amkd | sort -t$'\t' -s -k1,1n -k2,2n -k4,4g | sort -t$'\t' -s -u -k1,1n -k2,2n >want
rows all.amkd >got
same got want
score --by c1 -k 30 -o lowest.amkd pairs.amkd
rows every.amkd | sort -t$'\t' -k4,4g -k1,1n -k2,2n -k3,3g | sed -n 1,30p >want
rows lowest.amkd >got
same got want

echo "# the header tells how"
amkd-cat --header picks.amkd >header
for text in '"by": "c2"' '"k": 25' '"rows": 25' '"amkd-pool"' '"amkd-score"' '"images"' '"lambdas"'; do
    grep -qF -- "$text" header || fail "no $text in the header: $(cat header)"
done

echo "# lambda weights the first image"
score --lambda 0.1,0.25 -o low.amkd pairs.amkd
test -z "$(rows low.amkd | awk -F'\t' '$3 != 0.1 && $3 != 0.25')" || fail "other lambdas"
score --lambda 1 -o first.amkd pairs.amkd # the score of image i alone
test "$(rows first.amkd | cut -f1,4 | sort -u | wc -l)" -eq 39 || fail "not one score an i"
score --lambda 0:1:2 --by c1 -o ends.amkd pairs.amkd
test "$(rows ends.amkd | awk -F'\t' '{print $3 == 1 ? $1 : $2, $4}' | sort -u | wc -l)" \
    -eq 40 || fail "the ends of lambda are not the images themselves"

echo "# one set of picks: pipes, both engines, any number of threads"
score -k 25 --threads 1 <pairs.amkd >piped.amkd
same piped.amkd picks.amkd
score -k 25 --threads 5 -o threads.amkd pairs.amkd
same threads.amkd picks.amkd
score -k 25 --engine layered pairs.amkd | rows | cut -f1-3 >got
score -k 25 --engine fused pairs.amkd | rows | cut -f1-3 >want
same got want

echo "# shards, merged"
for by in c2 c1 "random --seed 4"; do
    for limit in "" "--max-per-image 3"; do
        score --by $by $limit -k 21 -o whole.amkd pairs.amkd
        for shard in 0 1 2; do
            amkd-pool -q --shard $shard/3 real.amkd |
                score --by $by $limit -k 21 -o shard$shard.amkd
        done
        amkd-merge -q -o merged.amkd shard2.amkd shard0.amkd shard1.amkd
        same merged.amkd whole.amkd
    done
done
for shard in 0 1; do # under names of their own, and without -k
    amkd-pool -q --shard $shard/2 -o part$shard.amkd real.amkd
    score -o scored$shard.amkd part$shard.amkd
done
amkd-merge -q -o merged.amkd scored0.amkd scored1.amkd
same merged.amkd all.amkd

if have_both; then
    echo "# several devices: the same bytes, each does its part"
    for way in "" "--by c1" "-k 25" "--by c1 -k 25" "-k 25 --max-per-image 3"; do
        score $way -d 0 -o one.amkd pairs.amkd
        both score $way -d 1,0 -o two.amkd pairs.amkd
        same one.amkd two.amkd
    done
    AMKD_DEVICE=0,1 both amkd-score -v -s student.safetensors -o two.amkd pairs.amkd 2>said
    grep -q '^amkd-score: device 0 (.*): [0-9]* mixes, engine: fused' said || fail "$(cat said)"
    test "$(awk '/ mixes, / {for (w = 2; w <= NF; w++) if ($w == "mixes,") sum += $(w - 1)}
        END {print sum}' said)" -eq $((780 * 11)) || fail "not all mixes: $(cat said)"
    fails 1 "'0' is device 0, which is named already" both \
        amkd-score -q -s student.safetensors -d 0,0 -o out.amkd pairs.amkd
fi

echo "# --refine: all lambdas for the coarse grid's lowest"
score --lambda 0:1:33 -k 25 -o fine.amkd pairs.amkd
score --lambda 0:1:33 -k 25 --refine 31.2 -o refined.amkd pairs.amkd
rows fine.amkd >want
rows refined.amkd >got # all 780 pairs are candidates
same got want
score --lambda 0:1:33 -k 25 --refine 1 --coarse 5 --refine-sample 0 -o refined.amkd <pairs.amkd
score --lambda 0:1:5 -k 25 -o coarse.amkd pairs.amkd
pairs_of coarse.amkd >want
pairs_of refined.amkd >got # no other candidates than the picks of the coarse grid
same got want
test -n "$(rows refined.amkd | awk -F'\t' '$3 % 0.25 != 0')" || fail "no finer lambda"
amkd-cat --header refined.amkd | tr -d ' \n' >header
grep -qF '"refine":{"candidates":1.0,"coarse":[0.0,0.25,0.5,0.75,1.0]}' header ||
    fail "$(cat header)"
score --lambda 0:1:33 -k 25 --max-per-image 3 --refine 2 --by entropy pairs.amkd | rows >got
test "$(wc -l <got)" -eq 25 || fail "not 25 picks"
score --lambda 0:1:33 -k 25 --max-per-image 2 -o fine.amkd pairs.amkd
score --lambda 0:1:33 -k 25 --max-per-image 2 --refine 31.2 -o refined.amkd pairs.amkd
rows fine.amkd >want
rows refined.amkd >got # here, too, all pairs are candidates
same got want

echo "# --refine: what it finds, by a sample"
# measured N: what is said of refining with a sample of N, FOUND SAMPLED LOW HIGH, which
# the header says, too.
measured() {
    amkd-score -s student.safetensors "${coarsely[@]}" --refine-sample "$1" -o sampled.amkd many_pairs.amkd 2>said
    sed -n 's/^amkd-score: refining found \([0-9]*\) of \([0-9]*\) sampled picks (.* %, 95 % interval \([0-9]*\) to \([0-9]*\) %)$/\1 \2 \3 \4/p' said >figures
    read -r found sampled low high <figures || fail "nothing measured: $(cat said)"
    amkd-cat --header sampled.amkd | tr -d ' \n' | grep -qF "\"found\":$found,\"sampled\":$sampled}" ||
        fail "another recall in the header"
}
for limit in "" "--max-per-image 12"; do
    coarsely=(--lambda 0.3:0.7:17 -k 400 $limit --refine 1 --coarse 2)
    score --lambda 0.3:0.7:17 -k 400 $limit -o exact.amkd many_pairs.amkd
    score "${coarsely[@]}" --refine-sample 0 -o refined.amkd many_pairs.amkd
    true=$(pairs_of refined.amkd | sort | comm -12 - <(pairs_of exact.amkd | sort) | wc -l)
    ((true > 160 && true < 320)) || fail "$true of 400 found, which shows nothing"
    measured 39060 # the sample is all pairs
    test "$sampled" -eq 400 || fail "$sampled of 400 picks in a sample of all pairs"
    test -n "$limit" || test "$found" -eq "$true" || fail "found $found, not $true"
    rows exact.amkd >want
    rows sampled.amkd >got
    same got want
    found_of_all=$found
    for n in 4000 12000; do
        measured $n
        ((low * 4 <= found_of_all && found_of_all <= high * 4 && sampled < 400)) ||
            fail "$found of $sampled found, $low to $high %, in truth $found_of_all of 400"
    done
done
score "${coarsely[@]}" many_pairs.amkd 2>said >quiet.amkd
test ! -s said || fail "said with -q: $(cat said)"

for limits in "-k 18 --max-per-image 1" "-k 37 --max-per-image 2"; do # nearly the most
    score --lambda 0:1:33 $limits --refine 2 -o refined.amkd pairs.amkd
    rows refined.amkd | cut -f1,2 | tr '\t' '\n' | sort | uniq -c |
        awk -v most="${limits##* }" '$1 > most {exit 1}' || fail "an image too often"
done
fails 1 "a shard, which cannot be refined" \
    amkd-score -q -s student.safetensors -k 3 --refine 2 -o out.amkd part0.amkd

echo "# --max-per-image"
score --max-per-image 2 -k 30 -o limited.amkd pairs.amkd
test "$(rows limited.amkd | cut -f1,2 | tr '\t' '\n' | sort | uniq -c | sort -rn |
    awk 'NR == 1 {print $1}')" -le 2 || fail "an image in more than two picks"

echo "# --noise: a sample by the scores, the same however it was made"
score -k 25 --noise 0 -o silent.amkd pairs.amkd
rows silent.amkd >got
rows picks.amkd >want
same got want
score -k 25 --noise 1 --seed 8 -o noisy.amkd pairs.amkd
amkd-cat --header noisy.amkd | tr -d ' \n' | grep -qF '"noise":{"seed":8,"temperature":1.0}' ||
    fail "no noise in the header"
rows noisy.amkd | sort >got # the scores are those without noise
rows all.amkd | sort | comm -12 - got | cmp - got || fail "scores with noise"
rows noisy.amkd | cut -f4 | sort -gc 2>/dev/null && fail "noisy picks in order of score"
score -k 25 --noise 1 --seed 9 pairs.amkd | rows | sort >want
! cmp -s got want || fail "two seeds, the same sample"
score -k 25 --noise 1 --seed 8 --engine layered shuffled.amkd | rows | cut -f1-3 >got
rows noisy.amkd | cut -f1-3 | cmp - got || fail "another engine and order, other picks"
# A pool that is large enough that most pairs have no chance, beside shards that are not.
for way in "c2 -k 30 --noise 1" "entropy -k 30 --noise 0.5 --max-per-image 2" \
    "c1 -k 30 --noise 1" "c2 -k 30 --refine 2 --coarse 2 --noise 1"; do
    amkd-pool -q many.amkd | # 39,060 pairs
        amkd-score -v -s student.safetensors --lambda 0.3:0.7:3 --by $way -o whole.amkd 2>said
    test "$(sed -n 's/^amkd-score: \([0-9]*\) pairs not scored.*/\1/p' said)" -gt 5000 ||
        fail "all pairs were scored: $(cat said)"
    case $way in *refine*) continue ;; esac
    for ((shard = 0; shard < 12; shard++)); do
        amkd-pool -q --shard $shard/12 many.amkd |
            score --lambda 0.3:0.7:3 --by $way -o shard$shard.amkd
    done
    amkd-merge -q -o merged.amkd shard{0..11}.amkd
    same merged.amkd whole.amkd
done

echo "# --random-share: some whatever their score, first and at lambdas drawn"
share=(--lambda 0.3:0.7:3 -k 400 --random-share 0.5 --seed 2)
score --lambda 0.3:0.7:3 -o many_scores.amkd many_pairs.amkd
score "${share[@]}" -o shared.amkd many_pairs.amkd
rows shared.amkd >got
nrandom=$(awk -F'\t' '$4 < last {n = NR - 1} {last = $4} END {print n}' got)
test "$nrandom" -gt 140 && test "$nrandom" -lt 260 || fail "$nrandom of 400 at random"
head -n "$nrandom" got >random
awk -F'\t' 'NR == FNR {drawn[$1, $2]; next} !(($1, $2) in drawn)' random \
    <(rows many_scores.amkd | sort -t$'\t' -k4,4g -k1,1n -k2,2n) >rest
cmp <(tail -n +$((nrandom + 1)) got) <(sed -n "1,$((400 - nrandom))p" rest) ||
    fail "the others are not the lowest"
awk -F'\t' 'NR == FNR {score[$1, $2] = $4; next} score[$1, $2] != $4 {exit 1}
    {n[$3]++} END {exit !(n[0.3] > 20 && n[0.5] > 20 && n[0.7] > 20)}' \
    <(rows many_scores.amkd) random || fail "scores or lambdas of the random ones"
amkd-cat --header shared.amkd | tr -d ' \n' |
    grep -q '"random_share":{"below":0.00512032[0-9]*,"seed":2,"share":0.5}' ||
    fail "no share in the header"
for way in "" "--noise 1" "--by c1 --noise 0.5"; do
    score "${share[@]}" $way -o whole.amkd many_pairs.amkd
    for shard in 0 1 2; do
        amkd-pool -q --shard $shard/3 many.amkd | score "${share[@]}" $way -o shard$shard.amkd
    done
    amkd-merge -q -o merged.amkd shard[012].amkd
    same merged.amkd whole.amkd
done

echo "# --exclude, whatever the lambda; real images are no pairs of a pool of pairs"
amkd-train -q -a "fc classes" --steps 5 -o teacher.safetensors labeled.amkd
amkd-query -q -t model:teacher.safetensors -o asked.amkd picks.amkd
amkd-query -q -t model:teacher.safetensors -o asked_real.amkd real.amkd
score --lambda 0.5 --exclude asked.amkd --exclude asked_real.amkd -o rest.amkd pairs.amkd
test "$(rows rest.amkd | wc -l)" -eq 755 || fail "not 25 pairs left out"
pairs_of picks.amkd >asked
test -z "$(pairs_of rest.amkd | comm -12 <(sort) <(sort asked))" || fail "asked again"
fails 1 "cannot pick 756: the pool has 755 candidates, without the 25 pairs asked before" \
    amkd-score -q -s student.safetensors -k 756 --exclude asked.amkd -o out.amkd pairs.amkd

echo "# single images: C1 of the image itself, asked about unmixed"
amkd-pool -q --single -o single.amkd real.amkd
score -o alone.amkd single.amkd
score --lambda 1 --by c1 -o first.amkd pairs.amkd # the C1 of all images but the last
rows first.amkd | awk -F'\t' '{print $1 "\t" $1 "\t1\t" $4}' | sort -un >want
rows alone.amkd | sed -n 1,39p >got
same got want
score --by c1 -k 12 -o alone_c1.amkd single.amkd
rows alone.amkd | sort -t$'\t' -k4,4g -k1,1n | sed -n 1,12p >want
rows alone_c1.amkd >got
same got want
score -k 12 --engine layered single.amkd | rows | cut -f1-3 >got
cut -f1-3 want | cmp - got || fail "another engine picks other images"
for shard in 0 1 2; do
    amkd-pool -q --single --shard $shard/3 real.amkd | score --by c1 -k 12 -o shard$shard.amkd
done
amkd-merge -q -o merged.amkd shard[012].amkd
same merged.amkd alone_c1.amkd
amkd-cat --header alone_c1.amkd | tr -d ' \n' >header
grep -qF '"lambdas":[1.0]' header || fail "$(cat header)"
test "$(amkd-cat --check alone_c1.amkd)" = "alone_c1.amkd: picks, 12 rows, ok"
amkd-query -q -t model:teacher.safetensors -o asked_alone.amkd alone_c1.amkd
rows asked_alone.amkd | sort >got # the answers about the real images, of those picked
rows asked_real.amkd | awk -F'\t' 'NR == FNR {picked[$1]; next} $1 in picked' want - |
    sort >answers
same got answers
score --exclude asked_alone.amkd single.amkd | rows >rest
test "$(wc -l <rest)" -eq 28 || fail "not 12 images left out"
test -z "$(cut -f1,2 rest | grep -xFf <(cut -f1,2 want))" || fail "an image asked again"
amkd-train -q -a "fc classes" --steps 5 -o trained.safetensors asked_alone.amkd
test -s trained.safetensors || fail "no student of single images"
amkd-score -q --by random --seed 5 -k 12 single.amkd | rows | awk -F'\t' '
    $1 != $2 || $3 != 1 {exit 1}' || fail "random single images"
# Every score, against the student's own answers about the images.
amkd-query -q -t model:student.safetensors -o own.amkd real.amkd
for by in c2 c1 margin entropy; do
    score --by $by single.amkd | rows | cut -f1,4 >got
    rows own.amkd | awk -F'\t' -v by=$by '
        NR == FNR { score[$1] = $2; next }
        { top = second = entropy = 0
          for (f = 4; f <= NF; f++) {
              if ($f > top) { second = top; top = $f } else if ($f > second) second = $f
              entropy += $f > 0 ? $f * log($f) : 0 }
          want = by == "margin" ? top - second : by == "entropy" ? entropy : top
          if (want - score[$1] > 1e-4 || score[$1] - want > 1e-4) exit 1 }' got - ||
        fail "$by of single images: $(head -n 3 got)"
    score --by $by -k 12 single.amkd | rows | cut -f1 >picked
    sort -k2,2g -k1,1n got | sed -n "1,12p" | cut -f1 | cmp - picked || fail "the lowest $by"
done
fails 1 "single images, whose lambda is 1" \
    amkd-score -q -s student.safetensors --lambda 0.5 -o out.amkd single.amkd
fails 1 "single images: nothing is to be refined" \
    amkd-score -q -s student.safetensors -k 3 --refine 2 -o out.amkd single.amkd

echo "# the order of the pairs does not matter"
score -k 25 shuffled.amkd | rows >got
rows picks.amkd >want
same got want

echo "# random: by seed alone, no student, 0.5 or drawn lambdas"
amkd-score -q --by random --seed 5 -k 40 -o random.amkd pairs.amkd
test "$(rows random.amkd | cut -f3 | sort -u)" = 0.5 || fail "lambda is not 0.5"
amkd-score -q --by random --seed 5 -k 40 shuffled.amkd | rows >got
rows random.amkd >want
same got want
amkd-score -q --by random --seed 6 -k 40 pairs.amkd | rows >got
! cmp -s got want || fail "two seeds, the same picks"
amkd-score -q --by random --lambda 0.2,0.4,0.9 pairs.amkd | rows | cut -f3 | sort -u >got
printf '0.2\n0.4\n0.9\n' >want
same got want

echo "# the other measures"
for by in margin entropy; do
    score --by $by -k 25 pairs.amkd | rows | cut -f4 >got
    sort -g got | cmp - got || fail "$by is not sorted"
done
test "$(score --by entropy pairs.amkd | rows | awk '$4 > 0' | wc -l)" -eq 0 ||
    fail "a negative entropy above zero"

echo "# bad input"
fails 1 "cannot pick 781: the pool has 780 candidates" \
    amkd-score -q -s student.safetensors -k 781 -o out.amkd pairs.amkd
fails 1 "when an image takes part in at most 1" \
    amkd-score -q -s student.safetensors -k 21 --max-per-image 1 -o out.amkd pairs.amkd
amkd-import -q --limit 40 --unlabeled -o large.amkd $fashion/t10k-images-idx3-ubyte.gz
amkd-pool -q -o large_pairs.amkd large.amkd
fails 1 "the student takes images of 1x12x12" \
    amkd-score -q -s student.safetensors -o out.amkd large_pairs.amkd
fails 1 "not the image set of the stream" \
    amkd-score -q -s student.safetensors --images large.amkd -o out.amkd pairs.amkd
fails 1 "different images" \
    amkd-score -q --by random --exclude asked.amkd -o out.amkd large_pairs.amkd
fails 1 "expected" amkd-score -q -s student.safetensors -o out.amkd picks.amkd
fails 1 "'nowhere.safetensors'" amkd-score -q -s nowhere.safetensors -o out.amkd pairs.amkd
head -c 300 pairs.amkd >cut.amkd
fails 1 "cut.amkd" amkd-score -q -s student.safetensors -o out.amkd cut.amkd
head -c 1200 pairs.amkd >cut.amkd
fails 1 "cut.amkd" amkd-score -q --by random -k 3 -o out.amkd cut.amkd

echo "# misuse"
fails 2 "--student" amkd-score -q -o out.amkd pairs.amkd
fails 2 "--by" amkd-score -q --by c3 -s student.safetensors -o out.amkd pairs.amkd
fails 2 "--max-per-image" amkd-score --by random --max-per-image 3 -o out.amkd pairs.amkd
fails 2 "--noise needs -k" amkd-score -s student.safetensors --noise 1 -o out.amkd pairs.amkd
fails 2 "--noise" amkd-score -s student.safetensors -k 3 --noise=-1 -o out.amkd pairs.amkd
for by in margin random; do
    fails 2 "--noise is for --by c2, c1 or entropy" amkd-score -s student.safetensors \
        --by $by -k 3 --noise 1 -o out.amkd pairs.amkd
done
for way in "--by c2" "--by random -k 3"; do
    fails 2 "--random-share needs" amkd-score -s student.safetensors $way --random-share 0.5 \
        -o out.amkd pairs.amkd
done
fails 2 "--random-share" \
    amkd-score -s student.safetensors -k 3 --random-share 1.1 -o out.amkd pairs.amkd
fails 2 "--seed is for --by random, --noise and --random-share" \
    amkd-score -s student.safetensors --seed 3 -o out.amkd pairs.amkd
fails 2 "--refine needs -k" \
    amkd-score -s student.safetensors --refine 2 -o out.amkd pairs.amkd
fails 2 "--refine" amkd-score -s student.safetensors -k 2 --refine 0.9 -o out.amkd pairs.amkd
for option in "--coarse 3" "--refine-sample 300" "--refine-sample 0"; do
    fails 2 "${option% *} needs --refine" \
        amkd-score -s student.safetensors -k 2 $option -o out.amkd pairs.amkd
done
fails 2 "more lambdas than the coarse 11" \
    amkd-score -s student.safetensors -k 2 --refine 2 --coarse 11 -o out.amkd pairs.amkd
fails 2 "more lambdas" \
    amkd-score -s student.safetensors -k 2 --refine 2 --lambda 0.5 -o out.amkd pairs.amkd
for by in c1 random; do
    fails 2 "--refine is for --by c2, margin or entropy" amkd-score --by $by \
        -s student.safetensors -k 2 --refine 2 -o out.amkd pairs.amkd
done
fails 2 "--engine" amkd-score --by random --engine fast -o out.amkd pairs.amkd
for grid in 0.3:0.7 0.3:0.7:0 0.3:0.7:x 0.3:0.7:1 -0.1,0.5 0.5:1.5:3 nan 0.5, "" 0.5,0.5 a; do
    fails 2 "--lambda" amkd-score --by random --lambda="$grid" -o out.amkd pairs.amkd
done
