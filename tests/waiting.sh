# Sourced by tests that wait for what another process does, on a machine that may be busy.

# wait_for FILE [PROCESS]: until the file has something in it, while the process is there;
# fails after five minutes.
wait_for() { wait_until -s "$@"; }

# wait_for_file FILE [PROCESS]: the same for a file that may be empty.
wait_for_file() { wait_until -e "$@"; }

# wait_for_text TEXT FILE [PROCESS]: the same until TEXT stands in the file.
wait_for_text() { wait_for_success "$2" "${3:-}" grep -qsF -- "$1" "$2"; }

wait_until() { # TEST FILE [PROCESS]
    wait_for_success "$2" "${3:-}" test "$1" "$2"
}

wait_for_success() { # FILE PROCESS COMMAND...
    local t file=$1 process=$2
    shift 2
    for ((t = 0; t < 6000; t++)); do
        ! "$@" || return 0
        [ -z "$process" ] || kill -0 "$process" 2>/dev/null || break
        sleep 0.05
    done
    "$@" || { echo "failed: waited in vain for '$file'" >&2 && return 1; }
}
