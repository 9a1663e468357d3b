#!/usr/bin/env bash
# A server that is killed or asked to stop in the middle, and started again in its place:
# every answer is kept, and nothing is bought twice but what was in flight then.
set -euo pipefail
source "$SOURCE/tests/servers.sh"

serve() { # PORT
    start port amkd-serve --port "$1" --port-file port --access-log access teacher.safetensors
}

# ask JOURNAL PORT OPTION...
ask() {
    amkd-query -v --batch 8 --concurrency 4 --retry 50 --retry-paid 50 \
        --retry-delay 0.02 --journal "$1" -t "http://127.0.0.1:$2/v2/models/teacher" \
        -o "$1.amkd" "${@:3}" real.amkd
}

# restart SIGNAL...: while the query runs the server goes by each signal in turn, over and
# over, and comes back in its place.
restart() {
    local place
    place=$(cat port)
    kills=0
    while kill -0 "$asking" 2>/dev/null; do
        sleep "0.$((RANDOM % 50 + 40))"
        stop port "${*:kills % $# + 1:1}"
        kills=$((kills + 1))
        serve "$place"
    done
    wait "$asking" || fail "the query at $kills restarts: $(cat said)"
    [ "$kills" -ge 3 ] || fail "only $kills restarts"
}

# Images sent and not returned, and answers, by the rows of a journal.
journal() {
    amkd-cat "$1/sent.amkd" | awk 'NR > 1 { n += $NF ? 1 : -1 } END { printf "%d ", n }'
    echo $(($(amkd-cat "$1/answers.amkd" | wc -l) - 1))
}

# Images of requests that were handed on to a server: those that got no answer, and those
# that one which was being stopped turned away (503).
lost() {
    awk -F'\t' '$1 == "forwarded" { n[$2] = $3 } $1 == "answered" { delete n[$2] }
        END { for (r in n) sum += n[r]; print sum + 0 }' "$1"
}
turned_away() {
    awk -F'\t' '$1 == "forwarded" { n[$2] = $3 }
        $1 == "answered" && $3 == 503 { sum += n[$2] } END { print sum + 0 }' "$1"
}

make_teacher
serve 0
ask whole "$(cat port)" 2>said
amkd-cat whole.amkd >expected
RANDOM=7
front front bought --down 503
ways=(KILL TERM "KILL TERM")
for way in "${!ways[@]}"; do
    # Behind a front that counts: what is bought beyond the images had been handed on when
    # its server went away, and the journal has the same number.
    rm bought
    stop front
    front front bought --down 503
    ask "front-$way" "$(cat front)" --rate 500 2>said &
    asking=$!
    restart ${ways[way]}
    amkd-cat "front-$way.amkd" | cmp - expected || fail "${ways[way]}: other answers"
    lost=$(lost bought)
    handed_on=$(bought bought)
    [ "$(different bought) $((handed_on - $(turned_away bought)))" = "2000 $((2000 + lost))" ] ||
        fail "${ways[way]}: $(different bought) images, $(bought bought) bought, $lost lost"
    [ "$(journal "front-$way")" = "$((2000 + lost)) 2000" ] ||
        fail "${ways[way]}: $lost lost, the journal: $(journal "front-$way")"
    [ "$(spent said)" = $((2000 + lost)) ] || fail "${ways[way]}: $lost lost: $(cat said)"
    [ "$lost" -le $((kills * 4 * 8)) ] || fail "${ways[way]}: $lost lost at $kills restarts"
    grep -q "^down" bought || fail "${ways[way]}: the server never was away"
    echo "$kills restarts by ${ways[way]}: $lost images lost behind the front"
done

# On connections of its own, which are refused and lost as the server comes and goes.
rm access
ask direct "$(cat port)" --rate 500 2>said &
asking=$!
restart KILL TERM
amkd-cat direct.amkd | cmp - expected || fail "other answers, directly"
spent=$(spent said)
[ "$(journal direct)" = "$spent 2000" ] || fail "$(cat said)"
[ "$spent" -le $((2000 + kills * 4 * 8)) ] || fail "$spent spent at $kills restarts"
served=$(awk '/infer/ && $(NF - 3) == 200 { n += $NF } END { print n }' access)
[ "$served" -le "$spent" ] || fail "$served served, $spent spent"
echo "$kills restarts by KILL TERM: $((spent - 2000)) images doubtful"
