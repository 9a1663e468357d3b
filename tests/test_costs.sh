#!/usr/bin/env bash
# What amkd-query says of costs: plans before, doubtful images and prices after; no server.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "failed: $*" >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"
said() { grep -qF -- "$1" said || fail "no '$1' in: $(cat said)"; }

# Forty images of 2 x 3.
{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte
# The teacher's behaviour is no part of its spec.
ask=(amkd-query --batch 4 -t 'exec:perl teacher.pl $TEACHER')
export TEACHER=honest

# A plan counts what a file of --append holds as spent, as the run itself does.
"${ask[@]}" -q --append --budget 20 -o kept.amkd real.amkd
"${ask[@]}" -n --append --budget 30 --price 1 -o kept.amkd real.amkd >said
said "10 to ask, 20 known already, 10 beyond the budget of 30 (20 spent)"
said "price: 10.00"
"${ask[@]}" -n --append -o kept.amkd real.amkd >said
[ "$(cat said)" = "20 to ask, 20 known already" ] || fail "no budget: $(cat said)"

# A plan makes no journal; one that is there says what was spent, also when nothing is left.
"${ask[@]}" -n --budget 30 --journal journal real.amkd >said
said "30 to ask, 0 known already, 10 beyond the budget of 30 (0 spent)"
[ ! -e journal ] || fail "a plan made a journal"
"${ask[@]}" -q --append --journal journal -o all.amkd real.amkd
"${ask[@]}" -n --append --budget 50 --journal journal -o all.amkd real.amkd >said
said "0 to ask, 40 known already, 0 beyond the budget of 50 (40 spent)"
"${ask[@]}" -v --append --journal journal -o all.amkd real.amkd 2>said
said "0 asked, 40 known, 0 requests made again"
! grep -q spent said || fail "spent, of a journal not opened: $(cat said)"

# Small prices are told with two figures.
"${ask[@]}" -n --price 0.0001 real.amkd >said
said "price: 0.0040"
"${ask[@]}" -n --price 0.0123 real.amkd >said
said "price: 0.49"

# Doubtful images are told whichever run they are of.
export TEACHER=dies
! "${ask[@]}" --journal dead -o out.amkd real.amkd 2>said || fail "a teacher that dies"
said "4 images of all runs are doubtful"
! "${ask[@]}" --journal dead --budget 4 -o out.amkd real.amkd 2>said || fail "nothing to write"
said "4 images of all runs are doubtful"
said "the budget of 4 images is reached, 40 rows were not asked"

# A signal is no budget.
cat >slow.pl <<'END'
sleep 1 while -e 'slow';
exec 'perl', 'teacher.pl', 'honest';
END
touch slow
amkd-query --batch 4 -t 'exec:perl slow.pl' --journal signal -o out.amkd real.amkd 2>said &
query=$!
wait_for signal/reserve $query
kill -TERM $query
rm slow
! wait $query || fail "exit status 0 after a signal"
said "stopped by a signal; 4 answers of this run are in 'signal'"
! grep -q "budget" said || fail "a budget that none gave: $(cat said)"

# A second signal waits for nothing: what is under way is doubtful, the journal is free.
touch slow
amkd-query --batch 4 -t 'exec:perl slow.pl' --journal twice -o out.amkd real.amkd 2>said &
query=$!
wait_for twice/reserve $query
kill -TERM $query
sleep 0.3
kill -0 $query || fail "the first signal did not wait for the answers under way"
kill -TERM $query
for ((i = 0; i < 6000; i++)); do
    kill -0 $query 2>/dev/null || break
    sleep 0.05
done
rm slow
[ $i -lt 6000 ] || fail "a second signal did not end it"
got=0
wait $query || got=$?
[ "$got" = 143 ] || fail "exit status $got after a second signal"
amkd-query -v --batch 4 -t 'exec:perl slow.pl' --journal twice -o out.amkd real.amkd 2>said
said "44 images spent over all runs"
said "4 images of all runs are doubtful"
