#!/usr/bin/env bash
# bench/study: a tiny one, the same again without work, and misuse.
set -euo pipefail
if [ ! -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
    echo "not tested: the package dataset-fashion-mnist is not installed" >&2
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

study() {
    bash "$SOURCE/bench/study" --quick -j 2 --dir run "$@"
}

study --seeds 5,7 warm ARCH=mlp >out 2>stderr || fail "a run: $(cat stderr)"
cat <(printf '== warm\n\n') run/warm.txt <(echo) | cmp - out || fail "the table: $(cat out)"
# Two arms of two rounds beyond the first, two seeds.
[ "$(wc -l <run/warm.tsv)" = 13 ] || fail "a line a round, arm and seed: $(cat run/warm.tsv)"
[ "$(cut -f 4 run/warm.tsv | sort -un | tr '\n' ' ')" = 'answers 40 48 56 ' ] ||
    fail "answers: $(cat run/warm.tsv)"
awk -F '\t' 'NR > 1 && ($6 <= 0 || $7 <= 0 || $8 <= 0) { exit 1 }' run/warm.tsv ||
    fail "figures: $(cat run/warm.tsv)"
grep -q 'points above mixup-short' run/warm.txt || fail "differences: $(cat run/warm.txt)"
grep -q '^  warm  *56 answers, ' run/warm.txt || fail "as much: $(cat run/warm.txt)"
grep -qE '^  mixup-short +seed 5 +16 +16 +[0-9]+ +[0-9]+  0\.[0-9]{3}$' run/warm.txt ||
    fail "variety: $(cat run/warm.txt)"

# Half way from 93 to 94 % is half way from 16 to 24 answers.
{
    echo head
    printf '1\t%s\t1\t%s\t0\t%s\n' few 8 .9 few 16 .93 few 24 .94 \
        good 24 .935 bad 16 .8 best 16 .99
} >arms.tsv
awk -v at=24 -f "$SOURCE/bench/studies/equal.awk" arms.tsv >equal
diff equal - <<'END' || fail "answers for as much"
answers that few needs for as much
  good                 24 answers, 93.50 %: 20
  bad                  16 answers, 80.00 %: at most 8
  best                 16 answers, 99.00 %: more than 24

END
grep -q '^<!doctype html>' -i run/warm.html || fail "no page"

# Each seed has its own images and pool; the arms of a seed share both.
! cmp -s run/real-40-5.amkd run/real-40-7.amkd || fail "the seeds draw alike"
for seed in 5 7; do
    cmp run/{mixup-short,warm}/seed-$seed/round-0/eval.json
    cmp <(amkd-cat run/mixup-short/seed-$seed/round-1/picks.amkd) \
        <(amkd-cat run/warm/seed-$seed/round-1/picks.amkd)
    ! cmp -s run/{mixup-short,warm}/seed-$seed/round-1/eval.json || fail "warm starts like cold"
    amkd-cat --header run/mixup-short/seed-$seed/round-1/picks.amkd >header
    grep -q -- "--seed=${seed}001\"" header || fail "seed $seed's pool: $(cat header)"
done

find run -name '*.safetensors' -newer out >before
study --seeds 5,7 warm ARCH=mlp >again 2>stderr || fail "a second run: $(cat stderr)"
cmp out again
find run -name '*.safetensors' -newer out | cmp - before || fail "work was done again"

# The student that answers about all images taught: no round beyond round 0.
study --seeds 5 ceiling ARCH=mlp >out 2>stderr || fail "the ceiling: $(cat stderr)"
grep -q '^ *0 *100 *ceiling ' out || fail "the ceiling: $(cat out)"

# Of CIFAR-10, in its binary version, of noise. The newcomer's settings are nobody's.
mkdir cifar
for batch in data_batch_{1..5} test_batch; do
    for n in {1..30}; do
        printf "\\x$(printf %x $((n % 10)))"
        head -c 3072 /dev/urandom
    done >cifar/$batch.bin
done
study --seeds 5 --cifar10 cifar cifar-newcomer ARCH=mlp ASSISTANT=mlp >out 2>stderr ||
    fail "CIFAR-10: $(cat stderr)"
grep -qE '^ *[1-9] +16 +newcomer ' out || fail "CIFAR-10: $(cat out)"
if study --seeds 5 cifar-few 2>stderr >/dev/null; then
    fail "CIFAR-10 that is not there"
fi
grep -q "parts cifar-\* need --cifar10 DIR" stderr || fail "no CIFAR-10: $(cat stderr)"

misused() { # TEXT ARGUMENT...
    local text=$1 got=0
    shift
    study "$@" 2>stderr >/dev/null || got=$?
    [ "$got" = 2 ] || fail "$*: exit status $got"
    grep -qF -- "$text" stderr || fail "$*: $(cat stderr)"
}
misused "SEED=3: bench/study sets that itself" SEED=3
misused "'arms': neither NAME=VALUE nor a part of it" arms
misused "--jobs '0'" --jobs 0
misused "--seeds '1,x'" --seeds 1,x
if study --others nowhere --seeds 5 domain 2>stderr >/dev/null; then
    fail "others that are not there"
fi
grep -q "'nowhere': not there" stderr || fail "others: $(cat stderr)"
