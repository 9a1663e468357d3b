# The stop rules of amkd-distill, which reads this file: rounds one by one, and after each,
# before the next buys anything, whether it was the last.

# A figure at the top level of JSON as amkd-eval writes it.
figure() { # NAME FILE
    awk -v name="\"$1\":" '$1 == name { sub(/,$/, "", $2); print $2; exit }' "$2"
}

has_stop_rule() {
    [ -n "${value[TARGET]}" ] || ((10#${value[PATIENCE]}))
}

# Whether round R is the last by a rule; then why says by which.
is_enough() { # R
    local rounds=${value[DIR]}/round- patience=${value[PATIENCE]} now n before earlier
    now=$(figure agreement "$rounds$1/held-out.json")
    n=$(figure n "$rounds$1/held-out.json")
    if [ -n "${value[TARGET]}" ] &&
        awk -v now="$now" -v target="${value[TARGET]}" 'BEGIN { exit !(now >= target) }'
    then
        why="its student agrees with the teacher on $now of $n answers held out, TARGET is"
        why+=" ${value[TARGET]}"
        return 0
    fi
    ((patience && $1 >= patience)) || return 1
    before=$(($1 - patience))
    earlier=$(figure agreement "$rounds$before/held-out.json")
    awk -v now="$now" -v earlier="$earlier" 'BEGIN { exit !(now <= earlier) }' || return 1
    why="on the $n answers held out its student agrees with the teacher on $now, that of"
    why+=" round $before on $earlier: no gain in $patience rounds (PATIENCE)"
}

# Runs the rounds there are to run. Sets last, the last of them, and why it was.
run_rounds() { # MAKE'S ARGUMENT...
    local rounds=${value[ROUNDS]}
    for ((last = 0; last < rounds; last++)); do
        run_loop "$@" "UNSAID=$last" "LAST=$last" "report-$last" || return 1
        ! is_enough "$last" || break
    done
    ((last < rounds)) || why="the budget is spent"
    run_loop "$@" "UNSAID=$((last < rounds ? last + 1 : last))" "LAST=$last" all
}

# Shows what is still to be run: nothing behind a rule that holds already, and whatever
# ROUNDS says where the answers to tell by are still to be bought.
plan_rounds() {
    local rounds=${value[ROUNDS]} plan
    for ((last = 0; last < rounds; last++)); do
        plan=$(run_loop PLAN=1 -n "LAST=$last" "report-$last") || return 1
        [ -z "$plan" ] || break
        if is_enough "$last"; then
            echo "amkd-distill: ends after round $last: $why" >&2
            run_loop PLAN=1 -n "LAST=$last" all
            return
        fi
    done
    ((last == rounds)) || echo "amkd-distill: a stop rule may end this sooner" >&2
    run_loop PLAN=1 -n "LAST=$rounds" all
}
