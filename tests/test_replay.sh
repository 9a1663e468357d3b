#!/usr/bin/env bash
# replay: a teacher of answers bought before: labels files and journals, by exact pixels.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
rows() { amkd-cat "$1" | tail -n +2; }

# expect TEXT COMMAND...: it fails, says TEXT on stderr, leaves no "out".
expect() {
    local text=$1 got=0
    shift
    "$@" >stdout 2>stderr || got=$?
    [ "$got" = 1 ] || fail "$*: exit status $got, expected 1: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
    [ ! -e out ] || fail "$*: left an output"
}

# Sixty images of 4 x 4, answers about them and about two rounds of mixes.
perl -e 'srand 3; print pack("NNNN", 0x803, 60, 4, 4), map { chr int rand 256 } 1 .. 960' \
    >set-idx3-ubyte
amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte
for seed in 1 2; do
    amkd-pool -q real.amkd |
        amkd-score -q --by random --lambda 0.1:0.9:9 --seed $seed -k 80 -o picks$seed.amkd
done
bought=(amkd-query -q -t "exec:perl teacher.pl honest log")
mkdir run
"${bought[@]}" -o run/0.amkd real.amkd
"${bought[@]}" -o run/1.amkd picks1.amkd
"${bought[@]}" --journal paid -o 2.amkd picks2.amkd
asked=$(wc -l <log)

# The same answers in any order, selection and batch, by a list or a pattern of files.
replay=(amkd-query -q -t)
"${replay[@]}" 'replay:run/0.amkd,run/1.amkd' -o out1.amkd picks1.amkd
cmp <(rows run/1.amkd) <(rows out1.amkd) || fail "answers about mixes"
"${replay[@]}" 'replay:run/*.amkd' --batch 7 real.amkd >out0.amkd
cmp <(rows run/0.amkd) <(rows out0.amkd) || fail "answers about images, by a pattern"
amkd-merge -q -k 30 picks1.amkd -o few.amkd
"${replay[@]}" 'replay:run/1.amkd' -o few-labels.amkd few.amkd
[ "$(rows few-labels.amkd | wc -l)" = 30 ] || fail "thirty of eighty"
[ -z "$(rows few-labels.amkd | sort | comm -23 - <(rows run/1.amkd | sort))" ] ||
    fail "answers about a selection"
"${replay[@]}" 'replay:run/*.amkd' --budget 10 -o ten.amkd picks1.amkd
cmp <(rows ten.amkd) <(rows run/1.amkd | head -10) || fail "a smaller budget"

# A journal hands on its values too, alone or beside labels.
"${replay[@]}" replay:paid -o out2.amkd picks2.amkd
cmp <(rows 2.amkd) <(rows out2.amkd) || fail "answers out of a journal"
"${replay[@]}" 'replay:run/*.amkd,paid' -o out3.amkd picks2.amkd
cmp <(rows 2.amkd) <(rows out3.amkd) || fail "a journal behind labels"
[ "$(wc -l <log)" = "$asked" ] || fail "the teacher was asked again"

# The header says whose answers they are, once a teacher.
amkd-cat --header out1.amkd >header
grep -qF '"teacher": "replay:run/0.amkd,run/1.amkd"' header || fail "teacher: $(cat header)"
[ "$(grep -cF '"teacher": "exec:perl teacher.pl honest log"' header)" = 1 ] ||
    fail "origin: $(cat header)"

# Worse answers, and their rule in the header; they cannot be mixed with others.
"${replay[@]}" replay:run/0.amkd --keep-top 1 --fill uniform --digits 1 -o worse.amkd real.amkd
rows worse.amkd | awk '{
    for (f = 4; f <= NF; f++) if (($f * 20 + 0.001) % 1 > 0.002) exit 1 }' ||
    fail "one class of one digit: $(rows worse.amkd | head -3)"
