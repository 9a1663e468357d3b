/* A scoring by a team. All members read all candidates and score strips of them in turn;
 * after a round they meet, so that a failure of one is heard of by all within seconds. By
 * then they have read the same, so that what rank 0 saves is the checkpoint of anybody
 * who scores these pairs. */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network_plan.h"
#include "steps/select/scoring_internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a strip, and strips of a member in a round, at most; where nothing is selected,
 * so that picks are held in memory, far fewer. */
enum { STRIP = 1024, MOST_STRIPS = 1 << 20, MOST_HELD = 32 };

/* Seconds of a round. */
static const double usual_round = 5;

/* --------------------------------------------------------------- before they begin -- */

static int same_devices(amkd_scoring *s)
{
    char text[1024] = "none";
    if (s->ndevices)
        snprintf(text, sizeof text, "%s, %s, driver %s", s->devices[0]->name,
                 s->devices[0]->platform_name, s->devices[0]->driver);
    return amkd_team_same(s->options->team, "the device", text);
}

int amkd_scoring_same_work(amkd_scoring *s)
{
    char *text = json_dumps(s->described, JSON_COMPACT | JSON_SORT_KEYS);
    int rc = amkd_team_agree(s->options->team, text ? 0 : amkd_fail("out of memory"));
    if (!rc)
        rc = amkd_team_same(s->options->team, "the scoring", text);
    free(text);
    return rc ? -1 : same_devices(s);
}

int amkd_scoring_same_engine(amkd_scoring *s)
{
    const char *engine = s->nscorers && s->scorers[0].engine ? s->scorers[0].engine : "";
    amkd_network *network = s->nscorers ? s->scorers[0].network : NULL;
    return amkd_team_same(s->options->team, "the engine", engine) ||
                   (network && amkd_network_share_ways(network, s->options->team))
               ? -1
               : 0;
}

/* ------------------------------------------------------------------- brought together --
 */

static int take_lowest(void *selection, const void *picks, size_t n)
{
    const amkd_kept kept = {(amkd_pick *)picks, n}, none = {NULL, 0};
    return amkd_selection_restore(selection, &kept, &none);
}

static int take_certain(void *selection, const void *picks, size_t n)
{
    const amkd_kept kept = {(amkd_pick *)picks, n}, none = {NULL, 0};
    return amkd_selection_restore(selection, &none, &kept);
}

static int take_in_order(void *selection, const void *picks, size_t n)
{
    return amkd_selection_add(selection, picks, n);
}

/* The thinned of all, at rank 0. */
static int count_thinned(amkd_scoring *s)
{
    const size_t size = amkd_team_size(s->options->team);
    const uint64_t mine = s->candidates.nthinned;
    uint64_t *all = amkd_alloc(size, sizeof *all);
    int rc = amkd_team_agree(s->options->team, !all);
    if (!rc)
        rc = amkd_team_all_gather(s->options->team, all, &mine, sizeof mine);
    s->nthinned = 0;
    for (size_t m = 0; !rc && m < size; m++)
        s->nthinned += all[m];
    free(all);
    return rc;
}

/* What the others have kept goes into the selection of rank 0. */
static int gather_kept(amkd_scoring *s, amkd_kept *lowest, amkd_kept *certain)
{
    amkd_team *team = s->options->team;
    const int rc =
        amkd_team_rank(team) ? amkd_selection_save(s->selection, lowest, certain) : 0;
    return amkd_team_agree(team, rc) ||
                   amkd_team_collect(team, lowest->picks, lowest->n,
                                     sizeof *lowest->picks, take_lowest, s->selection) ||
                   amkd_team_collect(team, certain->picks, certain->n,
                                     sizeof *certain->picks, take_certain,
                                     s->selection) ||
                   count_thinned(s)
               ? -1
               : 0;
}

int amkd_scoring_gather(amkd_scoring *s)
{
    amkd_kept lowest = {0}, certain = {0};
    if (!s->options->k)
        return 0;
    const int rc = gather_kept(s, &lowest, &certain);
    free(lowest.picks);
    free(certain.picks);
    return rc;
}

