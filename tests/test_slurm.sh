#!/usr/bin/env bash
# A real Slurm with nodes of its own: amkd-distill by srun makes the same bytes as without it, an
# array of jobs that score and the merge of their picks those of one process, and what is killed
# in the middle, slurmd, jobs, launchers or the loop, goes on without an answer bought twice.
# KILLS is the number of runs with a kill, SEED that of what is killed when, VICTIMS of what.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/slurm.sh"
cp "$SOURCE/tests/teacher.pl" .
trap 'slurm_stop; rm -rf "$dir"' EXIT
# MPI's modules leak, as in mpi.sh.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
slurm_start 3

images() { # N NAME
    perl -e 'print pack("N4", 0x803, $ARGV[0], 6, 6), map { pack("n", $_) . "x" x 34 }
        1 .. $ARGV[0]' "$1" >"$2-images-idx3-ubyte"
}
images 60 real
amkd-import -q --unlabeled -o real.amkd real-images-idx3-ubyte
loop=(IMAGES=real.amkd BUDGET=80 ROUNDS=1 ARCH=mlp STEPS=400 ASSISTANT= VIEWS=2 POOL=300
    'TEACHER=exec:perl teacher.pl honest log' TEACHER_BATCH=5)
srun='srun --quiet -N1 -n1 --mem=20M --time=1'

amkd-distill -q "${loop[@]}" >table
mv amkd-run plain
rm log

# same_run WHAT: the run's bytes are those of the plain one, and it asked as much.
same_run() {
    local file
    for file in student.safetensors round-1/picks.amkd round-1/labels.amkd; do
        cmp plain/$file amkd-run/$file || fail "$1: another $file"
    done
    [ "$(wc -l <log)" = 80 ] || fail "$1: $(wc -l <log) questions for 80 answers"
    [ -z "$(find amkd-run -name '*.job' -o -name 'launched.txt')" ] || fail "$1: left a job"
}

echo "# every tool a job: the same bytes"
amkd-distill -q -j 3 --launch "$srun" "${loop[@]}" LAUNCH_query="$srun" >table
same_run "by srun"
[ "$(ls amkd-run/round-1)" = "$(ls plain/round-1)" ] || fail "files: $(ls amkd-run/round-1)"
rm -r amkd-run log

echo "# by batch jobs, too"
amkd-distill -q --launch 'sbatch --quiet --wait -o jobs.log' "${loop[@]}" >table
same_run "by sbatch"
rm -r amkd-run log

echo "# what Slurm says of a launcher is said before anything is asked"
expect 1 "LAUNCH: a first job failed; nothing was asked" \
    amkd-distill -q --launch 'srun -n1 -p nowhere' "${loop[@]}"
amkd-distill -q --launch 'srun -n1 env OCL_ICD_VENDORS=/nowhere' "${loop[@]}" 2>said ||
    true
grep -q 'on node[1-3]: failed' said && grep -q 'no OpenCL platform' said ||
    fail "a node without OpenCL: $(cat said)"
[ ! -e log ] || fail "it asked"

echo "# an array of jobs that score, and the merge"
student=plain/student.safetensors
amkd-pool -q real.amkd | amkd-score -q -s $student -k 40 -o whole.amkd
job=$(sbatch --parsable --array=0-6 "$SOURCE/datasets/score.sbatch" 7 parts real.amkd \
    -s $student -k 40)
sbatch --quiet --wait --dependency=afterany:"$job" "$SOURCE/datasets/merge.sbatch" 7 parts \
    picks.amkd || fail "the merge: $(cat merge.log score-*.log)"