amkd-cat --header worse.amkd | tr -d ' \n' |
    grep -qF '"answers":{"digits":1,"fill":"uniform","keep_top":1,"kind":"probs"}' ||
    fail "the rule in the header"
cp out0.amkd both.amkd
expect "read by other --labels" "${replay[@]}" 'replay:run/*.amkd' --digits 2 --append \
    -o both.amkd real.amkd
! amkd-query -t replay:run/0.amkd --labels top1 --digits 2 real.amkd 2>stderr ||
    fail "--digits of the best alone"
grep -qF -- "--digits" stderr || fail "--digits of the best alone: $(cat stderr)"

# A selection among what was bought, by a student: each mix at its own lambda, by the pixels
# that the teacher saw; all picks are known.
amkd-train -q -a mlp --steps 200 -o student.safetensors run/1.amkd
bought=(--bought run/1.amkd --bought 2.amkd)
amkd-score -q -s student.safetensors "${bought[@]}" -k 50 -o some.amkd
[ "$(rows some.amkd | wc -l)" = 50 ] || fail "fifty picks"
rows some.amkd | cut -f4 | sort -cg || fail "the lowest first"
"${replay[@]}" 'replay:run/1.amkd,2.amkd' -o some-labels.amkd some.amkd
# Scores as of pairs, but for the rounding of pixels; those asked before are left out.
amkd-pool -q real.amkd |
    amkd-score -q -s student.safetensors --by c1 --lambda 0.1:0.9:9 -o every.amkd
for by in c2 margin entropy; do
    amkd-score -q -s student.safetensors "${bought[@]}" --by $by -o of.amkd
    [ "$(rows of.amkd | wc -l)" = 160 ] || fail "$by: every row"
    [ $by = c2 ] || continue
    awk -F '\t' 'NR == FNR { score[$1, $2, $3] = $4; next }
        { d = $4 - score[$1, $2, $3]; if (d ^ 2 > 1e-4) exit 1 }' <(rows every.amkd) \
        <(rows of.amkd) || fail "$by: other scores than of pairs"
done
amkd-score -q --by random --seed 3 "${bought[@]}" --exclude run/1.amkd -o of.amkd
[ "$(rows of.amkd | wc -l)" -gt 0 ] || fail "nothing is left"
[ -z "$(comm -12 <(rows of.amkd | cut -f1,2 | sort) <(rows run/1.amkd | cut -f1,2 | sort))" ] ||
    fail "asked before"
expect "161" amkd-score -q -s student.safetensors "${bought[@]}" -k 161 -o out

# What is not known is counted over all questions, before anything is written.
known=$(cat <(rows run/1.amkd) <(rows 2.amkd) | cut -f1-3 | sort | uniq -d | wc -l)
expect "teacher 'replay:run/1.amkd': knows $known of the 80 images asked about" \
    "${replay[@]}" replay:run/1.amkd -o out picks2.amkd
expect "knows 0 of the 60 images" "${replay[@]}" replay:run/1.amkd -n real.amkd

# Bad files are named.
expect "'none.amkd'" "${replay[@]}" replay:none.amkd -o out real.amkd
expect "'run/none*'" "${replay[@]}" 'replay:run/none*' -o out real.amkd
expect "'real.amkd': holds images" "${replay[@]}" replay:real.amkd -o out real.amkd
head -c 300 run/0.amkd >cut.amkd
expect "cut.amkd" "${replay[@]}" replay:cut.amkd -o out real.amkd
perl -e 'print pack("NNNN", 0x803, 20, 2, 3), map { chr } 1 .. 120' >small-idx3-ubyte
amkd-import --unlabeled -q -o small.amkd small-idx3-ubyte
expect "is about 1x4x4 images" "${replay[@]}" replay:run/0.amkd -o out small.amkd
cp -r run moved
cp real.amkd kept.amkd
cp small.amkd real.amkd
expect "moved/0.amkd" "${replay[@]}" 'replay:moved/*' -o out kept.amkd
