#!/usr/bin/env bash
# What a run of amkd-distill is doing, or did, out of the files it keeps; of a comparison see
# distill-status-runs.sh.
# Usage: distill-status.sh DIR WATCH JSON: these two are empty or not
set -euo pipefail
export LC_ALL=C
dir=$1 watch=$2 json=$3
. "$(dirname "$0")/distill-status-json.sh"
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi

parameter() { # NAME
    sed -n "s/^$1=//p" "$dir/parameters.txt"
}

# A figure at the top level of JSON, or that OBJECT has there.
figure() { # FILE NAME [OBJECT]
    [ ! -e "$1" ] || awk -v name="\"$2\":" -v object="${3:+\"$3\":}" '
        object == "" || $1 == object { inside = 1 }
        inside && $1 == name { sub(/,$/, "", $2); print $2; exit }' "$1"
}

rows() { # FILE
    amkd-cat --check "$1" 2>/dev/null |
        awk '{ for (f = 2; f <= NF; f++) if ($f == "rows,") print $(f - 1) + 0 }' || true
}

# The same of labels, or a journal's answers, that are being written to: they have no end
# yet. Behind the header a row is HEAD bytes and its classes' float32 (amkd-stream(5)).
rows_so_far() { # FILE HEAD
    local nheader nclasses nbytes
    nheader=$({ zcat "$1" 2>/dev/null || true; } | od -An -tu4 -j8 -N4)
    nclasses=$({ zcat "$1" 2>/dev/null || true; } | head -c $((12 + nheader)) |
        tr -d '\0' | sed -n 's/.*"<f4",\[\([0-9]*\)\]\].*/\1/p')
    nbytes=$({ zcat "$1" 2>/dev/null || true; } | wc -c)
    [ -z "$nclasses" ] || echo $(((nbytes - 12 - nheader) / ($2 + 4 * nclasses)))
}

# Wall time of a round's commands as last run, or of one TARGET; overlaps counted once.
seconds() { # ROUND [TARGET]
    [ -e "$dir/round-$1/times.tsv" ] || return 0
    awk -F '\t' -v target="${2:-}" 'target == "" || $2 == target { time[$2] = $3 " " $4 }
        END { for (t in time) print time[t] }' "$dir/round-$1/times.tsv" | sort -n | awk '
        { start = $1 > end ? $1 : end
          if ($2 > start) { sum += $2 - start; end = $2 } }
        END { if (NR) printf "%.1f", sum }'
}

duration() { # SECONDS
    awk -v s="$1" 'BEGIN {
        if (s < 90) printf "%.0f s", s
        else if (s < 5400) printf "%.0f min", s / 60
        else printf "%.1f h", s / 3600 }'
}

