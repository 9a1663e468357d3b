#!/usr/bin/env bash
# amkd-distill --launch with launchers that run here: what they are given, what a job says of
# where it runs, files that are seen late, jobs that fail or that a run left behind. A real
# Slurm is test_slurm.sh's.
set -euo pipefail
. "$SOURCE/tests/plans.sh"
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/loop_set.sh"
make_loop_set 60
loop=(IMAGES=real.amkd TEST=test.amkd BUDGET=80 ROUNDS=1 ARCH=mlp STEPS=3 ASSISTANT= VIEWS=2
    POOL=300 "TEACHER=exec:perl teacher.pl \$(cat behaviour) log" TEACHER_BATCH=10)
echo honest >behaviour
asked=88 # those about the test images, too

# A launcher that notes its name and what it is to make.
cat >by.sh <<'END'
name=$1 job=$2
echo "$name ${job##*/}" >>jobs
exec "$job"
END

amkd-distill -q "${loop[@]}" >table
mv amkd-run plain
[ "$(wc -l <log)" = $asked ] || fail "$(wc -l <log) questions"

# same_bytes: the run is as the plain one.
same_bytes() {
    local file
    for file in student.safetensors views.amkd round-0/labels.amkd round-1/picks.amkd \
        round-1/labels.amkd test/labels.amkd; do
        cmp plain/$file amkd-run/$file || fail "$1: another $file"
    done
    [ -z "$(find amkd-run -name '*.job' -o -name 'launched.txt')" ] || fail "$1: left a job"
}

echo "# the plan has the prefix, and it is no reason to redo anything"
amkd-distill -n --launch 'bash by.sh all' "${loop[@]}" LAUNCH_eval= >plan
grep -q "^bash by.sh all bash -o pipefail -c 'amkd-pool .* | amkd-score " plan || fail "$(cat plan)"
[ "$(grep -c '^bash by.sh all amkd-train ' plan)" = 2 ] || fail "trainings: $(cat plan)"
[ "$(grep -c '^bash by.sh all amkd-augment ' plan)" = 1 ] || fail "views: $(cat plan)"
! grep -q 'by.sh.*\(amkd-query\|amkd-eval\|amkd-cat\)' plan || fail "launched: $(cat plan)"
[ ! -e jobs ] && [ ! -e amkd-run ] || fail "a plan launches"
nothing_to_do amkd-distill -n --launch 'bash by.sh all' "${loop[@]}" DIR=plain LATE=1 ||
    fail "how it is launched is no reason to redo it"

echo "# misuse"
expect 1 "LAUNCH 'no-such-launcher -n1': 'no-such-launcher' is not there" \
    amkd-distill --launch 'no-such-launcher -n1' "${loop[@]}"
expect 1 "LAUNCH 'no-such-launcher': " amkd-distill LAUNCH=no-such-launcher "${loop[@]}"
expect 1 "LAUNCH_train 'no-such-launcher': " amkd-distill LAUNCH_train=no-such-launcher "${loop[@]}"
expect 1 "is not there" amkd-distill -n --launch no-such-launcher "${loop[@]}"
expect 2 "LAUNCH 'bash (': expected the words of a command" \
    amkd-distill --launch 'bash (' "${loop[@]}"
expect 2 "LATE 'soon'" amkd-distill LATE=soon "${loop[@]}"
expect 1 "DEVICE 'no such'" amkd-distill -n --launch env "${loop[@]}" 'DEVICE=no such' LAUNCH_eval=
expect 1 "DEVICE 'no such'" amkd-distill -n --launch env "${loop[@]}" 'DEVICE=no such' LAUNCH_score=
model=(TEACHER=model:plain/student.safetensors 'DEVICE=no such')
expect 1 "DEVICE 'no such'" amkd-distill -n --launch env "${loop[@]}" "${model[@]}"
amkd-distill -n --launch env "${loop[@]}" "${model[@]}" LAUNCH_query=env >plan
[ ! -e amkd-run ] || fail "misuse made files"

echo "# the first job fails: nothing is asked"
rm log
expect 1 "LAUNCH: a first job failed; nothing was asked" \
    amkd-distill -q --launch 'env OCL_ICD_VENDORS=/nowhere SLURMD_NODENAME=node7' "${loop[@]}"
amkd-distill -q --launch 'env OCL_ICD_VENDORS=/nowhere SLURMD_NODENAME=node7' "${loop[@]}" \
    2>said || true
