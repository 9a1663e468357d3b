#!/usr/bin/env bash
# Runs a command as a job of a launcher, such as srun, which may be on another machine, and waits
# for what it writes.
# Usage: distill-launch.sh LAUNCHER LATE GRACE OUTPUT COMMAND [INPUT]...
# GRACE: seconds that a job may take to end, as an answer under way may.
# The job is a script OUTPUT.job, so that whatever a launcher does with words, or with a batch
# script, the command is the same. Who removes it ends the job (distill-job.sh).
set -euo pipefail
launcher=$1 late=$2 grace=$3 output=$4
shift 3
[[ $output = /* ]] || output=$PWD/$output
job=$output.job

fail() {
    printf 'amkd-distill: %s\n' "$*" >&2
    exit 1
}

write_job() { # OUTPUT COMMAND [INPUT]...
    shift
    {
        printf '#!/usr/bin/env -S bash -p\n'
        # shellcheck disable=SC2016 # the job's PATH
        printf 'export AMKD_SHARE=%q PATH=%q:"$PATH"\n' "$AMKD_SHARE" "$AMKD_TOOLS"
        printf 'exec bash -p'
        printf ' %q' "$AMKD_SHARE/distill-job.sh" "$PWD" "$job" "$late" "$@"
        printf '\n'
    } >"$job"
    chmod +x "$job"
}

# A directory that is opened is asked for anew: a file that was not there is remembered as that
# by network file systems.
await_output() {
    SECONDS=0
    until [ -e "$output" ]; do
        ((SECONDS < late)) || fail "'$output': not there $late seconds after the end of the job" \
            "that writes it (LATE); do its machine and this one see the same files?"
        ls "${output%/*}" >/dev/null
        sleep 0.2
    done
}

# A job whose launcher failed may live on; that its file is gone ends it. Where files have no
# locks this does not wait.
await_end() {
    local held status=0
    exec {held}<>"$job"
    rm -f "$job"
    flock -n "$held" || flock -w "$grace" "$held" || status=$?
    ((status != 1)) || fail "'${output##*/}': a job by '$launcher' does not end"
}

# Told to end, the launcher ends its job, and is waited for.
trap : TERM INT HUP
write_job "$@"
words=()
eval "words=($launcher)"
status=0
"${words[@]}" "$job" </dev/null || status=$?
await_end
((status == 0)) || fail "'${output##*/}': the job by '$launcher' failed with status $status"
await_output
