/* A teacher's answers about the images of a set, bought before and kept as labels. */
#ifndef AMKD_STEPS_LEARN_ANSWERS_H
#define AMKD_STEPS_LEARN_ANSWERS_H

#include "data/images.h"
#include <stddef.h>

/* *probs becomes [images->n][images->nclasses], freed with free(), of the rows of the
 * labels stream path ("-": stdin) about images alone; rows about mixes are passed over.
 * The stream must speak of this very set and answer all of it. */
int amkd_answers_read(float **probs, const char *path, const amkd_images *images,
                      size_t nthreads);

#endif
