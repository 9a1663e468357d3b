#!/usr/bin/env bash
# amkd-query on the command line: teachers good and bad, budgets, and answers that survive
# a kill.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" "$SOURCE/tests/teacher.py" .

fail() { echo "failed: $*" >&2; exit 1; }
. "$SOURCE/tests/waiting.sh"

# expect STATUS TEXT COMMAND...: it exits with STATUS, says TEXT on stderr, leaves no "out".
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: no '$text' in: $(cat stderr)"
    [ -z "$(find . -name 'out*')" ] || fail "$*: left an output"
    [ "$status" = 0 ] || [ ! -s stdout ] || fail "$*: wrote to stdout"
}

rows() { amkd-cat "$1" | tail -n +2; }

# Forty images of 2 x 3 by way of an IDX file.
{ printf '\0\0\x8\x3\0\0\0\x28\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 240; } >set-idx3-ubyte
amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte

# A good teacher: every image once, whatever the batch; by pipes too.
amkd-query -q -t "exec:perl teacher.pl honest log" -o all.amkd real.amkd
[ "$(rows all.amkd | wc -l)" = 40 ] || fail "40 answers"
[ "$(wc -l <log)" = 40 ] || fail "40 images asked"
first=$(od -An -tu1 -j16 -N1 set-idx3-ubyte)
rows all.amkd | head -1 | awk -v first="$first" '
    { exit !($1 == 0 && $2 == 0 && $3 == 1 && ($4 - first / 255) ^ 2 < 1e-12) }' ||
    fail "the first answer"
amkd-query -q --batch 7 -t "exec:perl teacher.pl honest log" <real.amkd >seven.amkd
cmp <(rows all.amkd) <(rows seven.amkd) || fail "batches of 7"
amkd-query -q --batch 7 --threads 1 -t "exec:perl teacher.pl honest log" real.amkd |
    cmp - all.amkd || fail "the same bytes whatever the batch and the threads"
amkd-cat --header all.amkd | grep -qF '"teacher": "exec:perl teacher.pl honest log"' ||
    fail "the teacher in the header"

# Several workers side by side: the same labels, every image asked once.
rm log
amkd-query -q --batch 3 --workers 3 -t 'exec:echo $$ >>pids; exec perl teacher.pl honest log' \
    -o three.amkd real.amkd
cmp <(rows all.amkd) <(rows three.amkd) || fail "three workers"
[ "$(wc -l <pids) $(wc -l <log)" = "3 40" ] || fail "three workers, forty questions"
! amkd-query -q --workers 2 -t 'exec:perl teacher.pl dies' -o out real.amkd 2>stderr ||
    fail "workers that die"
grep -qF "exited with status 7" stderr || fail "workers that die: $(cat stderr)"

# Bad teachers: a message that names the fault, exit status 1, no output.
ask=(amkd-query -q --batch 16 --timeout 1 -o out)
expect 1 "exited with status 7" "${ask[@]}" -t "exec:perl teacher.pl dies" real.amkd
expect 1 "exited with status 7" "${ask[@]}" -t "exec:perl teacher.pl dies-second" real.amkd
expect 1 "no answer within 1 s" "${ask[@]}" -t "exec:perl teacher.pl hangs" real.amkd
expect 1 "nan is not a number" "${ask[@]}" -t "exec:perl teacher.pl nan" real.amkd
expect 1 "is negative" "${ask[@]}" -t "exec:perl teacher.pl negative" real.amkd
expect 1 "sum to 1.5" "${ask[@]}" -t "exec:perl teacher.pl unnormalized" real.amkd
expect 1 "3 rows for 16 images" "${ask[@]}" -t "exec:perl teacher.pl wrong-shape" real.amkd
expect 1 "no NPY array" "${ask[@]}" -t "exec:head -c 9 >copy; echo class 3, surely; cat" \
    real.amkd
expect 1 "exited with status 127" "${ask[@]}" -t "exec:./no-such-teacher" real.amkd
expect 1 "killed by signal 9" "${ask[@]}" -t 'exec:kill -9 $$' real.amkd
expect 1 "no-model" "${ask[@]}" -t model:no-model real.amkd
expect 2 "expected model:FILE, exec:CMD, replay:FILES or a URL" "${ask[@]}" -t teacher.pl real.amkd

# Bad input: nothing is asked.
rm log
ask+=(-t "exec:perl teacher.pl honest log")
head -c 200 real.amkd >cut.amkd
amkd-pool -q -o pairs.amkd real.amkd
expect 1 "cut.amkd" "${ask[@]}" cut.amkd
expect 1 "holds pairs, expected picks or images" "${ask[@]}" pairs.amkd
expect 1 "missing.amkd" "${ask[@]}" missing.amkd
expect 1 "nowhere" amkd-query -q -t "exec:perl teacher.pl honest log" -o nowhere/x real.amkd
[ ! -e log ] || fail "bad input was asked about"

# Two classes of one name where the answers come by name: found before a server is asked.
printf '{"image": "{{png}}"}' >request.json
printf '\xef\xbb\xbfant\ncrane\ncrane\n' >classes
expect 1 "'classes': class name 3: 'crane' was there before" amkd-query -q -o out --retry 0 \
    -t http://127.0.0.1:1/ --request request.json --response "$.all[*]['name','p']" \
    --classes classes real.amkd

# Misuse.
expect 2 "--teacher" amkd-query -o out real.amkd
expect 2 "--append" amkd-query --append -t exec:cat real.amkd
expect 2 "--input" amkd-query --input int8 -t exec:cat -o out real.amkd
expect 2 "--batch" amkd-query --batch 0 -t exec:cat -o out real.amkd
expect 2 "--budget" amkd-query --budget 0 -t exec:cat -o out real.amkd
expect 2 "--ask-again" amkd-query --ask-again -t exec:cat -o out real.amkd
expect 2 "--percent" amkd-query --percent --labels scores -t exec:cat -o out real.amkd
expect 2 "'top5' is none of probs" amkd-query --labels top5 -t exec:cat -o out real.amkd
expect 2 "--timeout" amkd-query --timeout=-1 -t exec:cat -o out real.amkd

# A budget: the first rows, not one image more, and a word about the rest.
rm -f log
amkd-query --budget 25 --batch 10 -t "exec:perl teacher.pl honest log" -o few.amkd \
    real.amkd 2>said
[ "$(wc -l <log)" = 25 ] || fail "25 images asked"
cmp <(rows few.amkd) <(rows all.amkd | head -25) || fail "the first 25 rows"
grep -qF "budget of 25 images is reached, 15 rows were not asked" said || fail "the rest"

# Killed with --append: the same command again asks what is not answered, and no more.
rm -f log
again=(amkd-query -q --append --batch 10 -o kept.amkd real.amkd)
"${again[@]}" -t "exec:perl \$TEACHER log" 2>/dev/null & # TEACHER: not set yet
wait $! && fail "a teacher that cannot start" || true
[ ! -e kept.amkd ] || fail "a file without an answer"
export TEACHER="teacher.pl hangs-second"
rm -f hanging
"${again[@]}" -t "exec:perl \$TEACHER log" &
query=$!
wait_for hanging $query
kill -9 $query
wait $query 2>/dev/null || true
kill "$(cat hanging)"
! amkd-cat kept.amkd >/dev/null 2>&1 || fail "a killed query left a stream that looks whole"
export TEACHER="teacher.pl honest"
"${again[@]}" -t "exec:perl \$TEACHER log"
[ "$(wc -l <log)" = 40 ] || fail "$(wc -l <log) images asked in both runs, expected 40"
cmp <(rows kept.amkd) <(rows all.amkd) || fail "the rows of a run that was killed"
"${again[@]}" -t "exec:perl \$TEACHER log"
[ "$(wc -l <log)" = 40 ] || fail "answered rows were asked again"

# Killed while the file was begun: nothing was in it, and it is begun once more.
for n in 0 20 100; do
    head -c $n kept.amkd >begun.amkd
    amkd-query -q --append -t "exec:perl \$TEACHER" -o begun.amkd real.amkd
    cmp <(rows begun.amkd) <(rows all.amkd) || fail "a file of $n bytes"
done
head -c 100 log >diary
expect 1 "diary" amkd-query -q --append -t exec:cat -o diary real.amkd
head -c 100 log | cmp - diary || fail "a file that is no stream was touched"

# A journal is of one teacher: the same program that gets other arrays is another one, and so
# is another model in the same file.
journal=(amkd-query -q --journal journal -o out real.amkd)
"${journal[@]}" -t "exec:perl teacher.pl honest" && rm out
expect 1 "is of the teacher" "${journal[@]}" --input float32 -t "exec:perl teacher.pl honest"
rm -r journal
for seed in 1 2; do
    amkd-train -q --seed $seed -a 'fc classes' --steps 1 -o model all.amkd
    [ $seed = 2 ] || { "${journal[@]}" -t model:model && rm out; }
done
expect 1 "is of the teacher" "${journal[@]}" -t model:model

# The file is locked before the teacher starts: two queries at once cannot pass a budget.
export FIRST=true
locked=(amkd-query -q --append -t 'exec:eval "$FIRST" && perl teacher.pl honest log' -o locked.amkd)
"${locked[@]}" --budget 5 real.amkd
export FIRST='! flock -n locked.amkd true'
"${locked[@]}" real.amkd || fail "the file was not locked while its teacher was asked"
rm locked.amkd
"${locked[@]}" --budget 5 real.amkd || fail "a new file was not locked before its teacher started"
rm locked.amkd log
export FIRST='amkd-query -q --append -t exec:false -o locked.amkd real.amkd 2>said; true'
"${locked[@]}" --budget 5 real.amkd
grep -q "'locked.amkd': another process is adding rows to it" said || fail "a second: $(cat said)"
[ "$(wc -l <log)" = 5 ] || fail "two queries at once: $(wc -l <log) images asked"
rm locked.amkd
export FIRST=false
! "${locked[@]}" real.amkd 2>said || fail "a teacher that does not start"
[ ! -e locked.amkd ] || fail "a file without an answer stays"
"${locked[@]}" -n real.amkd >said
[ ! -e locked.amkd ] || fail "a plan makes a file"

# A teacher that fails with --append: what it answered before is kept, in a whole stream.
rm -f kept.amkd
export TEACHER="teacher.pl dies-second"
! "${again[@]}" -t "exec:perl \$TEACHER log" 2>/dev/null || fail "a teacher that dies"
cmp <(rows kept.amkd) <(rows all.amkd | head -10) || fail "the answers before the death"

# The Python teacher of six lines, as users write it.
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate && break
done
if [ -z "$python" ]; then
    echo "not tested: teacher.py (no python3 with numpy)" >&2
    exit 0
fi
amkd-query -q --batch 9 -t "exec:$python teacher.py" -o python.amkd real.amkd
[ "$(rows python.amkd | awk 'NF == 13' | wc -l)" = 40 ] || fail "40 answers of 10 classes"
