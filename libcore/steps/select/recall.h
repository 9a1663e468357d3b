/* How many of the picks refining finds, measured: a sample of all candidates goes through
 * the fine pass whatever the coarse one says of them, and of the picks that are in it
 * some would have been found without it. */
#ifndef AMKD_STEPS_SELECT_RECALL_H
#define AMKD_STEPS_SELECT_RECALL_H

#include "steps/select/lowest.h"
#include "steps/select/noise.h"
#include "stream/rows.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_recall amkd_recall;

/* One in so many candidates is drawn, but no fewer and no more than these unless somebody
 * asks for it. */
enum { AMKD_RECALL_ONE_IN = 32, AMKD_RECALL_LEAST = 1024, AMKD_RECALL_MOST = 65536 };

/* Draws one in AMKD_RECALL_ONE_IN candidates, at least and at most so many, or all if
 * there are fewer. most is 1 or more, nimages bounds i and j. */
int amkd_recall_new(amkd_recall **out, size_t least, size_t most, size_t nimages);

/* Offers n candidates, each a pair, of which the sample is drawn by a hash: it depends
 * neither on their order nor on how they are offered. One that is offered twice is drawn
 * once at most. */
int amkd_recall_offer(amkd_recall *recall, const amkd_pair *pairs, size_t n);

/* Ends the drawing. (*pairs)[*n] are those that the coarse pass has kept, each once; what
 * else is in the sample is added to them. They are sorted then. *pairs is from malloc and
 * may be moved. */
int amkd_recall_join(amkd_recall *recall, amkd_pair **pairs, size_t *n);

/* Looks at the picks of the fine pass, [n] from the lowest up: which of them would be
 * picks of the whole grid, too, and what of these is in the sample. One that the coarse
 * pass missed stands for as many missed ones as there are candidates to each of the
 * sample. So the picks of the whole grid end where these and those that are there come to
 * n, before the end of picks where something is missed. Those at random are not counted:
 * no score brought them in. */
void amkd_recall_count(amkd_recall *recall, const amkd_noise *noise,
                       const amkd_pick *picks, size_t n);

/* What was counted: picks that are in the sample, and those of them that the coarse pass
 * had kept. The second over the first estimates the share of the picks of the whole grid
 * that refining finds without the sample. It is exact where all candidates are in it. */
typedef struct amkd_recall_figures {
    uint64_t nsampled, nfound;
} amkd_recall_figures;

amkd_recall_figures amkd_recall_read(const amkd_recall *recall);

/* What the sample is so far, while it is drawn, and the number of candidates it is drawn
 * of: for a checkpoint. Restored in a fresh one, and the rest offered, it is the sample
 * of an undisturbed drawing. */
int amkd_recall_save(amkd_recall *recall, amkd_kept *sample, uint64_t *noffered);
int amkd_recall_restore(amkd_recall *recall, const amkd_kept *sample, uint64_t noffered);

void amkd_recall_free(amkd_recall *recall); /* NULL is fine */

#endif
