#!/usr/bin/env bash
# One line about a round of amkd-distill, of the files that are there. The first round's
# line comes with the teacher's figures and the names of the columns.
# Usage: distill-report.sh DIR ROUND [QUIET]
set -euo pipefail
export LC_ALL=C
dir=$1 round=$2 quiet=${3:-}

parameter() { # NAME
    sed -n "s/^$1=//p" "$dir/parameters.txt"
}

# What this run measures in the round; an earlier one may have left more.
evaluation='' assistant=''
if [ -n "$(parameter TEST)" ]; then
    [[ $(parameter STUDENTS) = last && $(parameter ROUNDS) != "$round" ]] ||
        evaluation=$dir/round-$round/eval.json
    [ -z "$(parameter ASSISTANT)" ] || assistant=$dir/round-$round/assistant.json
fi

# A figure "student" or "teacher" has at the top level of an evaluation.
figure() { # OBJECT NAME FILE
    awk -v object="\"$1\":" -v name="\"$2\":" '
        $1 == object { inside = 1 }
        inside && $1 == name { sub(/,$/, "", $2); print $2; exit }' "$3"
}

success() { # FILE
    awk '$1 == "\"success_rate\":" { printf "%.1f %%", 100 * $2 }' "$1"
}

rows() { # FILE...
    amkd-cat --check "$@" | awk '{ for (f = 2; f <= NF; f++)
        if ($f == "rows,") n += $(f - 1) } END { print n + 0 }'
}

# Wall time of a tool: what its targets took when last made, overlaps counted once.
seconds() { # TOOL
    awk -F '\t' -v tool="$1" '
        $1 == tool { time[$2] = $3 " " $4 }
        END { for (target in time) print time[target] }' "$dir/round-$round/times.tsv" |
        sort -n | awk '
            { start = $1 > end ? $1 : end
              if ($2 > start) { sum += $2 - start; end = $2 } }
            END { if (NR) printf "%.1f", sum; else printf "-" }'
}

# The agreement with the teacher on the answers that are held out, where some are, and its
# interval.
agreement=
held_out=$dir/round-$round/held-out.json
if [ "$(parameter HOLDOUT)" != 0 ] && [ -e "$held_out" ]; then
    agreement=$(awk '
        { gsub(/[][,]/, "") }
        $1 == "\"agreement\":" { share = $2 }
        $1 == "\"agreement_interval\":" { interval = sprintf("%.4f-%.4f", $2, $3) }
        END { printf " %8.4f %13s", share, interval == "" ? "-" : interval }' "$held_out")
fi

# What the assistant would be worth in the student's place, where there is one.
by_assistant=
[ ! -e "$assistant" ] || by_assistant=$(printf ' %9s' "$(success "$assistant")")

if [ "$round" = 0 ]; then
    measured=$evaluation
    [ -e "$measured" ] || measured=$assistant
    if [ -e "$measured" ]; then
        printf 'teacher: test accuracy %.4f, mean top probability %.3f; its %d answers ' \
            "$(figure teacher accuracy "$measured")" \
            "$(figure teacher mean_top_probability "$measured")" \
            "$(figure teacher n "$measured")"
        printf 'about test images are not counted below\n'
    fi
    printf '%5s %8s%s %9s %8s%s %9s %8s %8s %8s %7s\n' round answers \
        "${by_assistant:+ assistant}" accuracy success \
        "${agreement:+ held out 95 % interval}" 'score s' 'merge s' 'query s' 'train s' \
        'eval s'
fi

labels=()
for ((r = 0; r <= round; r++)); do
    labels+=("$dir/round-$r/labels.amkd")
done
[ "$(parameter HOLDOUT)" = 0 ] || labels+=("$dir/held-out/labels.amkd")
# Of answers that all name one class no margin says much.
if [ -z "$quiet" ] && [ "$round" = 0 ] && [ "$(amkd-cat -N "$dir/round-0/labels.amkd" | awk '
    { top = 4; for (f = 5; f <= NF; f++) if ($f > $top) top = f; print top - 4 }' |
    sort -u | wc -l)" = 1 ]; then
    echo "amkd-distill: warning: all answers of round 0 name one class" >&2
fi

accuracy=- success=-
if [ -e "$evaluation" ]; then
    accuracy=$(printf '%.4f' "$(figure student accuracy "$evaluation")")
    success=$(success "$evaluation")
fi
printf '%5d %8d%s %9s %8s%s %9s %8s %8s %8s %7s\n' "$round" \
    "$(rows "${labels[@]}")" "$by_assistant" "$accuracy" "$success" "$agreement" \
    "$(seconds amkd-score)" \
    "$(seconds amkd-merge)" "$(seconds amkd-query)" "$(seconds amkd-train)" \
    "$(seconds amkd-eval)"
