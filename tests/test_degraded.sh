#!/usr/bin/env bash
# amkd-distill compare --answers: arms by what answers say, each of the answers that it should
# have, of a teacher that is asked about nothing twice; and what the page says of them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
rows() { amkd-cat "$1" | tail -n +2; }

# expect TEXT ARGUMENT...: amkd-distill compare is misused, and says TEXT.
expect() {
    local text=$1 got=0
    shift
    amkd-distill compare "$@" >stdout 2>stderr || got=$?
    [ "$got" = 2 ] || fail "$*: exit status $got: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
}

# Gray images with noise, of which the teacher is the less sure the nearer they are to some
# gray; every eighth test image has another label than it would say.
perl -e 'srand 5; for (60, 80) {
    open my $images, ">", "set-$_-idx3-ubyte"; open my $labels, ">", "set-$_-idx1-ubyte";
    print $images pack "NNNN", 0x803, $_, 6, 6; print $labels pack "NN", 0x801, $_;
    for my $n (1 .. $_) {
        my $gray = 20 + int rand 200;
        print $images pack "C*", map { $gray + int rand 32 } 1 .. 36;
        print $labels pack "C", $n % 8 ? ($gray > 110 ? 0 : 2) : 1;
    } }'
amkd-import --unlabeled -q -o real.amkd set-60-idx3-ubyte
amkd-import -q --labels set-80-idx1-ubyte -o test.amkd set-80-idx3-ubyte
cat >api.mk <<'END'
IMAGES = real.amkd
TEST = test.amkd
TEACHER = exec:perl teacher.pl honest log
TEACHER_OPTIONS = --fill zero
TEACHER_BATCH = 20
FIRST = 10
BUDGETS = 40
BY = random
ARCH = mlp
ASSISTANT =
STEPS = 30
END
sed '/^TEACHER_OPTIONS/d' <api.mk >plain.mk

# Misuse is found before anything is asked.
for kind in '' digits-0 digits-10 top-0 top3 'top-2+' digits-1+top-2 full+top-1; do
    expect "--answers '$kind': expected full" --answers "full,$kind,top-1" plain.mk
done
expect "'top-1' stands there twice" --answers top-1,full,top-1 plain.mk
expect 'TEACHER_OPTIONS has --digits' --answers full plain.mk TEACHER_OPTIONS='-v --digits=3'
cp plain.mk plain-full.mk
expect "there is an arm 'plain-full' already" --answers full plain.mk plain-full.mk
expect '--fill' --answers full,top-1 api.mk
[ ! -e log ] || fail "misuse asked"

# Every arm has its own answers about the same images, and these were asked about once: 80 test
# images and 40 others.
kinds=full,digits-1,top-2,top-1,top-2+digits-1
amkd-distill compare -q -j 2 --dir leaks --answers $kinds plain.mk >table
[ "$(wc -l <log)" = 120 ] || fail "$(wc -l <log) questions about 120 images"
cd leaks
cmp ../table comparison.txt
# Expected answers are made of the whole ones by other means: the best of equals is the first.
degrade() { # KEEP DIGITS
    awk -v OFS='\t' -v keep="$1" -v digits="$2" '{
        for (f = 4; f <= NF; f++) {
            above = 0
            for (g = 4; g <= NF; g++) above += $g > $f || ($g == $f && g < f)
            p[f] = above < keep ? sprintf("%." digits "f", $f) : 0
        }
        sum = 0
        for (f = 4; f <= NF; f++) sum += p[f]
        for (f = 4; f <= NF; f++) $f = p[f] / sum
        print }'
}
differ() { # FILE FILE: how many rows do by more than rounding
    paste "$1" "$2" | awk '{ far = 0
        for (f = 1; f <= NF / 2; f++) { d = $f - $(f + NF / 2); far += d * d > 1e-8 }
        n += far > 0 } END { print n + 0 }'
}
for part in round-0 round-1 test; do
    rows full/seed-1/$part/labels.amkd >full.rows
    for arm in 'digits-1 3 1' 'top-2 2 9' 'top-1 1 9' 'top-2+digits-1 2 1'; do
        read -r arm keep digits <<<"$arm"
        degrade "$keep" "$digits" <full.rows >expected.rows
        rows "$arm/seed-1/$part/labels.amkd" >arm.rows
        [ "$(wc -l <arm.rows)" = "$(wc -l <full.rows)" ] || fail "$arm: $part"
        [ "$(differ arm.rows expected.rows)" = 0 ] || fail "$arm has other answers: $part"
        [ "$(differ arm.rows full.rows)" -gt 5 ] || fail "$arm has whole answers: $part"
    done
