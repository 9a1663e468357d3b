/* Image files of every format that amkd-import reads, of smooth pictures with some noise.
 */
#ifndef AMKD_BENCH_PICTURES_H
#define AMKD_BENCH_PICTURES_H

#include <stddef.h>

/* Files of n images: 28 x 28 gray, CIFAR-10's 32 x 32 RGB. */
int pictures_idx(const char *path, size_t n);
int pictures_npy(const char *path, size_t n);
int pictures_cifar(const char *path, size_t n);

/* Picture number of a folder: a small PNG, 32 x 32 RGB; a photo's JPEG, 256 x 256 RGB. */
int pictures_png(const char *path, size_t number);
int pictures_jpeg(const char *path, size_t number);

#endif
