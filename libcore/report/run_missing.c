/* What a run still lacks, or has lost. */
#include "base/memory.h"
#include "report/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether a student is trained in a round: in each, or in the last alone. */
static int wants_student(const amkd_run *run, size_t round, size_t most)
{
    const char *students = amkd_run_settled(run, "STUDENTS");
    const char *rounds = amkd_run_settled(run, "ROUNDS");
    char number[24];
    if (!students || strcmp(students, "last") || round + 1 == most)
        return 1;
    snprintf(number, sizeof number, "%zu", round);
    return rounds && !strcmp(rounds, number);
}

/* What a round has not, as the end of a sentence; NULL: nothing. */
static const char *lack_of(const amkd_run *run, const amkd_round *round, size_t most)
{
    const int measured =
        run->ntest ? round->student.known : round->student.known || round->held_out.n;
    if (wants_student(run, round->number, most))
        return !round->has_student ? "answers, but no student yet"
               : !measured         ? "not been measured"
                                   : NULL;
    return !round->has_assistant ? "answers, but no assistant yet"
           : run->ntest && !round->assistant.known
               ? "an assistant that has not been measured"
               : NULL;
}

int amkd_run_note_missing(amkd_run *run, size_t most)
{
    if (!run->nrounds)
        return amkd_run_note(run, "No round has been answered yet.");
    if (!amkd_run_teacher(run) && !amkd_run_held_out(run))
        return amkd_run_note(run, "Nothing was measured: there is no test set, or it was "
                                  "not reached yet.");
    for (size_t r = 0; r < run->nrounds; r++) {
        const char *lack = lack_of(run, &run->rounds[r], most);
        if (lack && amkd_run_note(run, "Round %zu has %s.", r, lack))
            return -1;
    }
    char *next = amkd_format("%s/round-%zu", run->dir, run->nrounds);
    int rc = next ? 0 : -1;
    if (next && run->nrounds < most && !access(next, F_OK))
        rc = amkd_run_note(run, "Round %zu has begun and has no answers yet.",
                           run->nrounds);
    free(next);
    return rc;
}
