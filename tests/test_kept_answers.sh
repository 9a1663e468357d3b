#!/usr/bin/env bash
# Answers of programs that cost money: one that comes too late, one bad one among good ones,
# kept ones that are not what --labels says, rounded ones. What was asked is counted by the
# program itself, in the file "log".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
rows() { amkd-cat "$1" | tail -n +2; }
nrows() { rows "$1" | wc -l; }
nasked() { [ ! -e log ] || wc -l <log; }
clean() { rm -rf log journal out mended hung kept.amkd; }
said() { grep -qF -- "$1" stderr || fail "no '$1' in: $(cat stderr)"; }

# fails COMMAND...: it exits with status 1; what it says is in the file stderr.
fails() {
    local got=0
    "$@" 2>stderr || got=$?
    [ "$got" = 1 ] || fail "$*: exit status $got: $(cat stderr)"
}

# Forty images of 2 x 3 by way of an IDX file, and what an honest teacher says of them.
{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte
amkd-query -q -t "exec:perl teacher.pl honest" -o honest.amkd real.amkd
rows honest.amkd >honest

# A program slower than --timeout is asked its batch once, and the batch is spent.
ask=(amkd-query --batch 10)
late=("${ask[@]}" -v --timeout 1 --journal journal --budget 10 -o out real.amkd)
export TEACHER="slow log"
fails "${late[@]}" -t 'exec:perl teacher.pl $TEACHER'
said "no answer within 1 s"
said "10 images of all runs are doubtful"
said "10 images spent over all runs"
sleep 2 # for as long as the program would go on
[ "$(nasked)" -le 10 ] || fail "a slow program was asked $(nasked) images, 10 spent"
before=$(nasked)
fails "${late[@]}" -t 'exec:perl teacher.pl $TEACHER'
said "the budget of 10 images is spent"
[ "$(nasked)" = "$before" ] || fail "asked beyond the budget"

# Of two programs one hangs: what the other answers meanwhile is kept, and the same command
# asks for the rest alone.
clean
two=("${ask[@]}" -q --timeout 4 --workers 2 --append -o kept.amkd real.amkd)
TEACHER='hangs-once log'
fails "${two[@]}" -t 'exec:perl teacher.pl $TEACHER'
said "no answer within 4 s"
kept=$(nrows kept.amkd)
[ "$kept" = 30 ] && [ "$(nasked)" = 30 ] || fail "$kept kept of $(nasked) answers"
"${two[@]}" -t 'exec:perl teacher.pl $TEACHER'
[ "$(nasked)" = 40 ] || fail "$(nasked) images asked in both runs"
rows kept.amkd | sort -n | cmp - honest || fail "the answers of both runs"

# One bad answer in a batch: the others of the batch are kept, no more is asked, and the
# same command asks for the bad one and for those that were not asked.
for place in "--journal journal -o out" "--append -o kept.amkd"; do
    for flaw in nan infinite negative unnormalized; do
        clean
        TEACHER="one-$flaw log"
        read -ra where <<<"$place"
        flawed=("${ask[@]}" -q "${where[@]}" -t 'exec:perl teacher.pl $TEACHER' real.amkd)
        fails "${flawed[@]}"
        said "answer 3 of 10: "
        [ "$(nasked)" = 10 ] || fail "$flaw: $(nasked) asked after a bad answer"
        touch mended
        if [ -e kept.amkd ]; then
            [ "$(nrows kept.amkd)" = 9 ] || fail "$flaw: $(nrows kept.amkd) answers kept"
        elif [ $flaw = negative ] || [ $flaw = unnormalized ]; then
            # It may be of another kind: kept, and found before anything is asked.
            fails "${flawed[@]}"
            said "question 3: its answer, kept in 'journal': "
            fails "${flawed[@]}" --dry-run
            [ "$(nasked)" = 10 ] || fail "$flaw: asked before what is kept was looked at"
            flawed+=(--ask-again)
        fi
        "${flawed[@]}"
        [ "$(nasked)" = 41 ] || fail "$flaw: $(nasked) asked in both runs, expected 41"
        result=out
        [ ! -e kept.amkd ] || result=kept.amkd
        rows $result | sort -n | cmp - honest || fail "$flaw: the answers of both runs"
    done
done
amkd-query -q --journal journal -t 'exec:perl teacher.pl $TEACHER' -o out real.amkd

# Answers of another kind are bought once; the message says what reads them.
clean
TEACHER="unnormalized log"
summed=("${ask[@]}" --journal journal -o out -t 'exec:perl teacher.pl $TEACHER' real.amkd)
for ((run = 0; run < 3; run++)); do
    fails "${summed[@]}"
    said "sum to 1.5, expected 1"
    said "--labels=scores"
    [ "$(nasked)" = 10 ] || fail "run $run: $(nasked) images bought"
done
"${summed[@]}" -q --labels scores
[ "$(nasked)" = 40 ] || fail "$(nasked) images bought"
rows out | awk '$4 < .333 || $4 > .334 { exit 1 }' || fail "scores: $(rows out | head -1)"
clean
TEACHER="percent log"
fails "${summed[@]}"
said "--percent"
"${summed[@]}" -q --percent
[ "$(nasked)" = 40 ] || fail "$(nasked) percentages bought"
paste <(rows out) honest | awk '{ for (y = 4; y < 7; y++) if (($y - $(y + 6)) ^ 2 > 1e-10) exit 1 }' ||
    fail "percentages: $(rows out | head -1)"

# A teacher that rounds: its answers are scaled to one, which is said once.
clean
TEACHER="rounds"
"${summed[@]}" 2>stderr
said "40 answers did not sum to 1, as rounding explains, and were scaled to it"
[ "$(grep -c rounding stderr)" = 1 ] || fail "said more than once: $(cat stderr)"
rows out | awk '{ s = $4 + $5 + $6 - 1; if (s * s > 1e-6) exit 1 }' || fail "rounded sums"
"${summed[@]}" -q 2>stderr
[ ! -s stderr ] || fail "said in spite of -q: $(cat stderr)"
