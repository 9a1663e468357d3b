/* Batches of mixed images, made on the device from a resident uint8 image set
 * (cl/batch.cl; data/mix.h has the formula). */
#ifndef AMKD_OPS_BATCH_H
#define AMKD_OPS_BATCH_H

#include "data/images.h"
#include "device/device.h"
#include "stream/rows.h"

typedef struct amkd_batches amkd_batches;

/* For images of this shape. */
int amkd_batches_new(amkd_batches **out, amkd_device *device, size_t height, size_t width,
                     size_t channels);

/* Uploads pixels, uint8 [n][height][width][channels]. Replaces earlier ones. */
int amkd_batches_images(amkd_batches *batches, const uint8_t *pixels, size_t n);

/* Uses these buffers in place of earlier ones, and retains them: uint8 images as above,
 * and uint [row][3] of i, j and amkd_mix_weight(lambda), or NULL for the keys as they
 * are. */
int amkd_batches_use(amkd_batches *batches, cl_mem images, cl_mem keys);

/* The network sees pixel * scale[channel] + shift[channel]. */
int amkd_batches_normalize(amkd_batches *batches, const float *scale, const float *shift);

/* Which mixes there are, uploaded: row r is keys[r]. Replaces earlier keys. */
int amkd_batches_keys(amkd_batches *batches, const amkd_label_key *keys, size_t n);

/* The keys of n images as they are: row r is image r, unmixed. */
int amkd_batches_plain_keys(amkd_batches *batches, size_t n);

/* Writes x [block][channel][y][x][lane] of the rows order[first..first+count), order
 * being a uint buffer of row numbers. */
int amkd_batches_load(amkd_batches *batches, cl_mem x, cl_mem order, size_t first,
                      size_t count);

/* Samples of a step: the count from number from on, of the total whose rows are
 * order[first..first+total). */
typedef struct amkd_stretch {
    size_t first, total, from, count;
} amkd_stretch;

/* Loads them after mixup: of the step, sample n is mixed with sample (n + 1) mod total by
 * mu[first + n], mu being a float buffer. */
int amkd_batches_load_mixup(amkd_batches *batches, cl_mem x, cl_mem order,
                            const amkd_stretch *samples, cl_mem mu);

/* The targets of a step of count samples, mixed likewise: writes mixed, float
 * [count][nclasses], of targets, float [row][nclasses]. */
int amkd_batches_mix_targets(amkd_batches *batches, cl_mem mixed, cl_mem targets,
                             size_t nclasses, cl_mem order, size_t first, size_t count,
                             cl_mem mu);

/* Enqueues the mixes of images that the rows of keys from first + from on say, both as
 * amkd_batches_use takes them: pixels, uint8 [n][height][width][channels], of which the
 * count from number from on are written. */
int amkd_batches_mix_rows(amkd_batches *batches, cl_mem pixels, cl_mem images,
                          cl_mem keys, size_t first, size_t from, size_t count);

/* Reads back the mixed pixels of all rows, uint8 [row][height][width][channels]. */
int amkd_batches_mix(amkd_batches *batches, uint8_t *pixels);

void amkd_batches_free(amkd_batches *batches); /* NULL is fine */

#endif
