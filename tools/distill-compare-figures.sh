# shellcheck shell=bash
# In what the arms of a comparison differ, and the figures of their runs side by side: read by
# distill-compare.sh, whose arms, runs and parameters this uses.

# The parameters of which the table says so, with spaces around each.
with() { # TRAIT
    make -rRs --no-print-directory -f "$AMKD_SHARE/distill-parameters.mk" RECIPE= table |
        awk -v trait="$1" '{ for (f = 2; f <= NF; f++) if ($f == trait) printf " %s ", $1 }'
}

# What the arms do not have in common, but for where and how fast they run: all of it of the
# first, of the others what is not as in the first.
say_differences() {
    awk -v arms="${arms[*]}" -v network="$(with network)" -v where="$(with where)" '
        { arm = $1; line = substr($0, length(arm) + 2); name = substr(line, 1, index(line, "=") - 1)
          if (!(name in first)) { names[++nnames] = name; first[name] = line }
          setting[arm, name] = line
          if (line ~ /^ASSISTANT=./) assisted = 1
          if (line != first[name]) differs[name] = 1 }
        function tell(arm, all,    n, name, own) {
            for (n = 1; n <= nnames; n++) {
                name = names[n]
                if (name in differs && (all || setting[arm, name] != first[name]))
                    own = own (own == "" ? "" : "; ") setting[arm, name]
            }
            printf "  %-16s %s\n", arm, own == "" ? "as the first" : own
        }
        END {
            narms = split(arms, arm_of, " ")
            for (n = 1; n <= nnames; n++) {
                name = names[n]
                if (index(where, " " name " ") ||
                    name ~ /^ASSISTANT_/ && !assisted)
                    delete differs[name]
                if (!(name in differs)) continue
                ndiffer++
                if (index(network, " " name " ")) trained = trained " " name
            }
            if (narms == 1) exit
            if (!ndiffer) print "the arms differ in nothing"
            else print "the arms, and in what they differ from the first"
            for (a = 1; ndiffer && a <= narms; a++) tell(arm_of[a], a == 1)
            if (trained != "") print "they are not trained alike:" trained
            print ""
        }' <<<"$parameters"
}

# The lines of one run, of rounds with a student. Its table has rounds and answers, the
# evaluations the figures; that of the answers held out is there where some are.
tabulate() { # SEED ARM
    local run round answers held_out
    run=$(run_of "$1" "$2")
    awk '$1 ~ /^[0-9]+$/ { print $1, $2 }' "$run/table.txt" | while read -r round answers; do
        ! grep -q '^STUDENTS=last$' "$run/parameters.txt" ||
            grep -q "^ROUNDS=$round\$" "$run/parameters.txt" || continue
        held_out=$run/round-$round/held-out.json
        grep -q '^HOLDOUT=[1-9]' "$run/parameters.txt" || held_out=/dev/null
        awk -v OFS='\t' -v seed="$1" -v arm="$2" -v round="$round" \
            -v answers="$answers" '
            { sub(/,$/, "", $2) }
            $1 ~ /^"(student|teacher)":$/ { object = $1 }
            $1 == "\"success_rate\":" { success = $2 }
            $1 ~ /^"(accuracy|mean_top_probability|share_certain)":$/ {
                value[object $1] = $2 }
            $1 == "\"agreement\":" && FILENAME != ARGV[1] { held_out = $2 }
            END { t = "\"teacher\":"
                print seed, arm, round, answers, value["\"student\":\"accuracy\":"],
                    success, value[t "\"accuracy\":"],
                    value[t "\"mean_top_probability\":"], value[t "\"share_certain\":"],
                    held_out == "" ? "-" : held_out }' \
            "$run/round-$round/eval.json" "$held_out"
    done
}

compare() {
    local run seed arm dirs=() device
    {
        printf '%s\t' seed arm round answers accuracy success teacher_accuracy teacher_top
        printf 'teacher_certain\theld_out\n'
        for run in "${runs[@]}"; do
            read -r seed arm <<<"$run"
            tabulate "$seed" "$arm"
        done
    } | put "$dir/rounds.tsv"
    for run in "${runs[@]}"; do
        read -r seed arm <<<"$run"
        dirs+=("$(run_of "$seed" "$arm")")
    done
    device=$(parameter "${arms[0]}" DEVICE)
    amkd-report -q ${device:+-d "$device"} -o "$dir/report.html" "${dirs[@]}" ||
        fail "'$dir/report.html': not made"
    {
        say_differences
        awk -f "$AMKD_SHARE/distill-compare.awk" "$dir/rounds.tsv"
    } | put "$dir/comparison.txt"
    cat "$dir/comparison.txt"
    say "the page: $dir/report.html"
}
