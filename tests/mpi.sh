# What tests of programs that MPI's launcher starts share, which source this file behind
# command.sh: the MPIs they were built with, and their launchers.
# MPIs leak from modules that are gone when LeakSanitizer looks, where no suppression can
# name them.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
# Open MPI's folder of a session is of the user: of one that ends it may be removed while
# another one begins.
mkdir session
export TMPDIR=$PWD/session
# All processes are here: Open MPI need not say what it thinks of the network.
export OMPI_MCA_btl=^tcp
mpis=()
for folder in "$BUILD"/tests/mpi/*/; do
    name=$(basename "$folder")
    ! command -v "mpirun.$name" >/dev/null || mpis+=("$name")
done
[ ${#mpis[@]} -gt 0 ] || { echo "no MPI: skipped"; exit 77; }

# launch MPI N PROGRAM...: N processes of a program that was built with that MPI, also as root
# and on fewer processors.
launch() {
    local mpi=$1 n=$2 options=()
    local program=$BUILD/tests/mpi/$1/$3
    shift 3
    [ "$mpi" != openmpi ] || options=(--allow-run-as-root --oversubscribe)
    timeout 300 "mpirun.$mpi" "${options[@]}" -n "$n" "$program" "$@"
}

# launch_each MPI PROGRAM... : PROGRAM...: one process of each, with variables of the
# environment by EACH_0 and EACH_1, NAME=VALUE. Open MPI 5 dies of the launcher's own colons.
launch_each() {
    local mpi=$1 options=() rank=0 each
    shift
    [ "$mpi" != openmpi ] || options=(--allow-run-as-root --oversubscribe)
    {
        echo 'rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}'
        set -- : "$@"
        while [ $# -gt 0 ]; do
            each=EACH_$rank
            printf '[ "$rank" != %d ] || exec env %s %q' $rank "${!each:-}" \
                "$BUILD/tests/mpi/$mpi/$2"
            shift 2
            while [ $# -gt 0 ] && [ "$1" != : ]; do
                printf ' %q' "$1"
                shift
            done
            echo
            rank=$((rank + 1))
        done
    } >each.sh
    timeout 300 "mpirun.$mpi" "${options[@]}" -n $rank bash each.sh
}

# Of a run of TOOL -v in the background, as a job PID, whose stderr is the file so called: rank 1
# is killed, which ends all, as failed: the launcher says so in words like TEXT. MPICH 4.2's,
# on a busy machine, says nothing now and then and ends with 0.
kill_rank_1() { # TOOL PID TEXT
    local got=0 process
    process=$(sed -n "s/^$1: rank 1 (.*) is process //p" stderr)
    [ -n "$process" ] || fail "$mpi: who is who: $(cat stderr)"
    kill -9 "$process"
    wait "$2" || got=$?
    [ $got != 124 ] || fail "$mpi: it does not end: $(cat stderr)"
    [ $got != 0 ] || [ "$mpi" != mpich ] || return 0
    [ $got != 0 ] && grep -qE "$3|PID $process " stdout stderr ||
        fail "$mpi: exit status $got: $(cat stdout stderr)"
}
