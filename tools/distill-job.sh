#!/usr/bin/env bash
# A job of amkd-distill, where a launcher put it: waits for its inputs, which another machine may
# just have written, and runs a command for as long as the file JOB is there. A lock on that
# file tells who removed it when the command has ended, and is had by one job alone: a launcher
# that starts several would have each do all of the work.
# Usage: distill-job.sh DIRECTORY JOB LATE COMMAND [INPUT]...
set -euo pipefail
directory=$1 job=$2 late=$3 command=$4
shift 4
where=${SLURMD_NODENAME:-$(uname -n)}

fail() {
    printf 'amkd-distill: on %s: %s\n' "$where" "$*" >&2
    exit 1
}

await_inputs() { # INPUT...
    local input
    SECONDS=0
    for input in "$@"; do
        until [ -e "$input" ]; do
            ((SECONDS < late)) ||
                fail "'$input': not there after $late seconds (LATE); are its files seen here?"
            ls "$(dirname "$input")" >/dev/null 2>&1 || true
            sleep 0.2
        done
    done
}

# NFS gives such a lock to those who opened the file for writing; others do not, lest its being
# started fails. Not every file system has locks.
take_lock() {
    local status=0
    flock -n "$lock" 2>/dev/null || status=$?
    if ((status > 1)) && exec {lock}<>"/proc/self/fd/$lock"; then
        status=0
        flock -n "$lock" 2>/dev/null || status=$?
    fi
    ((status != 1)) || fail "the launcher starts this job several times (-n1?)"
}

# The command has a process group of its own, and the lock, too.
begin() {
    set -m
    bash -peuo pipefail -c "$command" &
    child=$!
    set +m
}

end() {
    kill -TERM -- "-$child" 2>/dev/null || true
}

# Until the command ends, or the job's file is gone at two looks.
watch() {
    local timer missed=0
    while kill -0 "$child" 2>/dev/null; do
        sleep 1 {lock}>&- &
        timer=$!
        wait -n "$child" "$timer" || true
        kill "$timer" 2>/dev/null || true
        if [ -e "$job" ]; then
            missed=0
        elif ((++missed == 2)); then
            echo "amkd-distill: on $where: the run is over, and so is this job" >&2
            end
        fi
    done
    wait "$child"
}

cd "$directory" || fail "'$directory': not to be entered"
exec {lock}<"$job" || fail "the run is over"
take_lock
await_inputs "$@"
child=''
trap '[ -z "$child" ] || end' TERM INT HUP
begin
watch || fail "failed: $(head -c 300 <<<"$command")"