# What runs in a directory, each command with its time so far and, after the round before,
# what may be left of it. Sets doing, adds to running, and to left the longest of that.
describe_running() { # DIRECTORY ROUND
    local marker tool target start so_far before rest n
    doing=''
    for marker in "$1"/*.running; do
        [ -e "$marker" ] || continue
        IFS=$'\t' read -r tool target start <"$marker" || continue
        so_far=$(awk -v now="$(date +%s.%N)" -v start="$start" 'BEGIN { print now - start }')
        doing+="${doing:+; }$tool, $(duration "$so_far")"
        n=''
        if [ "$tool" = amkd-query ]; then
            n=$(answers_so_far "$1")
            [ -z "$n" ] || doing+=", $n answers"
        fi
        before=''
        [ "$2" = 0 ] || before=$(seconds $(($2 - 1)) "$target")
        rest=$(awk -v before="${before:-0}" -v so_far="$so_far" 'BEGIN {
            if (before > so_far) printf "%.0f", before - so_far }')
        [ -z "$rest" ] || doing+=", about $(duration "$rest") left"
        running+=${running:+,}$(json_command "$1" "$tool" "$target" "$so_far" "$n" "$rest")
        ((${rest:-0} <= left)) || left=$rest
    done
}

# Of the query under way: what it added to its labels, or to a journal beyond them.
answers_so_far() { # DIRECTORY
    local journal all
    journal=$(parameter JOURNAL)
    if [ -n "$journal" ] && [ "$1" != "$dir/test" ]; then
        [ ! -e "$journal/answers.amkd" ] || all=$(rows_so_far "$journal/answers.amkd" 24)
        [ -z "${all:-}" ] || echo $((all - answers))
    elif [ -e "$1/labels.part.amkd" ]; then
        rows_so_far "$1/labels.part.amkd" 12
    fi
}

# Sets state and alive.
find_state() {
    alive=''
    if ! flock -n -s "$dir/.lock" true; then
        alive=1 state=running
    elif [ -e "$dir/ended.txt" ]; then
        state="ended $(cat "$dir/ended.txt")"
    else
        state="stopped; the same command goes on"
    fi
}

# Sets table, figures, running, answers, reached and left.
read_rounds() {
    local r=0 round last n took assistant success accuracy agreement doing
    table='' figures='' running='' answers=0 reached=0 left=0
    [[ $(parameter HOLDOUT) = 0 || ! -e $dir/held-out/labels.amkd ]] ||
        answers=$(rows "$dir/held-out/labels.amkd")
    last=$(parameter ROUNDS)
    [ -n "$alive" ] || [ ! -e "$dir/student.round" ] || last=$(cat "$dir/student.round")
    for ((r = 0; r <= last; r++)); do
        round=$dir/round-$r
        [ -d "$round" ] || break
        reached=$r doing=''
        [ -z "$alive" ] || describe_running "$round" "$r"
        n=''
        [ ! -e "$round/labels.amkd" ] || n=$(rows "$round/labels.amkd")
        answers=$((answers + ${n:-0}))
        read_measures "$r"
        took=$(seconds "$r")
        figures+=${figures:+,}$(json_round "$r" "${n:+$answers}" "$took")
        table+=$(printf '%5d %8s %9s %9s %8s %9s %9s  %s' "$r" "${n:+$answers}" \
            "$(percent "$assistant")" "$(decimals "$accuracy")" "$(percent "$success")" \
            "$(decimals "$agreement")" \
            "$took" "$doing" | sed 's/ *$//')$'\n'
    done
    [ -z "$alive" ] || describe_aside held-out 'held out'
    [ -z "$alive" ] || describe_aside test 'test answers'
}

# Adds what runs beside the rounds to table.
describe_aside() { # DIRECTORY WHAT
    local doing
    describe_running "$dir/$1" 0
    [ -z "$doing" ] || table+="   $2: $doing"$'\n'
}

# Sets assistant, accuracy, success and agreement, of what this run measures in the round: an
# earlier one may have left more.
read_measures() { # ROUND
    local round=$dir/round-$1
    assistant='' accuracy='' success='' agreement=''
    [ "$(parameter HOLDOUT)" = 0 ] || agreement=$(figure "$round/held-out.json" agreement)
    [ -n "$(parameter TEST)" ] || return 0
    [ -z "$(parameter ASSISTANT)" ] ||
        assistant=$(figure "$round/assistant.json" success_rate)
    [[ $(parameter STUDENTS) != last || $(parameter ROUNDS) = "$1" ]] || return 0
    accuracy=$(figure "$round/eval.json" accuracy student)
    success=$(figure "$round/eval.json" success_rate)
}

decimals() { # NUMBER
    if [ -n "$1" ]; then printf '%.4f' "$1"; else echo -; fi
}

percent() { # SHARE
    if [ -n "$1" ]; then awk -v s="$1" 'BEGIN { printf "%.1f %%", 100 * s }'; else echo -; fi
}

# All that is left, were each further round as the one before.
whole_left() {
    local each more
    more=$(($(parameter ROUNDS) - reached))
    ((reached > 1 || (reached == 1 && more == 0))) || return 0
    each=$(seconds $((reached - 1)))
    awk -v each="${each:-0}" -v more="$more" -v left="$left" \
        'BEGIN { print left + each * more }'
}

show_run() {
    local rest='' held=''
    find_state
    read_rounds
    [ -z "$alive" ] || rest=$(whole_left)
    if [ -n "$json" ]; then
        json_run "$rest"
        return
    fi
    [ -z "$(parameter TARGET)" ] && [ "$(parameter PATIENCE)" = 0 ] || held=', at most'
    printf '%s%s: %s%s\n' "$bold" "$dir" "$state" "$plain"
    printf 'round %d of %d%s, %d of %d answers%s\n' "$reached" "$(parameter ROUNDS)" "$held" \
        "$answers" "$(parameter BUDGET)" "${rest:+, about $(duration "$rest") left}"
    printf '%5s %8s %9s %9s %8s %9s %9s  %s\n' round answers assistant accuracy success \
        'held out' seconds now
    printf '%s' "$table"
}

# The time between two looks is long beside that of one.
if [ -e "$dir/runs.tsv" ]; then
    . "$(dirname "$0")/distill-status-runs.sh"
    show=show_comparison find=find_comparison pause=10
elif [ -e "$dir/parameters.txt" ]; then
    show=show_run find=find_state pause=2
else
    echo "amkd-distill: '$dir': no run is kept there" >&2
    exit 1
fi
while :; do
    text=$($show)
    $find
    if [ -n "$watch" ] && [ -z "$json" ] && [ -t 1 ]; then
        rows=$({ stty size </dev/tty || true; } 2>/dev/null | cut -d ' ' -f 1)
        [ $show = show_run ] || ((rows < 6)) || text=$(fit "$rows" <<<"$text")
        printf '\e[H\e[2J'
    fi
    printf '%s\n' "$text" 2>/dev/null || {
        echo "amkd-distill: stdout: it cannot be written" >&2
        exit 1
    }
    [ -n "$watch" ] && [ -n "$alive" ] || break
    sleep $pause
done
