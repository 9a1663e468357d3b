#!/usr/bin/env bash
# A loop that is killed by SIGKILL ends all that it began, keeps the answers that came, and
# goes on; its locks are nobody's but its own; a comparison that is killed goes on at once.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/loop_set.sh"
make_loop_set 300

loop=(IMAGES=real.amkd BUDGET=300 ROUNDS=0 ARCH=mlp STEPS=3 ASSISTANT= VIEWS=0
    "TEACHER=exec:perl teacher.pl \$(cat behaviour) log" TEACHER_BATCH=1)

# The teacher has the second question when the group is killed, and answers then, a third
# slowly. All of the budget would take it 30 seconds.
echo gated >behaviour
setsid amkd-distill -q "${loop[@]}" >/dev/null 2>&1 &
wait_for_file waiting
kill -9 -- "-$!"
wait "$!" 2>/dev/null || true
! flock -n amkd-run/.lock true || fail "the next run would begin beside what is left of this"
touch go
timeout 60 flock amkd-run/.lock true || fail "something goes on after SIGKILL"
n=$(wc -l <log)
((n < 300)) || fail "it went on to the end of the budget"
echo honest >behaviour
amkd-distill -q "${loop[@]}" >table
[ "$(wc -l <log)" = 300 ] || fail "$(wc -l <log) questions for 300 answers, $n of them before"
rm -r log go waiting amkd-run

# A daemon that the teacher leaves behind holds no lock, and nothing that is open here.
cat >daemon.sh <<'SH'
sleep 300 </dev/null >/dev/null 2>&1 &
echo $! >>daemons
for fd in /proc/$$/fd/*; do readlink "$fd"; done >>fds 2>/dev/null
exec perl teacher.pl honest
SH
daemon=("${loop[@]}" 'TEACHER=exec:bash daemon.sh' TEACHER_BATCH=100)
trap 'xargs -r kill <daemons || true; rm -rf "$dir"' EXIT
amkd-distill -q "${daemon[@]}" SHARED=shared 7>"$dir/mine" >table
timeout 60 amkd-distill -q "${daemon[@]}" SHARED=shared STEPS=4 >table ||
    fail "the next run waits for a daemon of the last one's teacher"
timeout 60 amkd-distill -q "${daemon[@]}" SHARED=shared --dir other SEED=2 >table ||
    fail "another run waits for the turn that a daemon has"
! grep -E 'lock|turn|mine|\.amkd' fds || fail "the teacher has files of the loop's"
xargs -r kill <daemons
: >daemons

# A comparison of two runs at once, killed while the teacher has a question of one and the
# other waits for its turn.
printf '%s\n' "${loop[@]//\$/\$\$}" TEST=test.amkd BUDGET=40 'IMAGES=few.amkd' ROUNDS=0 >a.recipe
{ cat a.recipe && echo STEPS=4; } >b.recipe
images 40 few
amkd-import -q --unlabeled -o few.amkd few-images-idx3-ubyte
echo gated >behaviour
rm -f waiting go log
setsid amkd-distill compare -q -j 2 a.recipe b.recipe >/dev/null 2>&1 &
wait_for_file waiting
kill -9 -- "-$!"
touch go
wait "$!" 2>/dev/null || true
echo honest >behaviour
amkd-distill compare -q -j 2 a.recipe b.recipe >table 2>stderr || fail "not again: $(cat stderr)"
[ "$(wc -l <log)" = 48 ] || fail "$(wc -l <log) questions for 48 answers"
[ "$(wc -l <amkd-compare/rounds.tsv)" = 3 ] || fail "$(cat amkd-compare/rounds.tsv)"
[ -z "$(find amkd-compare -name '*.new')" ] || fail "left: $(find amkd-compare -name '*.new')"
! amkd-distill --status amkd-compare | grep -q running || fail "still running"

# What is told to end has all of the grace, however long the loop had run before, and is
# waited for while other processes come and go.
cat >slow-to-end <<'SH'
trap 'sleep 1; touch ended; exit' TERM
touch begun
while :; do sleep 0.1; done
SH
mkdir bin
printf '%s\n' '#!/bin/sh' "$(command -v cat) \"\$@\"" 'exit 1' >bin/cat
chmod +x bin/cat
for case in SECONDS=1000 "PATH=$PWD/bin:$PATH"; do
    rm -f begun ended
    set -m
    bash slow-to-end &
    set +m
    wait_for_file begun
    echo "begin $!" | timeout 60 env "$case" bash "$SOURCE/tools/distill-watch.sh" 60 >/dev/null
    [ -e ended ] || fail "$case: what was to end is left, or was not let end"
done

# A comparison and its run that are told to end at once, as by a system that shuts down, do
# so; where they did not, it was one time in twelve.
for try in {1..12}; do
    echo hangs >behaviour
    rm -f hanging
    setsid amkd-distill compare -q --dir "told-$try" a.recipe b.recipe >/dev/null 2>stderr &
    run=$!
    wait_for_file hanging
    cat /proc/[0-9]*/stat 2>/dev/null >processes || true
    awk -v run="$run" '$1 == run || $4 == run { print $1 }' processes |
        xargs kill 2>/dev/null || true
    timeout 60 tail --pid="$run" -f /dev/null || fail "try $try: it hangs: $(cat stderr)"
    wait "$run" 2>/dev/null || true
    grep -q 'the same command goes on from here' stderr || fail "try $try: $(cat stderr)"
done
