/* Scorers at work on candidates, several at once: each takes the next chunk when it is
 * done with its last, so that a faster one takes more. */
#ifndef AMKD_STEPS_SELECT_SCORER_H
#define AMKD_STEPS_SELECT_SCORER_H

#include "steps/select/candidates.h"
#include "steps/select/selection.h"
#include "sweep/sweep.h"

/* What came of a chunk. */
typedef struct amkd_scored {
    size_t ncandidates;     /* of the chunk */
    const amkd_pick *picks; /* [n] */
    size_t n;
} amkd_scored;

/* What scores candidates: a student on a device, or chance. */
typedef struct amkd_scorer {
    void *state;
    size_t most;           /* candidates that one start takes */
    size_t nunderway;      /* chunks under way at once: 1 or 2 */
    size_t chunk;          /* candidates that it is given at once, found by its speed; 0:
                              nothing is known of it yet */
    uint64_t nmixes;       /* grows by what a student saw */
    const char *engine;    /* of a student, "fused" or "layered" */
    const char *reason;    /* why not fused, which was tried; NULL */
    amkd_network *network; /* whose ways devices of a kind share; NULL: it has none.
                              Borrowed */
    int borrows;           /* the images must stay */

    /* Begins with n candidates, 1 or more, which are copied. Of picks with a score above
     * threshold none need be made. */
    int (*start)(struct amkd_scorer *scorer, const amkd_label_key *keys, size_t n,
                 float threshold);
    /* Waits for the chunk that is longest under way: 1 with its picks, valid until the
     * next start or finish; 0 when none is under way; -1 on failure. */
    int (*finish)(struct amkd_scorer *scorer, amkd_scored *scored);
    void (*close)(struct amkd_scorer *scorer);
} amkd_scorer;

/* Pairs at the lambdas of the sweep: each at its lowest, or at all of them with
 * sweep.every. */
typedef struct amkd_scorer_sweep {
    amkd_sweep_options sweep;
    const char *student;     /* its name, for messages */
    const amkd_noise *noise; /* of the selection: pairs at random have a lambda drawn */
    size_t ndevices;         /* at work: messages name this one of several */
} amkd_scorer_sweep;

/* options are copied, what they point to is borrowed; so are the images if borrows is
 * set. */
int amkd_scorer_open_sweep(amkd_scorer *scorer, amkd_device *device,
                           const amkd_model *model, const amkd_images *images,
                           const amkd_scorer_sweep *options);

typedef struct amkd_scorer_prediction {
    const char *student; /* its name, for messages */
    size_t nclasses;     /* of the mixes' answers */
    amkd_score_by by;
    size_t ndevices; /* at work: messages name this one of several */
} amkd_scorer_prediction;

/* Mixes at the lambda that they have, of the pixels as a teacher sees them. C2 is C1
 * here. The model may be freed, the images not; options are copied. */
int amkd_scorer_open_predictions(amkd_scorer *scorer, amkd_device *device,
                                 const amkd_model *model, const amkd_images *images,
                                 const amkd_scorer_prediction *options);

/* Chance: scores are uniform numbers by (seed, i, j) of the seed's stream, and of the
 * lambdas, borrowed, pairs get one drawn likewise. */
int amkd_scorer_open_chance(amkd_scorer *scorer, uint64_t seed, uint32_t stream,
                            const float *lambdas, size_t nlambdas);

void amkd_scorer_close(amkd_scorer *scorer); /* a zeroed one is fine */

typedef struct amkd_scorer_job {
    amkd_candidates *candidates;
    amkd_selection *selection;
    int ordered;  /* the selection gets its picks in the order of the candidates */
    double until; /* when to stop (amkd_now), each having scored once; 0: at the end */
    amkd_progress *progress;
} amkd_scorer_job;

/* Scores all candidates and adds them to the selection, but for those above its
 * threshold. What is added does not depend on which scorer took what, nor on how many
 * there are, as far as their kernels agree. An error of one ends the work of all. Returns
 * 1 where it was time to stop before the end: all that was read is scored and added, and
 * a next run goes on with what is left. 0 is the end. */
int amkd_scorer_run(amkd_scorer *scorers, size_t n, const amkd_scorer_job *job);

#endif
