/* Scoring from the files on the command line to the picks: the passes over the
 * candidates. */
#include "base/clock.h"
#include "base/progress.h"
#include "steps/select/scoring_internal.h"
#include <stdlib.h>

const char *amkd_score_by_name(amkd_score_by by)
{
    static const char *const names[] = {"c2", "c1", "random", "margin", "entropy"};
    return (size_t)by < sizeof names / sizeof *names ? names[by] : NULL;
}

static int score_with_checkpoints(amkd_scoring *s, amkd_scorer_job *job)
{
    int rc;
    do {
        if (s->options->checkpoint)
            job->until = amkd_now() + s->options->checkpoint_seconds;
        rc = amkd_scorer_run(s->scorers, s->nscorers, job);
        if (rc == 1 && amkd_scoring_save(s))
            return -1;
    } while (rc == 1);
    return rc;
}

/* All candidates that are left, by the scorers of the pass. */
static int score_all(amkd_scoring *s, const char *title)
{
    amkd_candidates *candidates = &s->candidates;
    s->progress =
        amkd_progress_new(title, candidates->what, candidates->n, s->options->quiet);
    candidates->progress = s->progress;
    amkd_progress_add(s->progress, candidates->nread);
    candidates->thinning.lambdas = s->lambdas;
    candidates->thinning.nlambdas = s->nlambdas;
    amkd_scorer_job job = {.candidates = candidates,
                           .selection = s->selection,
                           .ordered = !s->options->k,
                           .progress = s->progress};
    int rc = s->options->team ? amkd_scoring_same_engine(s) : 0;
    if (!rc)
        rc = s->options->team ? amkd_scoring_run_team(s, &job)
                              : score_with_checkpoints(s, &job);
    amkd_progress_free(s->progress);
    return rc;
}

/* The lowest of the coarse pass again, at all lambdas. */
static int refine(amkd_scoring *s)
{
    amkd_pair *pairs = NULL;
    size_t n;
    const int resumed = s->state.fine;
    amkd_scoring_close_pass(s);
    int rc = s->options->team ? amkd_scoring_gather_for_all(s) : 0;
    if (!rc && s->options->checkpoint && !resumed)
        rc = amkd_scoring_note(s);
    s->state.fine = 1;
    if (!rc)
        rc = amkd_selection_refine(s->selection, &pairs, &n);
    if (!rc)
        rc = amkd_scoring_open_pass(s, s->options->lambdas, s->options->nlambdas);
    amkd_scoring_close_student(s);
    if (!rc) {
        amkd_candidates_close(&s->candidates);
        amkd_candidates_of_pairs(&s->candidates, pairs, n);
        rc = resumed ? amkd_scoring_resume_fine(s) : 0;
        if (!rc)
            rc = score_all(s, "amkd-score, fine");
    }
    free(pairs);
    return rc;
}

static int write_picks(amkd_scoring *s)
{
    amkd_score_counts *counts = s->counts;
    const int rc = amkd_selection_close(s->selection, &counts->picks, counts->asked);
    s->selection = NULL;
    if (s->recall)
        counts->recall = amkd_recall_read(s->recall);
    return rc;
}

static int run(amkd_scoring *s)
{
    amkd_score_counts *counts = s->counts;
    if (!s->coarse)
        amkd_scoring_close_student(s);
    int rc =
        s->state.fine ? 0 : score_all(s, s->coarse ? "amkd-score, coarse" : "amkd-score");
    counts->pairs = s->candidates.nread;
    counts->asked = s->candidates.nasked;
    counts->thinned = s->candidates.nthinned;
    if (!rc && s->coarse)
        rc = refine(s);
    if (!rc && s->options->team) {
        rc = amkd_scoring_gather(s);
        counts->thinned = s->nthinned;
    }
    return rc || amkd_team_rank(s->options->team) ? rc : write_picks(s);
}

int amkd_score(amkd_score_counts *counts, const amkd_score_options *options)
{
    amkd_scoring s = {.own = *options, .counts = counts};
    s.options = &s.own;
    *counts = (amkd_score_counts){0};
    const int rc = amkd_scoring_open(&s) ? -1 : run(&s);
    amkd_scoring_close(&s);
    return rc;
}