done
# Its students learn from them alone, those of the first round, which runs share, too.
for round in round-0 round-1; do
    for arm in ${kinds//,/ }; do
        sha256sum <"$arm/seed-1/$round/student.safetensors"
    done | sort -u >students
    [ "$(wc -l <students)" = 5 ] || fail "arms share students: $round"
done
grep -qxF '  top-1            TEACHER_OPTIONS=--keep-top 1' comparison.txt || fail "$(cat comparison.txt)"

# The page: a line and a row an arm, with the figures of the table.
sed -n '/<section id="leaks">/,/<\/section>/p' report.html >section
grep -o '<tr><th scope="row">.*</tr>' section >page.rows
[ "$(wc -l <page.rows)" = 5 ] || fail "rows of the page: $(cat section)"
[ "$(grep -c '<path class="mark" d="[^"]*"><title>' section)" = 5 ] || fail "lines of the page"
words=('all probabilities' 'probabilities rounded to 1 decimal' 'the best 2 classes'
    'the label alone' 'the best 2 classes rounded to 1 decimal')
for arm in ${kinds//,/ }; do
    row=$(grep -F "<th scope=\"row\">$arm</th><td>${words[0]}</td>" page.rows) ||
        fail "$arm on the page: $(cat page.rows)"
    words=("${words[@]:1}")
    awk -F '\t' -v arm="$arm" '$2 == arm {
        printf "<td>%.2f&\n<td>%.3f<\n<td>%.2f&\n", 100 * $7, $8, 100 * $6 }' rounds.tsv >figures
    [ "$(wc -l <figures)" = 6 ] || fail "$arm in the table: $(cat rounds.tsv)"
    while read -r figure; do
        grep -qF "$figure" <<<"$row" || fail "$arm: no $figure in $row"
    done <figures
done
grep -qE 'By 40 answers that say all a student comes to <b>[0-9.]+&#8239;%</b>' section ||
    fail "what it comes to: $(cat section)"
cd ..

# Other pages have none of it.
amkd-report -o other.html leaks/full/seed-1
! grep -q 'id="leaks-table"' other.html || fail "one kind of answers gives nothing to compare"

# Again, and of the answers that are there, nobody is asked; several recipes have arms each.
: >log
amkd-distill compare -q --dir leaks --answers $kinds plain.mk | cmp - table
store=$(find leaks/shared -name 'answers-*' -type d)
amkd-distill compare -q --dir replayed --answers full,top-1 plain.mk "TEACHER=replay:$store" >again
for arm in full top-1; do
    cmp <(rows leaks/$arm/seed-1/round-1/labels.amkd) \
        <(rows replayed/$arm/seed-1/round-1/labels.amkd) || fail "replayed answers: $arm"
    cmp {leaks,replayed}/$arm/seed-1/round-1/eval.json || fail "of replayed answers: $arm"
done
{ echo include plain.mk && echo STEPS = 31; } >longer.mk
amkd-distill compare -q --dir leaks --answers full,top-1 plain.mk longer.mk >table
[ ! -s log ] || fail "$(wc -l <log) questions that were answered before"
[ "$(awk '$2 == 40 && $4 == 1 { print $3 }' table | sort -u | paste -sd ' ')" = \
    'longer-full longer-top-1 plain-full plain-top-1' ] || fail "arms of two recipes: $(cat table)"
! grep -q 'worth, in answers' leaks/report.html || fail "two arms have whole answers"
