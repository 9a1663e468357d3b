/* An image set: uint8 images, all of one shape. The pixels of a set that would take too
 * much memory (base/room.h) stay in its file: such a set is far, and its rows are read by
 * request. Labels and sources are in memory always.
 *
 * The files of image sets stand in a line, in which each knows those before it:
 *
 *     images_digest   what a set is known by
 *     images_header   the header of an images stream
 *     images_index    where the rows of a file lie
 *     images_far      rows read by an index
 *     images          sets made and joined
 *     images_rows     pixels by request, wherever the set keeps them
 *     images_views    sets whose rows know the image that they were made from
 *     images_load     sets read
 *     images_refs     how other streams say which sets they speak of
 *     images_writer   sets written
 */
#ifndef AMKD_DATA_IMAGES_H
#define AMKD_DATA_IMAGES_H

#include "data/images_digest.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A reference to an image set, as streams that speak of images carry it. */
typedef struct amkd_images_ref {
    char *path; /* as given to the tool; NULL when it came by a pipe */
    uint64_t rows;
    char digest[AMKD_DIGEST_SIZE]; /* "xxh3-128:<32 hex digits>" over shape and pixels */
    /* The set that the sources number: that of the views' header, else the set itself. */
    uint64_t source_rows;
    char source_digest[AMKD_DIGEST_SIZE];
    uint32_t first_source; /* what its source 0 is among those of the whole */
} amkd_images_ref;

/* A stretch of a far set: of a file, or in memory where sets of both kinds were joined.
 */
typedef struct amkd_images_part {
    size_t n;
    uint8_t *pixels;      /* [n][height][width][channels], or NULL */
    struct amkd_far *far; /* data/images_far.h, or NULL */
} amkd_images_part;

typedef struct amkd_images {
    size_t n, height, width, channels;
    uint8_t *pixels; /* [n][height][width][channels]; NULL: the set is far */
    size_t nparts;   /* of a far set, one behind the other; else 0 */
    amkd_images_part *parts;
    size_t nthreads;     /* that read rows of a far set */
    int32_t *labels;     /* [n], 0..nclasses-1; NULL when the set has none */
    uint32_t *sources;   /* [n] of views (amkd_images_source), else NULL */
    size_t nsources;     /* all sources are below */
    size_t nclasses;     /* 0 without labels */
    json_t *class_names; /* array of nclasses strings, or NULL */
    json_t *provenance;  /* array of the runs that made the sets, in turn, or NULL */
    size_t nrefs;        /* the sets that this one is the concatenation of: 1 or more */
    amkd_images_ref *refs;
} amkd_images;

/* Makes a set of n images with all pixels zero, no refs, and room for labels (all 0) when
 * nclasses is not 0. */
int amkd_images_new(amkd_images **out, size_t n, size_t height, size_t width,
                    size_t channels, size_t nclasses);

/* "xxh3-128:<32 hex digits>" of the set: over height, width and channels, each a uint64
 * of little endian, then the pixels. Labels and names do not count: they may be added. */
int amkd_images_digest(char digest[AMKD_DIGEST_SIZE], const amkd_images *images);

/* The image that a row was made from: row itself, but where the row is a view. Rows with
 * the same source show the same image, in whichever of the sets they are: a pair of them
 * is no pair of different images. */
static inline uint32_t amkd_images_source(const amkd_images *images, size_t row)
{
    return images->sources ? images->sources[row] : (uint32_t)row;
}

/* Appends b's images to a; shapes must agree. Labels are kept only if both have them.
 * Sources stay apart, but where both sets are, or are views of, one and the same set. */
int amkd_images_append(amkd_images *a, const amkd_images *b);

size_t amkd_images_npixels(const amkd_images *images); /* height * width * channels */

/* NULL is fine. */
void amkd_images_free(amkd_images *images);

#endif
