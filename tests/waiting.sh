# Sourced by tests that wait for what another process does, on a machine that may be busy.

# wait_for FILE [PROCESS]: until the file has something in it, while the process is there;
# fails after five minutes.
wait_for() { wait_until -s "$@"; }

# wait_for_file FILE [PROCESS]: the same for a file that may be empty.
wait_for_file() { wait_until -e "$@"; }

wait_until() { # TEST FILE [PROCESS]
    local t
    for ((t = 0; t < 6000; t++)); do
        ! test "$1" "$2" || return 0
        [ -z "${3:-}" ] || kill -0 "$3" 2>/dev/null || break
        sleep 0.05
    done
    test "$1" "$2" || { echo "failed: waited in vain for '$2'" >&2 && return 1; }
}