grep -q 'on node7: failed: .*amkd-devices' said && grep -q 'no OpenCL platform' said ||
    fail "a node without OpenCL: $(cat said)"
cat >elsewhere.sh <<'END'
"$1"
echo 'amkd-pool 0.0.1' >amkd-run/launched.txt
END
expect 1 "LAUNCH 'bash elsewhere.sh': 'amkd-pool 0.0.1' is there, 'amkd-pool " \
    amkd-distill -q --launch 'bash elsewhere.sh' "${loop[@]}"
cat >nowhere.sh <<'END'
"$1"
rm amkd-run/launched.txt
END
expect 1 "launched.txt': not there 1 seconds after the end of the job" \
    amkd-distill -q --launch 'bash nowhere.sh' "${loop[@]}" LATE=1
[ ! -e log ] || fail "it asked"

echo "# each tool by its own launcher"
amkd-distill -q -j 2 "${loop[@]}" LAUNCH_augment='bash by.sh a' LAUNCH_score='bash by.sh s' \
    LAUNCH_train='bash by.sh t' LAUNCH_eval='bash by.sh e' LAUNCH_query='bash by.sh q' >table
same_bytes "each by its own"
sort jobs | uniq -c | awk '{ print $2, $3 ":" $1 }' | paste -sd ' ' >said
[ "$(cat said)" = "$(echo a launched.txt.job:1 a views.amkd.job:1 e eval.json.job:2 \
    e launched.txt.job:1 q labels.part.amkd.job:3 q launched.txt.job:1 \
    s launched.txt.job:1 s picks.0of2.amkd.job:1 s picks.1of2.amkd.job:1 \
    t launched.txt.job:1 t student.safetensors.job:2)" ] || fail "jobs: $(cat said)"
[ "$(wc -l <log)" = $asked ] || fail "$(wc -l <log) questions"
[ "$(wc -l <amkd-run/round-1/times.tsv)" -ge 5 ] || fail "times: $(cat amkd-run/round-1/times.tsv)"

echo "# no device here"
rm -r amkd-run log
OCL_ICD_VENDORS=/nowhere amkd-distill -q "${loop[@]}" DEVICE=0 \
    --launch "env OCL_ICD_VENDORS=${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}" >table
same_bytes "no device here"
[ "$(wc -l <log)" = $asked ] || fail "no device here: $(wc -l <log) questions"

echo "# files that are seen late, here and there"
cat >late.sh <<'END'
job=$1 made=${1%.job}
if [[ $made = */picks.amkd ]]; then
    mv amkd-run/views.amkd hidden
    (sleep 0.3 && mv hidden amkd-run/views.amkd) >/dev/null 2>&1 &
fi
"$job" || exit
mv "$made" "$made.hidden"
(sleep 0.3 && mv "$made.hidden" "$made") >/dev/null 2>&1 &
END
rm -r amkd-run log
amkd-distill -q --launch 'bash late.sh' "${loop[@]}" LAUNCH_query='bash late.sh' >table
same_bytes "late files"
[ "$(wc -l <log)" = $asked ] || fail "late files: $(wc -l <log) questions"
cat >lost.sh <<'END'
[[ $1 != */picks.amkd.job ]] || mv amkd-run/round-0/student.safetensors hidden
"$1"
END
rm -r amkd-run/round-1
got=0
amkd-distill -q --launch 'bash lost.sh' "${loop[@]}" LATE=1 >table 2>said || got=$?
[ $got = 1 ] && grep -q "student.safetensors': not there after 1 seconds (LATE)" said ||
    fail "an input that is not there: $(cat said)"
mv hidden amkd-run/round-0/student.safetensors

echo "# a job that fails in the middle: the same command goes on"
cat >fails.sh <<'END'
[[ $1 != */student.safetensors.job ]] || mkdir failed 2>/dev/null || exec "$1"
[[ $1 != */student.safetensors.job ]] || exit 9
exec "$1"
END
rm -rf amkd-run log
got=0
amkd-distill -q --launch 'bash fails.sh' "${loop[@]}" >table 2>said || got=$?
[ $got = 1 ] && grep -q "by 'bash fails.sh' failed with status 9" said &&
    grep -q 'the same command goes on from here' said || fail "a failing job: $got, $(cat said)"
amkd-distill -q --launch 'bash fails.sh' "${loop[@]}" >table
same_bytes "a failing job"
[ "$(wc -l <log)" = $asked ] || fail "a failing job: $(wc -l <log) questions"

