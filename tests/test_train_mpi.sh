#!/usr/bin/env bash
# amkd-train_mpi by every MPI that is here: the weights of amkd-train whatever the number of
# processes; those that see something else are named; one that is killed ends all, and any
# number goes on from the checkpoint.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/mpi.sh"
. "$SOURCE/tests/driver.sh"

perl -e 'srand 7; print pack("N4", 0x803, 230, 8, 8), map { chr int rand 256 } 1 .. 64 * 230' \
    >set-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 230), map { chr($_ % 5) } 1 .. 230' >set-labels-idx1-ubyte
amkd-import -q -o set.amkd set-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 230), map { chr($_ % 5 * ($_ < 230)) } 0 .. 229' >set-labels-idx1-ubyte
amkd-import -q -o others.amkd set-images-idx3-ubyte

# The values of a model's file, which begins with the length of its header.
weights() { local n; n=$(od -An -tu8 -N8 "$1"); tail -c +$((n + 9)) "$1"; }
same() { cmp <(weights "$1") <(weights "$2") || fail "$1 and $2 differ ($3)"; }
none_left() { [ -z "$(find . -name out -o -name '.*.tmp')" ] || fail "$1: left $(find . -name out -o -name '.*.tmp')"; }

# fails TEXT COMMAND...: it does, saying so, and leaves no output.
fails() {
    local text=$1
    shift
    ! "$@" >stdout 2>stderr || fail "$mpi: did not fail with '$text'"
    grep -qE "$text" stderr || fail "$mpi: no '$text' in $(cat stderr)"
    none_left "$mpi: $text"
}

net="conv 8 k3 p1 | bn | relu | dropout 0.3 | conv 8 k3 p1 | bn | relu | avgpool 8 | fc classes"
amkd-train -q -a "$net" -b 100 --steps 7 -o whole set.amkd
for mpi in "${mpis[@]}"; do
    echo "# $mpi: the weights of one process"
    for n in 1 2 4; do
        launch "$mpi" $n amkd-train_mpi -q -a "$net" -b 100 --steps 7 --val set.amkd \
            --metrics lines -o out set.amkd >said 2>&1 || fail "$mpi, $n: $(cat said)"
        same out whole "$mpi, $n"
        [ "$(wc -l <lines)" = 1 ] || fail "$mpi, $n: metrics: $(cat lines)"
        rm out
    done

    echo "# $mpi: processes that see something else"
    train=(amkd-train_mpi -q -a "$net" -b 100 --steps 7 -o out)
    fails "^amkd-train: rank 1 \(.*\): 'gone': No such file" \
        launch_each "$mpi" "${train[@]}" set.amkd : "${train[@]}" gone
    fails "^amkd-train: rank 1 \(.*\): the training: '.*data .*' here, '.*' at rank 0" \
        launch_each "$mpi" "${train[@]}" set.amkd : "${train[@]}" others.amkd
    fails "^amkd-train: rank 1 \(.*\): the training: '.*' here, '.*' at rank 0" \
        launch_each "$mpi" "${train[@]}" set.amkd : "${train[@]}" --seed 2 set.amkd
    fails "^amkd-train: rank 0 \(.*\): stdin: several processes" launch "$mpi" 2 "${train[@]}"
    fails "^amkd-train: rank 0 \(.*\): stdout: several processes" \
        launch "$mpi" 2 amkd-train_mpi -q -a "$net" --steps 7 set.amkd
    fails "^amkd-train: rank 0 \(.*\): 5 devices are too many.*4 slices" \
        launch "$mpi" 5 amkd-train_mpi -q -a "$net" -b 32 --steps 7 -o out set.amkd
    if [[ $(amkd-devices) = *pthread* ]] && [[ $(POCL_DEVICES=basic amkd-devices 2>&1) = *basic* ]]; then
        EACH_1=POCL_DEVICES=basic fails \
            "^amkd-train: rank 1 \(.*\): the device: 'basic.*' here, 'pthread.*' at rank 0" \
            launch_each "$mpi" "${train[@]}" set.amkd : "${train[@]}" set.amkd
    fi
done

echo "# one is killed"
small="conv 4 k3 | bn | relu | fc classes"
options=(-a "$small" -b 64 --steps 1500)
amkd-train -q "${options[@]}" -o whole set.amkd
for mpi in "${mpis[@]}"; do
    rm -f state
    launch "$mpi" 2 amkd-train_mpi "${options[@]}" -v --checkpoint state --checkpoint-seconds 0 \
        -o out set.amkd >stdout 2>stderr &
    run=$!
    wait_for state
    kill_rank_1 amkd-train $run "signal 9"
    none_left "$mpi: killed"
    for n in 1 3; do
        launch "$mpi" $n amkd-train_mpi -q "${options[@]}" --resume state -o out set.amkd \
            >said 2>&1 || fail "$mpi: on with $n: $(cat said)"
        same out whole "$mpi: on with $n"
        rm out
    done
done
amkd-train -q "${options[@]}" --resume state -o out set.amkd
same out whole "on with amkd-train"
rm out

for mpi in "${mpis[@]}"; do
    echo "# $mpi: a device that fails in the middle of a training"
    rm -f state
    EACH_1=LD_PRELOAD=$driver DRIVER_FAIL=clEnqueueNDRangeKernel:15000:CL_OUT_OF_RESOURCES fails \
        "^amkd-train: rank 1 \(.*\): .*CL_OUT_OF_RESOURCES" launch_each "$mpi" \
        amkd-train_mpi -q "${options[@]}" --checkpoint state --checkpoint-seconds 0 -o out set.amkd : \
        amkd-train_mpi -q "${options[@]}" --checkpoint state --checkpoint-seconds 0 -o out set.amkd
    launch "$mpi" 2 amkd-train_mpi -q "${options[@]}" --resume state -o out set.amkd >said 2>&1 ||
        fail "$mpi: on from a failed device: $(cat said)"
    same out whole "$mpi: on from a failed device"
    rm out
done
