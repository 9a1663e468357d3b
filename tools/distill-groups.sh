# Commands that are process groups of their own, which end with the shell that began them:
# read by amkd-distill and its compare. A watcher (distill-watch.sh) is told of each group
# through a pipe that this shell alone writes to, and ends them when the pipe ends.

life='' watcher='' remains=''

# Starts the watcher, to which descriptor 9, the lock, goes too. Returns when it is out of
# reach of signals to this shell.
watch_groups() { # GRACE
    local from to
    coproc watch { exec setsid bash -p "$AMKD_SHARE/distill-watch.sh" "$1" 2>/dev/null; }
    from=${watch[0]} to=${watch[1]} watcher=$!
    exec {life}>&"$to" {to}>&-
    read -r _ <&"$from" || fail "cannot start setsid"
    exec {from}<&-
}

# A watcher that is gone is no reason to go, too.
tell_watcher() { # WHAT GROUP
    (echo "$1 $2" >&"$life") 2>/dev/null || true
}

# Runs a command in the background. Its group, $!, is known to the watcher before it runs;
# neither lock nor pipe goes to it.
begin_group() { # COMMAND...
    set -m
    {
        echo "begin $BASHPID" >&"$life"
        exec {life}>&- 9>&-
        "$@"
    } <&0 &
    set +m
}

# Tells a group to end; make by itself would leave the tools.
stop_group() { # GROUP
    kill -TERM -- "-$1" 2>/dev/null || true
    tell_watcher stop "$1"
}

# To be called when a group's first process was waited for. What else is left of it, which
# waits for answers that are paid for, is still watched.
end_group() { # GROUP
    if kill -0 -- "-$1" 2>/dev/null; then
        remains=1
    else
        tell_watcher end "$1"
    fi
}

# When nothing is left to watch the lock is free on return, but for this shell's own hold.
end_watch() {
    exec {life}>&- 9>&-
    life=''
    [ -n "$remains" ] || wait "$watcher" || true
}
