/* The state of a scoring, taken down for a checkpoint and brought back. */
#include "base/error.h"
#include "steps/select/scoring_internal.h"
#include <inttypes.h>

int amkd_scoring_note(amkd_scoring *s)
{
    amkd_score_state *state = &s->state;
    const amkd_candidates *candidates = &s->candidates;
    amkd_kept *parts = state->parts;
    if (state->fine) {
        state->nfine = candidates->nread;
        return amkd_selection_save(s->selection, &parts[AMKD_KEPT_FINE_LOWEST],
                                   &parts[AMKD_KEPT_FINE_CERTAIN]);
    }
    state->nread = candidates->nread;
    state->nasked = candidates->nasked;
    state->nthinned = s->options->team ? s->nthinned : candidates->nthinned;
    state->digest = candidates->digest;
    if (s->recall &&
        amkd_recall_save(s->recall, &parts[AMKD_KEPT_SAMPLE], &state->nsampled))
        return -1;
    return amkd_selection_save(s->selection, &parts[AMKD_KEPT_LOWEST],
                               &parts[AMKD_KEPT_CERTAIN]);
}

int amkd_scoring_save(amkd_scoring *s)
{
    return amkd_scoring_note(s) ||
                   amkd_score_state_save(&s->state, s->options->checkpoint, s->described)
               ? -1
               : 0;
}

/* Passes over the candidates that were scored before, which must be the same; behind the
 * first pass they must be all there are. */
static int pass_over(amkd_scoring *s)
{
    const amkd_score_state *state = &s->state;
    amkd_candidates *candidates = &s->candidates;
    candidates->nasked = state->nasked;
    candidates->nthinned = amkd_team_rank(s->options->team) ? 0 : state->nthinned;
    if (amkd_candidates_skip(candidates, state->nread))
        return amkd_fail_in("'%s'", candidates->name);
    ssize_t nmore = 0;
    if (state->fine)
        nmore = candidates->pass(candidates, 1);
    if (nmore < 0)
        return -1;
    return nmore || candidates->digest != state->digest
               ? amkd_fail("'%s': the first %" PRIu64
                           " pairs are not those that '%s' is of",
                           candidates->name, state->nread, s->options->resume)
               : 0;
}

int amkd_scoring_resume(amkd_scoring *s)
{
    const char *path = s->options->resume;
    amkd_score_state *state = &s->state;
    const amkd_kept *parts = state->parts;
    if (amkd_score_state_load(state, path, s->described))
        return -1;
    if (state->fine && !s->coarse)
        return amkd_fail("'%s': the state is that of a fine pass, where there is none",
                         path);
    if (amkd_selection_restore(s->selection, &parts[AMKD_KEPT_LOWEST],
                               &parts[AMKD_KEPT_CERTAIN]) ||
        (s->recall &&
         amkd_recall_restore(s->recall, &parts[AMKD_KEPT_SAMPLE], state->nsampled)))
        return amkd_fail_in("'%s'", path);
    return pass_over(s);
}

int amkd_scoring_resume_fine(amkd_scoring *s)
{
    const amkd_kept *parts = s->state.parts;
    return amkd_selection_restore(s->selection, &parts[AMKD_KEPT_FINE_LOWEST],
                                  &parts[AMKD_KEPT_FINE_CERTAIN]) ||
                   amkd_candidates_skip(&s->candidates, s->state.nfine)
               ? amkd_fail_in("'%s'", s->options->resume)
               : 0;
}