echo "# told to end while a job asks: the job ends, too, and no answer is bought twice"
rm -rf amkd-run log waiting go
echo gated >behaviour
amkd-distill -q "${loop[@]}" LAUNCH_query='bash by.sh q' >table 2>said &
run=$!
wait_for_file waiting $run
kill -TERM $run
touch go
got=0
wait $run || got=$?
[ $got = 1 ] && grep -q 'goes on from here' said || fail "SIGTERM: $got, $(cat said)"
timeout 60 flock amkd-run/.lock true || fail "something goes on after SIGTERM"
n=$(wc -l <log)
((n < 60)) || fail "it went on asking"

echo "# a job whose launcher was killed, and all of the run: the next one ends it"
cat >orphan.sh <<'END'
[[ $1 = */labels.part.amkd.job ]] || exec "$1"
setsid "$1" >/dev/null 2>orphaned &
while ! [ -e waiting ]; do sleep 0.05; done
kill -9 $PPID $$
END
rm -f waiting go
got=0
amkd-distill -q "${loop[@]}" LAUNCH_query='bash orphan.sh' >table 2>said || got=$?
[ $got = 1 ] || fail "a killed launcher: $got, $(cat said)"
ls amkd-run/round-0/*.job >/dev/null || fail "no job is left"
echo honest >behaviour
amkd-distill "${loop[@]}" LAUNCH_query='bash by.sh q' >table 2>said &
run=$!
wait_for_text 'the run is over' orphaned $run
touch go
wait $run || fail "again: $(cat said)"
grep -q 'waiting for the end of a job that an earlier run left' said || fail "no wait: $(cat said)"
grep -q 'the run is over' orphaned && grep -q ': failed: amkd-query' orphaned ||
    fail "it went on: $(cat orphaned)"
same_bytes "a job left behind"
[ "$(wc -l <log)" = $asked ] || fail "a job left behind: $(wc -l <log) questions"

echo "# a job that is started several times: one of them runs, and nothing is bought twice"
rm -rf amkd-run log waiting go
echo gated >behaviour
cat >twice.sh <<'END'
[[ $1 = */labels.part.amkd.job && ! -e go ]] || exec "$1"
"$1" &
while ! [ -e waiting ]; do sleep 0.05; done
! "$1" 2>second || echo 'not refused' >>second
touch go
wait
END
amkd-distill -q "${loop[@]}" LAUNCH_query='bash twice.sh' >table
grep -q 'the launcher starts this job several times' second && ! grep -q 'not refused' second ||
    fail "a second job: $(cat second)"
same_bytes "a second job"
[ "$(wc -l <log)" = $asked ] || fail "a second job: $(wc -l <log) questions"
echo honest >behaviour
rm -r amkd-run log
cat >another.sh <<'END'
exec {another}<"$1"
flock "$another"
"$1"
END
mkdir nfs
cat >nfs/flock <<'END'
#!/usr/bin/env bash
# As NFS, which locks only what is open for writing.
mode=$(awk '$1 == "flags:" { print $2 % 10 }' "/proc/$$/fdinfo/${2:-}" 2>/dev/null)
[ "$1:$mode" != "-n:0" ] || exit 65
exec env PATH="${PATH#*nfs:}" flock "$@"
END
chmod +x nfs/flock
for path in "$PATH" "$PWD/nfs:$PATH"; do
    PATH=$path amkd-distill -q --launch 'bash another.sh' "${loop[@]}" >table 2>said || true
    grep -q 'the launcher starts this job several times' said &&
        grep -q 'a first job failed; nothing was asked' said || fail "another: $(cat said)"
done
[ ! -e log ] || fail "it asked"

echo "# a job that does not end is said"
cat >leaves.sh <<'END'
exec {another}<"$1"
flock "$another"
setsid sleep 3 &
END
expect 1 "'made': a job by 'bash leaves.sh' does not end" env AMKD_SHARE= AMKD_TOOLS= \
    bash -p "$SOURCE/tools/distill-launch.sh" 'bash leaves.sh' 1 1 made true

echo "# compare"
printf '%s\n' "${loop[@]//\$/\$\$}" VIEWS=0 STEPS=3 >a.recipe
{ cat a.recipe && echo STEPS=4; } >b.recipe
rm -f log jobs
amkd-distill compare -q -j 2 --launch 'bash by.sh c' a.recipe b.recipe >table
grep -q 'c student.safetensors.job' jobs || fail "compare launches nothing: $(cat jobs)"
! grep -q LAUNCH amkd-compare/comparison.txt || fail "LAUNCH is no difference"
