/* Images, mixes and models made by chance: no kernel's time depends on what they show. */
#ifndef AMKD_BENCH_SYNTHETIC_H
#define AMKD_BENCH_SYNTHETIC_H

#include "data/images.h"
#include "net/model.h"
#include "steps/learn/dataset.h"

enum { SYNTHETIC_NCLASSES = 10 };

/* 28 x 28, gray, as Fashion-MNIST has them. */
#define SYNTHETIC_GRAY ((amkd_shape){1, 28, 28})

/* n images of the shape. */
int synthetic_images(amkd_images **out, amkd_shape shape, size_t n);

/* Gray ones, unlabeled, as a file. */
int synthetic_save_images(const char *path, size_t n);

/* nrows mixes of nimages images of the shape, with targets. Cleared with
 * amkd_dataset_clear. */
int synthetic_dataset(amkd_dataset *dataset, amkd_shape shape, size_t nimages,
                      size_t nrows);

/* A fresh network of the architecture for images of the shape. */
int synthetic_model(amkd_model **out, const char *arch, amkd_shape shape);

#endif
