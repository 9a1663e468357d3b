#!/usr/bin/env bash
# Ends process groups once the shell that began them is no more, however that ended: killed,
# too. It is that shell which writes to this one's stdin, and nobody else (distill-groups.sh).
# In a session of its own no signal to the shell's group comes here; the lock that the shell
# holds is inherited, so that nothing begins beside what is still being ended.
# Usage: distill-watch.sh GRACE <LINES
# A line is "begin GROUP", "stop GROUP" when it was told to end, or "end GROUP". GRACE is the
# seconds that a group has to end when told: answers that are paid for are waited for.
set -euo pipefail
grace=$1
trap '' INT TERM HUP
echo ready
exec >/dev/null

declare -A groups=()
while read -r what group; do
    groups[$group]=$what
done

# Whether a process of the group is at work: a zombie is none, and some containers keep these.
# Other processes may end while they are looked at, for which cat fails.
is_alive() { # GROUP
    kill -0 -- "-$1" 2>/dev/null &&
        { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v group="$1" '
            { sub(/^.*\) /, "") }
            $3 == group && $1 != "Z" { alive = 1 }
            END { exit !alive }'
}

SECONDS=0 # the grace begins now
for group in "${!groups[@]}"; do
    [ "${groups[$group]}" != begin ] || kill -TERM -- "-$group" 2>/dev/null || true
done
for group in "${!groups[@]}"; do
    [ "${groups[$group]}" != end ] || continue
    while is_alive "$group"; do
        if ((SECONDS >= grace)); then
            kill -KILL -- "-$group" 2>/dev/null || true
            break
        fi
        sleep 0.1
    done
done