/* What rank 0 has kept goes into the selections of the others. */
static int spread(amkd_scoring *s, amkd_kept *kept,
                  int (*take)(void *selection, const void *picks, size_t n))
{
    amkd_team *team = s->options->team;
    const size_t rank = amkd_team_rank(team);
    if (amkd_team_broadcast(team, &kept->n, sizeof kept->n))
        return -1;
    amkd_pick *picks = rank ? amkd_alloc(kept->n + 1, sizeof *picks) : kept->picks;
    int rc = amkd_team_agree(team, kept->n && !picks);
    if (!rc)
        rc = amkd_team_broadcast(team, picks, kept->n * sizeof *picks);
    if (!rc && rank)
        rc = take(s->selection, picks, kept->n);
    if (rank)
        free(picks);
    return amkd_team_agree(team, rc);
}

int amkd_scoring_gather_for_all(amkd_scoring *s)
{
    amkd_kept lowest = {0}, certain = {0};
    const int first = amkd_team_rank(s->options->team) == 0;
    int rc = amkd_scoring_gather(s);
    if (!rc && first)
        rc = amkd_selection_save(s->selection, &lowest, &certain);
    rc = amkd_team_agree(s->options->team, rc);
    if (!rc)
        rc = spread(s, &lowest, take_lowest);
    if (!rc)
        rc = spread(s, &certain, take_certain);
    free(lowest.picks);
    free(certain.picks);
    return rc;
}

/* ------------------------------------------------------------------------- in rounds --
 */

/* What rank 0 decides for all. */
typedef struct plan {
    uint64_t nstrips; /* of a member in the next round */
    int save;         /* before it */
} plan;

static void begin_round(amkd_scoring *s, uint64_t nstrips)
{
    const int ordered = !s->options->k;
    const size_t size = amkd_team_size(s->options->team);
    amkd_share *share = &s->candidates.share;
    share->rank = amkd_team_rank(s->options->team);
    share->size = size;
    share->strip = ordered ? nstrips * STRIP : STRIP;
    share->from = s->candidates.nread;
    share->pause = share->from + nstrips * STRIP * size;
}

/* The longer a round, the less waiting; the shorter, the sooner a failure is heard of. */
static uint64_t next_nstrips(const amkd_scoring *s, uint64_t nstrips, double seconds)
{
    const amkd_score_options *options = s->options;
    const uint64_t most = options->k ? MOST_STRIPS : MOST_HELD;
    double wanted = usual_round;
    if (options->checkpoint && options->checkpoint_seconds < wanted)
        wanted = options->checkpoint_seconds;
    if (seconds > wanted)
        return nstrips > 1 ? nstrips / 2 : 1;
    nstrips *= seconds < wanted / 8 ? 4 : seconds < wanted / 2 ? 2 : 1;
    return nstrips < most ? nstrips : most;
}

static int save_all(amkd_scoring *s)
{
    if (amkd_scoring_gather(s))
        return -1;
    const int first = amkd_team_rank(s->options->team) == 0;
    return amkd_team_agree(s->options->team, first && amkd_scoring_save(s));
}

/* All have read the same rows. */
static int check_round(amkd_scoring *s)
{
    char text[96];
    snprintf(text, sizeof text, "%" PRIu64 " rows, digest %016" PRIx64,
             s->candidates.nread, s->candidates.digest);
    return amkd_team_same(s->options->team, "the pairs", text);
}

static int take_held(amkd_scoring *s)
{
    const amkd_kept held = amkd_selection_held(s->selection);
    const int rc = amkd_team_collect(s->options->team, held.picks, held.n,
                                     sizeof *held.picks, take_in_order, s->selection);
    amkd_selection_drop_held(s->selection);
    return rc;
}

int amkd_scoring_run_team(amkd_scoring *s, const amkd_scorer_job *job)
{
    amkd_team *team = s->options->team;
    plan next = {.nstrips = 1};
    double saved = amkd_now();
    while (!s->candidates.ended) {
        const double start = amkd_now();
        begin_round(s, next.nstrips);
        if (amkd_scorer_run(s->scorers, s->nscorers, job) < 0)
            return -1;
        const double now = amkd_now();
        if (check_round(s) || (job->ordered && take_held(s)))
            return -1;
        next.nstrips = next_nstrips(s, next.nstrips, now - start);
        next.save = s->options->checkpoint && !s->candidates.ended &&
                    now - saved >= s->options->checkpoint_seconds;
        if (amkd_team_broadcast(team, &next, sizeof next) || (next.save && save_all(s)))
            return -1;
        if (next.save)
            saved = amkd_now();
    }
    return 0;
}
