/* Diverse picks: of more of the lowest candidates than are wanted those that cover them
 * best, because the lowest scores alone may be much of a sort. */
#ifndef AMKD_STEPS_SELECT_DIVERSE_H
#define AMKD_STEPS_SELECT_DIVERSE_H

#include "data/images.h"
#include "device/device.h"
#include "stream/rows.h"
#include <stddef.h>

typedef struct amkd_diverse amkd_diverse;

/* Loads the student, a model's path, and checks that it fits the images, which the
 * candidates mix; these and the devices[ndevices], AMKD_MAX_DEVICES at most, are
 * borrowed. Features are found on all of them, the farthest on the first. */
int amkd_diverse_new(amkd_diverse **out, amkd_device *const *devices, size_t ndevices,
                     const char *student, const amkd_images *images, int quiet);

/* Chooses k of the n candidates, of which each counts as the mix of pixels that a teacher
 * would see, at its lambda: those that cover all best in the student's features, the
 * inputs of its last layer, by greedy k-centre with the Euclidean distance
 * (ops/farthest.h; Sener and Savarese, Active learning for convolutional neural
 * networks: a core-set approach, ICLR 2018), beginning with the first. The first nfirst
 * of them, or k where these are fewer, are among the chosen in any case. chosen[k] gets
 * them in the order that they have in candidates; equally far ones are taken in that
 * order, too. */
int amkd_diverse_choose(const amkd_diverse *diverse, amkd_pick *chosen, size_t k,
                        const amkd_pick *candidates, size_t n, size_t nfirst);

void amkd_diverse_free(amkd_diverse *diverse); /* NULL is fine */

#endif
