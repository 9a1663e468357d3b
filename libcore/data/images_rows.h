/* Pixels of an image set by request, wherever the set keeps them. */
#ifndef AMKD_DATA_IMAGES_ROWS_H
#define AMKD_DATA_IMAGES_ROWS_H

#include "data/images.h"
#include "stream/rows.h"

/* Copies images rows[0..n), in any order and any of them as often as one likes, to out,
 * uint8 [n][height][width][channels]. Fails at a row that the set does not have. */
int amkd_images_gather(uint8_t *out, const amkd_images *images, const uint32_t *rows,
                       size_t n);

/* The pixels of rows first..first+n: where the set holds them, or read into room for so
 * many. NULL with the error set. */
const uint8_t *amkd_images_rows(const amkd_images *images, uint8_t *room, size_t first,
                                size_t n);

/* A walk over all images in their order, a stretch at a time. */
typedef struct amkd_images_walk {
    const amkd_images *images; /* set by the caller, with the rest zeroed */
    size_t most;               /* so many images a stretch at most; 0: as suits */
    size_t first, n;           /* the stretch: images first..first+n */
    const uint8_t *pixels;     /* of it */
    uint8_t *room;             /* the walk's own */
} amkd_images_walk;

/* Goes on to the next stretch, from the start to the first. Returns 1, 0 behind the last,
 * -1 on error. */
int amkd_images_walk_on(amkd_images_walk *walk);

void amkd_images_walk_end(amkd_images_walk *walk);

/* out, uint8 [n][height][width][channels] = the mixes that keys of the set ask for
 * (data/mix.h). */
int amkd_images_mix(uint8_t *out, const amkd_images *images, const amkd_label_key *keys,
                    size_t n);

/* How many images to have unpacked at a time on their way through a step: at most most,
 * and either that or a multiple of 64. */
size_t amkd_images_chunk(const amkd_images *images, size_t most);

#endif
