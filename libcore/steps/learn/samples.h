/* The feed of a dataset: mixes made of the images, which lie on the device whole or as a
 * window of them, and their targets, mixed again (mixup) where that is asked for. */
#ifndef AMKD_STEPS_LEARN_SAMPLES_H
#define AMKD_STEPS_LEARN_SAMPLES_H

#include "net/model.h"
#include "steps/learn/feed.h"
#include "steps/learn/train.h"

/* Of options batch, micro_batch, team, seed, temperature and mixup count. The arguments
 * but out must outlive the feed. */
int amkd_samples_new(amkd_feed **out, amkd_device *device, const amkd_dataset *dataset,
                     const amkd_model *model, const amkd_train_options *options);

/* Uploads the dataset's targets at the temperature, softmax(log p / T) = p^(1/T)
 * normalized, as float [row][class]. */
int amkd_samples_targets(cl_mem *out, amkd_device *device, const amkd_dataset *dataset,
                         double temperature);

#endif
