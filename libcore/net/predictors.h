/* One model on several devices, which share its predictions: the same bytes as one of
 * them alone makes, as far as they are of one kind. */
#ifndef AMKD_NET_PREDICTORS_H
#define AMKD_NET_PREDICTORS_H

#include "net/predict.h"

typedef struct amkd_predictors amkd_predictors;

/* A predictor on each of the devices[ndevices], which are borrowed, as is the model until
 * this returns. Fails as amkd_predictor_new. */
int amkd_predictors_new(amkd_predictors **out, amkd_device *const *devices,
                        size_t ndevices, const amkd_model *model);

/* As amkd_predictor_update, amkd_predictor_run and amkd_predictor_predict. Rows are dealt
 * out to the devices (device/deal.h), and results are in the order of the rows. An error
 * of one device ends the work of all, and names it where there are several. */
int amkd_predictors_update(amkd_predictors *predictors, const amkd_model *model);
int amkd_predictors_run(amkd_predictors *predictors, float *probs, const uint8_t *pixels,
                        size_t n);
int amkd_predictors_predict(amkd_predictors *predictors, const amkd_prediction *wanted,
                            size_t n);

/* features[n][amkd_predictors_nfeatures]: the inputs of the network's last layer for
 * pixels[n]. */
int amkd_predictors_features(amkd_predictors *predictors, float *features,
                             const uint8_t *pixels, size_t n);
size_t amkd_predictors_nfeatures(const amkd_predictors *predictors);

void amkd_predictors_free(amkd_predictors *predictors); /* NULL is fine */

#endif
