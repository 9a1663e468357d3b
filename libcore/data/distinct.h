/* Images that repeat another: exactly, which a digest of the pixels tells, or nearly, by
 * the distance of perceptual hashes. */
#ifndef AMKD_DATA_DISTINCT_H
#define AMKD_DATA_DISTINCT_H

#include "base/progress.h"
#include "data/images.h"
#include "data/phash.h"
#include <stddef.h>
#include <stdint.h>

enum { AMKD_DISTINCT_MAX_BITS = 31 }; /* the distance that PDQ calls the same picture */

/* What is kept of an image to know it again. */
typedef struct amkd_print {
    uint64_t digest[2]; /* XXH3-128 of the pixels */
    amkd_phash hash;
    int plain; /* without a hash, as too plain pictures are: only exact copies are found
                */
} amkd_print;

/* The print of pixels[height][width][channels] for searches within nbits: without a hash
 * when that is 0. */
void amkd_print_make(amkd_print *print, const uint8_t *pixels, size_t height,
                     size_t width, size_t channels, unsigned nbits);

/* The prints of a whole set, [images->n], freed with free(); NULL with the error set.
 * progress counts the images; NULL is fine. */
amkd_print *amkd_prints_of(const amkd_images *images, unsigned nbits, size_t nthreads,
                           amkd_progress *progress);

/* An image that another one repeats. */
typedef struct amkd_repeated {
    uint32_t number;   /* as given to amkd_distinct_add */
    unsigned distance; /* in bits */
    int exact;         /* the same pixels */
} amkd_repeated;

/* A set of images that finds those near to one. A search looks at few of them, by a table
 * of the 65536 values for each of the 16 chunks: two hashes that differ in n bits, 15 or
 * fewer, agree in a chunk; and of 16 to 31 bits, they agree in a chunk or in all but one
 * bit of one of the first n - 15 (Norouzi, Punjani, Fleet, "Fast Search in Hamming Space
 * with Multi-Index Hashing", CVPR 2012). It takes 4 MiB and some 130 bytes an image. */
typedef struct amkd_distinct amkd_distinct;

/* Makes an empty set for up to room images. */
int amkd_distinct_new(amkd_distinct **out, size_t room);

/* Adds an image under a number of the caller's; there must be room. */
void amkd_distinct_add(amkd_distinct *set, const amkd_print *print, uint32_t number);

/* Finds which image of the set print repeats: one with the same pixels, else the nearest
 * one within nbits, at most AMKD_DISTINCT_MAX_BITS; of several the one added first. With
 * nbits 0 only the same pixels count. Returns 1, or 0 for none. May be called from
 * several threads while none adds. */
int amkd_distinct_find(amkd_repeated *found, const amkd_distinct *set,
                       const amkd_print *print, unsigned nbits);

/* NULL is fine. */
void amkd_distinct_free(amkd_distinct *set);

#endif
