/* A model run on a device over images: class probabilities, and logits. */
#ifndef AMKD_NET_PREDICT_H
#define AMKD_NET_PREDICT_H

#include "device/open.h"
#include "net/model.h"
#include <stdint.h>

typedef struct amkd_predictor amkd_predictor;

/* What a predictor takes on a device, which need not be open. */
typedef struct amkd_predictor_room {
    size_t nsamples;               /* that it predicts at a time */
    size_t nbytes, largest_nbytes; /* in all, of the largest buffer */
} amkd_predictor_room;

/* Whether a predictor stores what each layer makes, stored[nlayers] of 1 and 0. */
int amkd_predictor_find_stored(unsigned char *stored, const amkd_graph *graph);

int amkd_predictor_room_find(amkd_predictor_room *room, const amkd_device *device,
                             const amkd_graph *graph);

/* Fails where not even the fewest samples fit into the device's budget. */
int amkd_predictor_fit(const amkd_device *device, const amkd_graph *graph);

/* The model's weights are copied to the device; the model may be freed. Fails as
 * amkd_predictor_fit. */
int amkd_predictor_new(amkd_predictor **out, amkd_device *device,
                       const amkd_model *model);

/* Predicts from now on as this model, one of the same network and normalization. */
int amkd_predictor_update(amkd_predictor *predictor, const amkd_model *model);

/* probs[n][nclasses] = softmax of the logits / the model's temperature for
 * pixels[n][height][width][channels]. Fails where the network's sums overflow, so that
 * all probs are numbers. */
int amkd_predictor_run(amkd_predictor *predictor, float *probs, const uint8_t *pixels,
                       size_t n);

/* One of pixels and planes, and where the outputs go that are wanted. */
typedef struct amkd_prediction {
    const uint8_t *pixels; /* [n][height][width][channels] */
    const float *planes;   /* [n][channels][height][width], 1 where a pixel has 255 */
    float *probs, *logits; /* [n][nclasses]; NULL: not wanted. Logits are the network's,
                              at no temperature. */
} amkd_prediction;

/* As amkd_predictor_run, for images and outputs of either kind; outputs of sums that
 * overflow are NaN or infinite. */
int amkd_predictor_predict(amkd_predictor *predictor, const amkd_prediction *wanted,
                           size_t n);

void amkd_predictor_free(amkd_predictor *predictor); /* NULL is fine */

#endif
