# The tables of a comparison, from its rounds.tsv: success rates in percent over the seeds
# of each round and arm, then the differences to the first arm, seed by seed; and the same
# of the agreement on answers held out, where some are. Arms compare where they have the
# same number of answers in the same round.

BEGIN { FS = "\t"; width = 12 }

NR == 1 { next }

{
    seed = $1; arm = $2; round = $4 SUBSEP $3
    if (!(arm in arm_seen)) {
        arm_seen[arm] = 1
        arms[++narms] = arm
        if (length(arm) > width) width = length(arm)
    }
    if (!(seed in seed_seen)) { seed_seen[seed] = 1; seeds[++nseeds] = seed }
    if (!(round in answers)) insert(round)
    answers[round] = $4
    number[round] = $3
    figures["success", round, arm, seed] = 100 * $6
    if ($10 != "-") {
        figures["held out", round, arm, seed] = 100 * $10
        nheld_out++
    }
    teacher = sprintf("accuracy %.4f, mean top probability %.4f, exactly 1 on %.1f %%",
                      $7, $8, 100 * $9)
    if (!(teacher in taught)) teachers[++nteachers] = teacher
    if (!((teacher, arm) in teaches)) taught[teacher] = taught[teacher] " " arm
    teaches[teacher, arm] = 1
}

# Keeps rounds[] in the order of answers.
function insert(round,    r) {
    for (r = ++nrounds; r > 1 && rounds[r - 1] + 0 > round + 0; r--)
        rounds[r] = rounds[r - 1]
    rounds[r] = round
}

# n, mean, smallest, largest and standard deviation (of a sample: over n - 1) of value[].
function summarize(n,    k, mean, low, high, squares) {
    low = high = value[1]
    for (k = 1; k <= n; k++) {
        mean += value[k] / n
        if (value[k] < low) low = value[k]
        if (value[k] > high) high = value[k]
    }
    for (k = 1; k <= n; k++) squares += (value[k] - mean) ^ 2
    return sprintf("%3d %8.2f %8.2f %8.2f %8s", n, mean, low, high,
                   n > 1 ? sprintf("%.2f", sqrt(squares / (n - 1))) : "-")
}

# Fills value[] with what the seeds have of a figure, less that of the arm less unless it is "".
function gather(figure, round, arm, less,    n, s, from) {
    n = 0
    for (s = 1; s <= nseeds; s++) {
        from = 0
        if (less != "" && !((figure, round, less, seeds[s]) in figures)) continue
        if (less != "") from = figures[figure, round, less, seeds[s]]
        if ((figure, round, arm, seeds[s]) in figures)
            value[++n] = figures[figure, round, arm, seeds[s]] - from
    }
    return n
}

function table(figure, title, first, less,    r, a, n) {
    print "\n" title
    printf "%5s %8s  %-" width "s %3s %8s %8s %8s %8s\n", "round", "answers", "arm", "n", "mean",
           "min", "max", "sd"
    for (r = 1; r <= nrounds; r++)
        for (a = first; a <= narms; a++)
            if (n = gather(figure, rounds[r], arms[a], less))
                printf "%5s %8s  %-" width "s %s\n", number[rounds[r]], answers[rounds[r]], arms[a],
                       summarize(n)
}

# A figure of all arms, and of the others less the first's.
function tables(figure, title) {
    table(figure, title, 1, "")
    if (narms > 1) table(figure, "points above " arms[1] ", seed by seed", 2, arms[1])
}

END {
    for (t = 1; t <= nteachers; t++)
        print "teacher on the test images: " teachers[t] \
            (nteachers > 1 ? " (" substr(taught[teachers[t]], 2) ")" : "")
    tables("success", "success rate, student / teacher, in %")
    if (nheld_out) {
        tables("held out", "agreement on held-out answers, %")
        print "\nthese are each arm's own answers: only arms that ask the same compare by them"
    }
}
