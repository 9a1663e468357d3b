/* The lambda sweep: a student's scores of many pairs of images at many lambdas, on a
 * device. x = lambda x_i + (1 - lambda) x_j is mixed unrounded (Eq. 1). */
#ifndef AMKD_SWEEP_SWEEP_H
#define AMKD_SWEEP_SWEEP_H

#include "data/images.h"
#include "device/device.h"
#include "net/model.h"
#include "net/network.h"
#include "stream/rows.h"

/* Scores of one x: the lower, the less sure the student. */
typedef enum amkd_measure {
    AMKD_CONFIDENCE, /* C1: the largest probability */
    AMKD_MARGIN,     /* the largest less the second largest */
    AMKD_ENTROPY,    /* sum p log p: the negative entropy */
} amkd_measure;

/* Two ways to compute the same scores (within 1e-5). */
typedef enum amkd_engine {
    AMKD_ENGINE_AUTO,    /* fused where it fits 128 KiB a work-item, the device has
                            vectors and its first scores are right, else layered */
    AMKD_ENGINE_FUSED,   /* a work-item runs the whole student (cl/sweep_fused.cl) */
    AMKD_ENGINE_LAYERED, /* the network's own kernels, layer by layer */
} amkd_engine;

typedef struct amkd_sweep_options {
    amkd_measure measure;
    const float *lambdas; /* [nlambdas] in [0, 1] */
    size_t nlambdas;
    int every; /* every evaluation's score, not just each pair's lowest */
    amkd_engine engine;
    size_t max_pairs;       /* given to one amkd_sweep_start; 0: a size that suits */
    size_t max_maps_nbytes; /* memory for the first layer of all images; beyond it that
                              layer runs in the sweep. 0: a quarter of the device's */
} amkd_sweep_options;

typedef struct amkd_sweep amkd_sweep;

/* Uploads images and model, both of which may be freed, and runs the first layer once for
 * each image. Images that need a window (ops/window.h) are borrowed until the sweep
 * is freed; of these the ones that a chunk of pairs is of are uploaded with it. Fails
 * unless the images have the shape that the model takes. */
int amkd_sweep_new(amkd_sweep **out, amkd_device *device, const amkd_model *model,
                   const amkd_images *images, const amkd_sweep_options *options);

/* How many pairs one amkd_sweep_start takes at most. */
size_t amkd_sweep_max_pairs(const amkd_sweep *sweep);

/* Whether the images are borrowed. */
int amkd_sweep_borrows(const amkd_sweep *sweep);

/* The engine in use: "fused" or "layered". */
const char *amkd_sweep_engine(const amkd_sweep *sweep);

/* The network that the layered engine runs, borrowed; NULL of the fused one. */
amkd_network *amkd_sweep_network(const amkd_sweep *sweep);

/* Why the fused engine, which AMKD_ENGINE_AUTO tried, is not in use; NULL if it is or was
 * not tried. Valid until the sweep is freed. */
const char *amkd_sweep_reason(const amkd_sweep *sweep);

/* Copies n pairs (1 or more, all within the images) and starts their sweep on the device;
 * returns at once. Two may be under way. Scores above threshold need not come back:
 * INFINITY for all of them. */
int amkd_sweep_start(amkd_sweep *sweep, const amkd_pair *pairs, size_t n,
                     float threshold);

/* The score of pair number evaluation / nlambdas at lambda number evaluation % nlambdas.
 */
typedef struct amkd_sweep_score {
    uint32_t evaluation;
    float score; /* NaN where the student's sums overflow */
} amkd_sweep_score;

/* What came back: each pair's lowest score over lambda (Eq. 2), NaN if any is, at the
 * first lambda that has it; with every, all scores. In order of evaluation where the
 * threshold was INFINITY, else in none. */
typedef struct amkd_sweep_result {
    size_t npairs;
    const amkd_pair *pairs; /* [npairs] */
    size_t n;
    const amkd_sweep_score *scores; /* [n] */
} amkd_sweep_result;

/* Waits for the older sweep under way. Returns 1 with its result, valid until the next
 * amkd_sweep_start; 0 when none is under way; -1 on failure. */
int amkd_sweep_finish(amkd_sweep *sweep, amkd_sweep_result *result);

void amkd_sweep_free(amkd_sweep *sweep); /* NULL is fine */

#endif
