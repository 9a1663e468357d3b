/* A shortlist: more of the lowest candidates than are wanted, of which a second criterion
 * chooses, because the lowest scores alone may be much of a sort. */
#ifndef AMKD_STEPS_SHORTLIST_H
#define AMKD_STEPS_SHORTLIST_H

#include "compute/device.h"
#include "data/images.h"
#include "stream/rows.h"
#include <stddef.h>

typedef struct amkd_shortlist amkd_shortlist;

typedef struct amkd_shortlist_options {
    /* One of diverse and disagreement.
     * diverse: those that cover the shortlist best in the student's features, the inputs
     * of its last layer: greedy k-centre by Euclidean distance (compute/farthest.h; Sener
     * and Savarese, Active learning for convolutional neural networks: a core-set
     * approach, ICLR 2018), beginning with the lowest. disagreement, [ndisagreement]
     * models: those about which the student and these disagree most (steps/divergence.h).
     */
    int diverse;
    const char *const *disagreement;
    size_t ndisagreement;
    const char *student;
    const amkd_images *images; /* that the candidates mix; borrowed, as is the device */
    amkd_device *device;
    int quiet;
} amkd_shortlist_options;

/* Loads the models and checks that they fit the images, and each other's classes. What
 * the options point to must outlive the shortlist. */
int amkd_shortlist_new(amkd_shortlist **out, const amkd_shortlist_options *options);

/* Chooses k of the n candidates, of which each counts as the mix of pixels that a teacher
 * would see, at its lambda. The first nfirst of them, or k where these are fewer, are
 * among the chosen in any case. chosen[k] gets them in the order that they have in
 * candidates; those that the criterion does not tell apart are taken in that order, too.
 */
int amkd_shortlist_choose(const amkd_shortlist *shortlist, amkd_pick *chosen, size_t k,
                          const amkd_pick *candidates, size_t n, size_t nfirst);

void amkd_shortlist_free(amkd_shortlist *shortlist); /* NULL is fine */

#endif
