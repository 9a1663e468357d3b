#!/usr/bin/env bash
# amkd-score_mpi by every MPI that is here: the bytes of amkd-score whatever the number of
# processes; those that see something else are named; one that is killed ends all, and any
# number goes on from the checkpoint.
# shellcheck disable=SC2086 # ways are several words
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/mpi.sh"
. "$SOURCE/tests/scored_set.sh"
nbytes=$(($(stat -c %s pairs.amkd) * 3 / 4))
amkd-score -q -s student-61 -k 90 pairs.amkd | amkd-query -q -t model:student-60 -o asked.amkd

same() { cmp "$1" "$2" || fail "$1 and $2 differ ($3)"; }
none_left() { [ -z "$(find . -name out -o -name '.*.tmp')" ] || fail "$1: left $(find . -name out -o -name '.*.tmp')"; }

# fails TEXT COMMAND...: it does, saying so, and leaves no output. The status is 1, or matches expected.
fails() {
    local text=$1 got=0
    shift
    "$@" >stdout 2>stderr || got=$?
    [[ $got =~ ^(1|${expected:-1})$ ]] || fail "$mpi: exit status $got, no '$text': $(cat stderr)"
    grep -qE "$text" stderr || fail "$mpi: no '$text' in $(cat stderr)"
    none_left "$mpi: $text"
}

echo "# the bytes of one process"
ways=("-k 300 --max-per-image 7 --exclude asked.amkd" "--exclude asked.amkd" "--by c1 --lambda 0.3,0.5"
    "--by entropy -k 300 --noise 1 --seed 4" "--by random -k 300 --seed 2"
    "-k 300 --refine 2 --coarse 3 --random-share 0.2 --max-per-image 7" "-k 100 --diverse 3")
for w in "${!ways[@]}"; do
    way=${ways[w]}
    amkd-score -q -s student-60 $way -o whole pairs.amkd
    for m in "${!mpis[@]}"; do
        mpi=${mpis[m]}
        sizes=$((2 + (w + m) % 2 * 2))
        [ "$w" != 0 ] || sizes="1 2 4"
        for n in $sizes; do
            launch $mpi $n amkd-score_mpi -q -s student-60 $way -o out pairs.amkd >said 2>&1 ||
                fail "$mpi, $n: $way: $(cat said)"
            same out whole "$mpi, $n: $way"
            rm out
        done
    done
done

for mpi in "${mpis[@]}"; do
    echo "# $mpi: processes that see something else"
    score="amkd-score_mpi -q -s student-60 -k 300 -o out"
    fails "^amkd-score: rank 1 \(.*\): 'gone': No such file" \
        launch_each $mpi $score pairs.amkd : amkd-score_mpi -q -s gone -k 300 -o out pairs.amkd
    fails "^amkd-score: rank 1 \(.*\): the scoring: '.*student\":.*' here, '.*student\":.*' at rank 0" \
        launch_each $mpi $score pairs.amkd : amkd-score_mpi -q -s student-61 -k 300 -o out pairs.amkd
    fails "^amkd-score: rank 1 \(.*\): the version of amkd: '0.0.9' here, '.*' at rank 0" \
        launch_each $mpi $score pairs.amkd : amkd-score_mpi_0.0.9 -q -s student-60 -k 300 -o out pairs.amkd
    # The launcher's status is a rank's, or MPICH's of both.
    expected='2|3' fails "^amkd-score: rank 1 \(.*\): unknown option '--sow'" \
        launch_each $mpi $score pairs.amkd : amkd-score_mpi --sow
    zcat pairs.amkd | perl -0777 -pe 'substr($_, -16) = pack("L4", 0, 1, 0, 2)' |
        perl "$SOURCE/tests/bgzf.pl" >others.amkd
    fails "^amkd-score: rank 1 \(.*\): the pairs: '$npairs rows, digest .*' here" \
        launch_each $mpi $score pairs.amkd : $score others.amkd
    head -c $nbytes pairs.amkd >cut.amkd
    fails "^amkd-score: rank 1 \(.*\): 'cut.amkd': " \
        launch_each $mpi $score pairs.amkd : $score cut.amkd
    fails "^amkd-score: rank 0 \(.*\): stdin: several processes" launch $mpi 2 $score
    fails "^amkd-score: rank 0 \(.*\): stdout: several processes" \
        launch $mpi 2 amkd-score_mpi -q -s student-60 -k 300 pairs.amkd
    fails "^amkd-score: rank 0 \(.*\): what was bought" \
        launch $mpi 2 amkd-score_mpi -q -s student-60 -k 9 --bought asked.amkd -o out
    fails "^amkd-score: rank 0 \(.*\): '/dev/full': No space left on device" \
        launch $mpi 2 amkd-score_mpi -q -s student-60 -k 300 -o /dev/full pairs.amkd
    if [[ $(amkd-devices) = *pthread* ]] && [[ $(POCL_DEVICES=basic amkd-devices 2>&1) = *basic* ]]; then
        fails "^amkd-score: rank 1 \(.*\): the device: 'basic.*' here, 'pthread.*' at rank 0" \
            env EACH_1=POCL_DEVICES=basic bash -c '. "$SOURCE/tests/mpi.sh"; launch_each "$@"' - \
            $mpi $score pairs.amkd : $score pairs.amkd
    fi

    echo "# $mpi: one is killed"
    way="-k 300 --refine 2 --coarse 3 --max-per-image 7"
    amkd-score -q -s student-60 $way -o whole pairs.amkd
    rm -f state gate fifo-*
    mkfifo fifo-0 fifo-1
    for rank in 0 1; do
        { head -c $nbytes pairs.amkd && wait_for gate; tail -c +$((nbytes + 1)) pairs.amkd; } >fifo-$rank 2>/dev/null &
    done
    writers=$(jobs -p)
    score="amkd-score_mpi -v -s student-60 $way --checkpoint state --checkpoint-seconds 0 -o out"
    launch_each $mpi $score fifo-0 : $score fifo-1 >stdout 2>stderr &
    run=$!
    wait_for state
    kill_rank_1 amkd-score $run "process rank 1 .* signal 9"
    kill $writers 2>/dev/null || true
    wait
    none_left "$mpi: killed"
    for n in 1 2 3; do
        cp state from
        launch $mpi $n amkd-score_mpi -q -s student-60 $way --resume from --checkpoint from --checkpoint-seconds 0 \
            -o out pairs.amkd >said 2>&1 || fail "$mpi: on with $n: $(cat said)"
        same out whole "$mpi: on with $n"
        rm out
    done
    amkd-score -q -s student-60 $way --resume from -o out pairs.amkd
    same out whole "$mpi: on with amkd-score"
    rm out
done
