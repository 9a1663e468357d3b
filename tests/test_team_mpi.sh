#!/usr/bin/env bash
# Teams of processes, by every MPI that is here: what members get of each other, in one piece
# and in several, and what all hear of one that fails or dies.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/mpi.sh"

# hears MPI N MESSAGE WORK...: the work fails, and every member says so.
hears() {
    local mpi=$1 n=$2 message=$3 got=0 rank
    shift 3
    launch "$mpi" "$n" team "$@" >stdout 2>stderr || got=$?
    [ $got = 1 ] || fail "$mpi: $*: exit status $got: $(cat stderr)"
    for ((rank = 0; rank < n; rank++)); do
        grep -qxF "$rank heard: $message" stderr || fail "$mpi: $*: no '$rank heard: $message' in $(cat stderr)"
    done
}

for mpi in "${mpis[@]}"; do
    echo "# $mpi"
    for n in 1 2 4; do
        [ "$(launch "$mpi" $n team size 2>&1)" = "0 of $n, place 0" ] ||
            fail "$mpi: $n are $(launch "$mpi" $n team size 2>&1)"
        for program in team team_pieces; do
            launch "$mpi" $n $program all >said 2>&1 || fail "$mpi: $n $program: $(cat said)"
        done
    done
    here=$({ launch "$mpi" 2 team disagree 1 2>&1 || true; } | sed -n 's/^0 heard: rank 1 \((.*)\): .*/\1/p')
    [ -n "$here" ] || fail "$mpi: no machine is named"
    hears "$mpi" 4 "rank 2 $here: no room on 2" disagree 2
    hears "$mpi" 3 "rank 0 $here: item 3600 cannot be kept" refuse
    hears "$mpi" 2 "rank 1 $here: the seed: '75' here, '7' at rank 0" others
    hears "$mpi" 3 "the members of the team are not at the same step of the work" soon
    for round in 0 1 2 3; do
        got=0
        launch "$mpi" 3 team leave 1 $round >stdout 2>stderr || got=$?
        [ $got = 1 ] || fail "$mpi: one leaves: exit status $got: $(cat stderr)"
        for heard in '0 heard: rank 1 '"$here"': ' '1 heard: ' '2 heard: rank 1 '"$here"': '; do
            grep -qxF "${heard}its disk is full" stderr || fail "$mpi: no '$heard' in $(cat stderr)"
        done
    done
    got=0
    launch "$mpi" 2 team die 1 >stdout 2>stderr || got=$?
    [ $got != 0 ] && [ $got != 124 ] || fail "$mpi: one dies: exit status $got: $(cat stderr)"
done

if [ ${#mpis[@]} = 2 ]; then
    echo "# another MPI's launcher"
    mkdir -p other/tests/mpi
    ln -s "$BUILD/tests/mpi/${mpis[0]}" "other/tests/mpi/${mpis[1]}"
    ln -s "$BUILD/tests/mpi/${mpis[1]}" "other/tests/mpi/${mpis[0]}"
    for mpi in "${mpis[@]}"; do
        got=0
        BUILD=other launch "$mpi" 2 team all >stdout 2>stderr || got=$?
        [ $got != 0 ] || fail "$mpi: starts the other's programs"
        grep -q "the launcher started 2 processes, of which this one sees itself alone: it is another MPI's than this program's, [MO]" \
            stderr || fail "$mpi: $(cat stderr)"
    done
fi
