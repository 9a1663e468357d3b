# shellcheck shell=bash
# The runs of a comparison, several side by side: read by distill-compare.sh, whose dir, jobs
# and runs this uses, and its distil.

# What there is to run, for --status, and, by a lock, that it is at work. What a killed one
# was about to write is nobody's.
note_runs() {
    mkdir -p "$dir"
    exec 9>"$dir/.lock"
    if flock -n 9; then
        find "$dir" -maxdepth 3 -regex '.*\.[0-9]+\.new' -delete
    fi
    flock -s 9
    {
        printf 'seed\tarm\n'
        printf '%s\n' "${runs[@]}" | tr ' ' '\t'
    } | put "$dir/runs.tsv"
}

run_one() { # SEED ARM
    local run table
    run=$(run_of "$1" "$2")
    mkdir -p "$run"
    say "$2, seed $1"
    if ! table=$(distil "$1" "$2" "${flags[@]}"); then
        printf 'amkd-distill: %s, seed %s: failed\n' "$2" "$1" >&2
        return 1
    fi
    put "$run/table.txt" <<<"$table"
    say "$2, seed $1: done"
}

declare -gA groups=() # of the runs that run
stopping=''

# Each run is a process group, so that all of it is stopped with this script.
stop_all() {
    local group
    trap '' INT TERM HUP
    stopping=1
    for group in "${!groups[@]}"; do
        stop_group "$group"
    done
}

# Waits for a run to end; its exit status. The shell's own "wait" may wait for ever for one
# that ended while a signal to this script was dealt with.
wait_for_one() {
    local group status=0
    while :; do
        for group in "${!groups[@]}"; do
            ! kill -0 "$group" 2>/dev/null || continue
            wait "$group" || status=$?
            unset "groups[$group]"
            end_group "$group"
            return $status
        done
        sleep 0.1
    done
}

# One that fails stops no other.
run_all() {
    local run failed=0
    trap stop_all INT TERM HUP
    for run in "${runs[@]}"; do
        ((${#groups[@]} < jobs)) || wait_for_one || failed=1
        [ -z "$stopping" ] || break
        # shellcheck disable=SC2086 # a seed and an arm
        begin_group run_one $run </dev/null
        groups[$!]=1
        [ -z "$stopping" ] || stop_group $!
    done
    while ((${#groups[@]})); do
        wait_for_one || failed=1
    done
    trap - INT TERM HUP
    [ -z "$stopping" ] || { end_watch && fail "stopped; the same command goes on from here"; }
    [ $failed = 0 ] || { end_watch && fail "a run failed; the same command goes on from here"; }
}
