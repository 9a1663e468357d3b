/* What predictions leave on the device and find there, for those who have buffers of it.
 */
#ifndef AMKD_NET_PREDICT_DEVICE_H
#define AMKD_NET_PREDICT_DEVICE_H

#include "net/network.h"
#include "net/predict.h"
#include "ops/batch.h"

/* Batches hold what the model's network sees: its mean and std as scale and shift. */
int amkd_model_normalize(amkd_batches *batches, const amkd_model *model);

/* The student's features of pixels[n], as amkd_predictor_run takes them: the inputs of
 * the network's last layer, float [block][feature][lane] of whole lane blocks. They are
 * written to features, a buffer on the predictor's device, behind the first samples, a
 * multiple of device->nlanes. */
int amkd_predictor_features(amkd_predictor *predictor, cl_mem features, size_t first,
                            const uint8_t *pixels, size_t n);

/* Samples that it predicts at a time. */
size_t amkd_predictor_nsamples(const amkd_predictor *predictor);

/* Borrowed. */
amkd_network *amkd_predictor_network(const amkd_predictor *predictor);

/* How many features a sample has. */
size_t amkd_predictor_nfeatures(const amkd_predictor *predictor);

#endif
