#!/usr/bin/env bash
# amkd-distill whose trainings are shared by processes of MPI: the bytes of the plain one. One of
# them that is killed ends the run, which goes on when it is begun again, without an answer
# bought twice. KILLS is the number of kills by every MPI, SEED that of when.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/mpi.sh"
. "$SOURCE/tests/loop_set.sh"

make_loop_set 60
loop=(IMAGES=real.amkd BUDGET=80 ROUNDS=1 ARCH=mlp ASSISTANT=mlp STEPS=700 ASSISTANT_STEPS=500 VIEWS=2 POOL=300
    'TEACHER=exec:perl teacher.pl honest log' TEACHER_BATCH=5)
amkd-distill -q "${loop[@]}" >table
mv amkd-run plain
rm log

# same_run WHAT: the run's networks are those of the plain one, but for who made them, and it
# asked as much.
weights() { local n; n=$(od -An -tu8 -N8 "$1"); tail -c +$((n + 9)) "$1"; }
same_run() {
    local file
    for file in student round-0/assistant round-1/assistant; do
        cmp <(weights plain/$file.safetensors) <(weights amkd-run/$file.safetensors) ||
            fail "$1: another $file"
    done
    cmp plain/round-1/labels.amkd amkd-run/round-1/labels.amkd || fail "$1: other answers"
    [ "$(wc -l <log)" = 80 ] || fail "$1: $(wc -l <log) questions for 80 answers"
    rm -r amkd-run log
}

expect 1 "MPIRUN 'no-such-mpi -n 2': 'no-such-mpi' is not there" \
    amkd-distill MPIRUN='no-such-mpi -n 2' "${loop[@]}"
expect 2 "MPIRUN 'mpirun (': expected the words of a command" \
    amkd-distill MPIRUN='mpirun (' "${loop[@]}"

# A process of a training that is under way now, of this test's alone, at random; waits for
# one. Fails when the run has ended.
await_rank() { # RUN
    local found process
    while kill -0 "$1" 2>/dev/null; do
        found=()
        for process in $(grep -lsx amkd-train_mpi /proc/[0-9]*/comm); do
            process=$(basename "$(dirname "$process")")
            [ "$(readlink "/proc/$process/cwd")" != "$dir" ] || found+=("$process")
        done
        if [ ${#found[@]} -gt 0 ]; then
            echo "${found[RANDOM % ${#found[@]}]}"
            return 0
        fi
        sleep 0.02
    done
    return 1
}

RANDOM=${SEED:-1}
for mpi in "${mpis[@]}"; do
    mpirun="mpirun.$mpi"
    [ "$mpi" != openmpi ] || mpirun+=" --allow-run-as-root --oversubscribe"
    mpirun+=" -n 2 env PATH=$BUILD/tests/mpi/$mpi:$PATH"
    by_mpi=(amkd-distill "${loop[@]}" "MPIRUN=$mpirun")

    echo "# $mpi: the bytes of one process"
    "${by_mpi[@]}" -n >plan
    [ "$(grep -c "^$mpirun amkd-train_mpi -a " plan)" = 3 ] || fail "$(cat plan)"
    "${by_mpi[@]}" -q >table 2>said || fail "$mpi: $(cat said)"
    same_run "$mpi"

    echo "# $mpi: kills"
    nkilled=0
    for ((kill = 1; kill <= ${KILLS:-1}; kill++)); do
        "${by_mpi[@]}" -q >table 2>said &
        run=$!
        delay=$((RANDOM % 30))
        sleep "$(printf '%d.%d' $((delay / 10)) $((delay % 10)))"
        if rank=$(await_rank $run) && kill -9 "$rank" 2>/dev/null; then
            ((++nkilled))
        else
            rank=none
        fi
        got=0
        wait $run || got=$?
        if ((got)); then
            "${by_mpi[@]}" -q >table 2>>said || fail "$mpi, kill $kill: $(cat said)"
        fi
        echo "kill $kill: rank $rank after $delay/10 s, exit status $got"
        same_run "$mpi, kill $kill"
    done
    [ $nkilled -gt 0 ] || [ "${KILLS:-1}" = 0 ] || fail "$mpi: nothing was killed"
done