cmp whole.amkd picks.amkd || fail "seven jobs"
rm parts/part-2.amkd parts/part-5.amkd picks.amkd
touch -d '1 hour ago' parts/*
! sbatch --quiet --wait "$SOURCE/datasets/merge.sbatch" 7 parts picks.amkd || fail "missing parts"
grep -q '2 of 7 parts are missing, to be run again with --array=2,5$' merge.log ||
    fail "missing parts: $(cat merge.log)"
sbatch --quiet --wait --array=2,5 "$SOURCE/datasets/score.sbatch" 7 parts real.amkd -s $student \
    -k 40
[ "$(find parts -mmin -30 -name 'part-*.amkd' | wc -l)" = 2 ] || fail "others were done again"
sbatch --quiet --wait "$SOURCE/datasets/merge.sbatch" 7 parts picks.amkd
cmp whole.amkd picks.amkd || fail "two jobs run again"
sbatch --quiet --wait --array=3-7:2 -o array-%a.log --wrap \
    "amkd-pool -q --shard array real.amkd >array-\$SLURM_ARRAY_TASK_ID" ||
    fail "--shard array: $(cat array-*.log)"
amkd-pool -q --shard 2/3 real.amkd | cmp - array-7 || fail "job 7 of 3-7:2"

echo "# a training of two tasks"
learnt=(-a mlp --steps 20 --images plain/images.amkd plain/round-0/labels.amkd)
amkd-train -q -o student.safetensors "${learnt[@]}"
mv student.safetensors alone.safetensors
unset MPIRUN
export OMPI_MCA_btl_tcp_if_include=lo # by which nodes that are one machine reach each other
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
if ! command -v amkd-train_mpi >/dev/null; then # amkd without MPI: its first process alone trains
    mkdir bin
    printf '%s\n' '#!/usr/bin/env bash' 'echo "$SLURM_PROCID $SLURMD_NODENAME" >>ranks' \
        '[ "$SLURM_PROCID" != 0 ] || exec amkd-train "$@"' >bin/amkd-train_mpi
    chmod +x bin/amkd-train_mpi
    export PATH=$PWD/bin:$PATH MPIRUN='srun --mpi=none'
fi
sbatch --quiet --wait --ntasks=2 "$SOURCE/datasets/train.sbatch" student.safetensors -q \
    "${learnt[@]}" || fail "train.sbatch: $(cat train.log)"
cmp alone.safetensors student.safetensors || fail "two tasks train another network"
[ ! -e ranks ] || [ "$(sort ranks | paste -sd ' ')" = '0 node1 1 node2' ] ||
    fail "tasks: $(cat ranks)"
[ ! -e student.safetensors.checkpoint ] || fail "a checkpoint of what is done"

echo "# the loop in one job of several machines, and a comparison"
sbatch --quiet --wait --nodes=2 "$SOURCE/datasets/distill.sbatch" -q "${loop[@]}" ||
    fail "distill.sbatch: $(cat distill.log)"
same_run "in one job"
rm -r amkd-run log
perl -e 'print pack("NN", 0x801, 60), map { chr($_ % 3) } 1 .. 60' >test-labels-idx1-ubyte
cp real-images-idx3-ubyte test-images-idx3-ubyte
amkd-import -q -o test.amkd test-images-idx3-ubyte
printf '%s\n' "${loop[@]}" TEST=test.amkd ROUNDS=0 BUDGET=60 >a.recipe
{ cat a.recipe && echo STEPS=4; } >b.recipe
sbatch --quiet --wait --nodes=2 "$SOURCE/datasets/distill.sbatch" compare -q a.recipe b.recipe ||
    fail "compare: $(cat distill.log)"
[ "$(wc -l <amkd-compare/rounds.tsv)" = 3 ] || fail "$(cat amkd-compare/rounds.tsv)"
rm -r amkd-compare log

echo "# kills"
RANDOM=${SEED:-1}
. "$SOURCE/tests/slurm_kills.sh"
for ((kill = 1; kill <= ${KILLS:-3}; kill++)); do
    kill_one $kill
    rm -r amkd-run log
done
((nkilled || !nsought)) || fail "none of $nsought victims was there to be killed"
