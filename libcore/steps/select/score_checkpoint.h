/* A scoring under way on disk: a stream of what is kept so far (kind "scoring",
 * amkd-stream(5)), whose header says how far it has come and of which scoring it is. */
#ifndef AMKD_STEPS_SELECT_SCORE_CHECKPOINT_H
#define AMKD_STEPS_SELECT_SCORE_CHECKPOINT_H

#include "net/model.h"
#include "steps/select/lowest.h"
#include "steps/select/score.h"
#include "stream/header.h"
#include <jansson.h>
#include <stdint.h>

/* What is kept, by whom: the first pass, or the only one, and the fine pass of a refined
 * scoring. The fine pass begins with what the first has kept, so that this stays. */
enum {
    AMKD_KEPT_LOWEST,
    AMKD_KEPT_CERTAIN, /* of a selection with a limit per image */
    AMKD_KEPT_SAMPLE,  /* of a recall */
    AMKD_KEPT_FINE_LOWEST,
    AMKD_KEPT_FINE_CERTAIN,
    AMKD_KEPT_PARTS
};

typedef struct amkd_score_state {
    int fine; /* the first pass has ended */
    /* Of the first pass: candidates read, those left out as asked before or for their
     * noise, and the digest of the rows. */
    uint64_t nread, nasked, nthinned, digest;
    uint64_t nsampled; /* candidates that the sample is drawn of */
    uint64_t nfine;    /* of the fine pass: candidates read */
    amkd_kept parts[AMKD_KEPT_PARTS];
} amkd_score_state;

/* All that the picks depend on but the rows of the pairs: an object, NULL without memory.
 * picks: their header to be; excluded: the candidates'; model: NULL where chance scores.
 */
json_t *amkd_score_describe(const amkd_score_options *options, const amkd_header *picks,
                            uint64_t excluded, const amkd_model *model);

/* scoring: what amkd_score_describe says. */
int amkd_score_state_save(const amkd_score_state *state, const char *path,
                          const json_t *scoring);

/* Fails where the checkpoint is of another scoring, and says in what it differs. state,
 * zeroed before, is the caller's to clear in any case. */
int amkd_score_state_load(amkd_score_state *state, const char *path,
                          const json_t *scoring);

void amkd_score_state_clear(amkd_score_state *state); /* a zeroed one is fine */

#endif
