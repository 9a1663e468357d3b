/* The feed of lessons: images as they are or a fresh view of each in every step, and what
 * an assistant says of just these (Beyer, Zhai, Royer, Markeeva, Anil, Kolesnikov,
 * "Knowledge distillation: A good teacher is patient and consistent", CVPR 2022,
 * arXiv 2106.05237), or the labels that the images have. */
#ifndef AMKD_STEPS_LEARN_LESSONS_H
#define AMKD_STEPS_LEARN_LESSONS_H

#include "net/model.h"
#include "steps/learn/feed.h"
#include "steps/learn/train.h"

/* Of options batch, micro_batch, team, seed, temperature, mixup, views, nviews,
 * assistant, min_top, window and kept_nbytes count. Without an assistant the dataset has
 * targets, each of an image or a mix as it is; views of mixes have no means
 * (amkd_view_needs_means). In epoch e the image is seen as its view number e, modulo
 * nviews.
 *
 * What an assistant says of a view is kept, where there is an end to them and no mixup.
 * With mixup the assistant answers about the mix; labels are mixed as the images are.
 *
 * seconds: what planning the assistant's network may take. The arguments but out must
 * outlive the feed. */
int amkd_lessons_new(amkd_feed **out, amkd_device *device, const amkd_dataset *dataset,
                     const amkd_model *model, const amkd_train_options *options,
                     double seconds);

#endif
