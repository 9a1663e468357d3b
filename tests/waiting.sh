# Sourced by tests that wait for what another process does, on a machine that may be busy.

# wait_for FILE [PROCESS]: until the file has something in it, while the process is there;
# fails after five minutes.
wait_for() {
    local t
    for ((t = 0; t < 6000; t++)); do
        [ ! -s "$1" ] || return 0
        [ -z "${2:-}" ] || kill -0 "$2" 2>/dev/null || break
        sleep 0.05
    done
    [ -s "$1" ] || { echo "failed: waited in vain for '$1'" >&2 && return 1; }
}
