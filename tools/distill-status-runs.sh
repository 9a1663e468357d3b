# What a comparison of amkd-distill is doing, or did: read by distill-status.sh, whose
# functions and dir this uses, for a directory with a list of runs.

# Sets arms, seeds and runs, their directories, in the order in which they are run.
read_runs() {
    local seed arm
    arms=() seeds=() runs=()
    while IFS=$'\t' read -r seed arm; do
        arms+=("$arm") seeds+=("$seed") runs+=("$dir/$arm/seed-$seed")
    done < <(tail -n +2 "$dir/runs.tsv")
}

# Sets alive: the comparison's command is at work, or a run that it left behind. Reads the
# runs.
find_comparison() {
    local run
    read_runs
    alive=1
    flock -n "$dir/.lock" true || return 0
    for run in "${runs[@]}"; do
        [ ! -e "$run/.lock" ] || flock -n -s "$run/.lock" true || return 0
    done
    alive=''
}

# Start, end and run of each command, those that run now included.
list_commands() {
    local run file files=() start now
    now=$(date +%s.%N)
    for run in "${runs[@]}"; do
        for file in "$run"/*/times.tsv; do
            [ ! -e "$file" ] || files+=("$file")
        done
        for file in "$run"/*/*.running; do
            { IFS=$'\t' read -r _ _ start <"$file"; } 2>/dev/null || continue
            flock -n -s "$run/.lock" true || printf '%s %s %s\n' "$start" "$now" "$run"
        done
    done
    [ ${#files[@]} = 0 ] || awk -F '\t' '{ run = FILENAME
        sub("/[^/]*/times.tsv$", "", run); print $3, $4, run }' "${files[@]}"
}

# Sets took[RUN], the wall time in which a run's commands ran, overlaps counted once, and
# took[.], that of all runs together.
measure_runs() {
    local run seconds
    while read -r run seconds; do
        took[$run]=$seconds
    done < <(list_commands | sort -n | awk '
        function add(run,   start) {
            start = $1 > end[run] ? $1 : end[run]
            if ($2 > start) { sum[run] += $2 - start; end[run] = $2 } }
        { add($3); add(".") }
        END { for (run in sum) print run, sum[run] }')
}

# Sets doing and running of a run that is alive: what runs in its last round, or about the test images.
describe_work() { # ROUND
    local left=0 answers=0
    doing='' running=''
    [ ! -d "$dir/round-$1" ] || describe_running "$dir/round-$1" "$1"
    [ -n "$doing" ] || describe_running "$dir/test" 0
}

# Sets kind (done, running, stopped, waiting), doing, running, round and success of the run in
# dir.
describe_run() {
    local state alive r
    kind=waiting doing='' running='' round='' success=''
    [ -e "$dir/parameters.txt" ] || return 0
    find_state
    for ((r = 0; ; r++)); do
        [ -d "$dir/round-$r" ] || break
        round=$r
    done
    if [ -n "$alive" ]; then
        kind=running
        describe_work "${round:-0}"
    elif [ -e "$dir/ended.txt" ]; then
        kind='done' round=$(cat "$dir/student.round")
    else
        kind=stopped
    fi
    for ((r = ${round:--1}; r >= 0; r--)); do
        success=$(figure "$dir/round-$r/eval.json" success_rate)
        [ -z "$success" ] || break
    done
}

# Sets table, a line a run, listed, the same as JSON, and times, "KIND ARM SECONDS" lines.
read_table() {
    local r kind doing running round success width=3
    for r in "${!arms[@]}"; do
        ((${#arms[r]} <= width)) || width=${#arms[r]}
    done
    table=$(printf '%-*s %6s %6s %8s  %s' "$width" arm seed round success now)$'\n' times='' listed=''
    for r in "${!runs[@]}"; do
        dir=${runs[r]} describe_run
        listed+=${listed:+,}$(dir=${runs[r]} json_arm "${arms[r]}" "${seeds[r]}")
        times+="$kind ${arms[r]} ${took[${runs[r]}]:-0}"$'\n'
        table+=$(printf '%-*s %6s %6s %8s  %s' "$width" "${arms[r]}" "${seeds[r]}" \
            "${round:--}" "$(percent "$success")" "$kind${doing:+: $doing}")$'\n'
    done
}

# Prints the number of runs done and, while one is running and one is done, the seconds left
# were each as the mean of its arm's that are done, or else of all of these.
sum_up() {
    awk '{ n[$1]++ }
        $1 == "done" { sum[$2] += $3; count[$2]++; sum[""] += $3; count[""]++ }
        $1 != "done" { arm[NR] = $2; so_far[NR] = $3 }
        END {
            for (r in arm) if (n["done"]) {
                from = arm[r] in count ? arm[r] : ""
                mean = sum[from] / count[from]
                left += mean > so_far[r] ? mean - so_far[r] : 0
            }
            print n["done"] + 0, n["done"] && n["running"] ? left / n["running"] : "" }'
}

# Answers in the stores of all teachers, those about the test images too.
bought_answers() {
    local journal n sum=0
    for journal in "$dir"/shared/answers-*/answers.amkd; do
        [ -e "$journal" ] || continue
        n=$(rows_so_far "$journal" 24)
        sum=$((sum + ${n:-0}))
    done
    echo "$sum"
}

show_comparison() {
    local table listed times ndone left state
    local -A took=()
    find_comparison
    measure_runs
    read_table
    read -r ndone left <<<"$(sum_up <<<"${times%$'\n'}")"
    if [ -n "$alive" ]; then
        state=running
    elif ((ndone == ${#runs[@]})); then
        state=ended
    else
        state='stopped; the same command goes on'
    fi
    if [ -n "$json" ]; then
        json_comparison "$ndone" "$(bought_answers)" "${took[.]:-0}" "$left"
        return
    fi
    printf '%s%s: %s%s\n' "$bold" "$dir" "$state" "$plain"
    printf '%d of %d runs done, %d answers bought, %s so far%s\n' "$ndone" "${#runs[@]}" \
        "$(bought_answers)" "$(duration "${took[.]:-0}")" \
        "${left:+, about $(duration "$left") left}"
    printf '%s' "$table"
}

# Leaves out runs for which a terminal has no room: the first of those begun, and the last
# of those that wait.
fit() { # ROWS
    awk -v room="$(($1 - 4))" '
        { line[NR] = $0 }
        NR <= 3 { print; next }
        $NF != "waiting" { begun = NR }
        END {
            first = begun - room + 1
            if (first < 4) first = 4
            for (r = first; r <= NR && r < first + room; r++) print line[r] }'
}
