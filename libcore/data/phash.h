/* A perceptual hash: 256 bits that stay nearly the same when a picture is resized, packed
 * again as JPEG or made a little brighter, and differ by about half between two pictures.
 *
 * It is the transform of PDQ (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
 * Image-Hashing Algorithm", 2019), which is pHash (C. Zauner, "Implementation and
 * Benchmarking of Perceptual Image Hash Functions", 2010) with 256 bits for 64: the luma
 * is brought to 64 x 64, of its DCT-II the frequencies 1 to 16 along each side are kept,
 * and a bit says whether one is above the median of all. PDQ's tent filter is a plain
 * mean over areas here, so the bits are not PDQ's own; its distances hold. All is done in
 * whole numbers: the same bits on every machine. */
#ifndef AMKD_DATA_PHASH_H
#define AMKD_DATA_PHASH_H

#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_PHASH_NBITS = 256,
    AMKD_PHASH_NCHUNKS = 16, /* of 16 bits each */
};

/* Each chunk has one bit of every row and of every column of the frequencies, so that no
 * chunk is of low frequencies alone, in which many pictures are alike: bit j of chunk c
 * is the frequency in row j and column (j + c) % 16. */
typedef struct amkd_phash {
    uint16_t chunk[AMKD_PHASH_NCHUNKS];
} amkd_phash;

/* Hashes pixels[height][width][channels], no side above AMKD_PICTURE_MAX_SIDE; three
 * channels are RGB, of other counts the mean is taken. Returns 0, or -1 for a picture too
 * plain to be hashed, without the error being set: fewer than half of its frequencies
 * have an amplitude of an eighth of a gray level. That is one colour, a gradient, or
 * stripes; the hashes of such pictures would tell of noise. */
int amkd_phash_make(amkd_phash *hash, const uint8_t *pixels, size_t height, size_t width,
                    size_t channels);

/* In how many bits two hashes differ. */
unsigned amkd_phash_distance(const amkd_phash *a, const amkd_phash *b);

#endif
