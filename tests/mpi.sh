# What tests of programs that MPI's launcher starts share, which source this file behind
# command.sh: the MPIs they were built with, and their launchers.
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
