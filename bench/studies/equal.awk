# How many answers the first arm needs for what each other arm reaches with so many, "at",
# or else with its most: on the line between the first arm's means. Of a comparison's
# rounds.tsv.

BEGIN { FS = "\t" }

NR == 1 { next }

{
    if (!($2 in last)) arms[++narms] = $2
    key = $2 SUBSEP $4
    if (!n[key]++) budgets[$2] = budgets[$2] " " $4
    total[key] += 100 * $6
    last[$2] = $4 > last[$2] + 0 ? $4 : last[$2]
}

function mean(arm, answers) { return total[arm, answers] / n[arm, answers] }

# The answers at which the first arm's means, from few answers to many, come to success.
function needed(success,    own, k, m, low, high) {
    m = split(budgets[arms[1]], own, " ")
    for (k = 2; k <= m; k++) {
        low = mean(arms[1], own[k - 1]); high = mean(arms[1], own[k])
        if (success <= low) return "at most " own[k - 1]
        if (success <= high)
            return sprintf("%d", own[k - 1] + \
                (own[k] - own[k - 1]) * (success - low) / (high - low))
    }
    return "more than " own[m]
}

END {
    for (a = 2; a <= narms; a++) {
        answers = (arms[a], at) in n ? at : last[arms[a]]
        if (a == 2)
            printf "answers that %s needs for as much\n", arms[1]
        printf "  %-16s %6d answers, %.2f %%: %s\n", arms[a], answers,
            mean(arms[a], answers), needed(mean(arms[a], answers))
    }
    if (narms > 1) print ""
}
