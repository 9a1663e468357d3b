/* An image set in memory: a few thousand small images, uint8, all of one shape. */
#ifndef AMKD_DATA_IMAGES_H
#define AMKD_DATA_IMAGES_H

#include "stream/header.h"
#include "stream/stream.h"
#include <stddef.h>
#include <stdint.h>

/* A reference to an image set, as streams that speak of images carry it. */
typedef struct amkd_images_ref {
    char *path; /* as given to the tool; NULL when it came by a pipe */
    uint64_t rows;
    char digest[48]; /* "xxh3-128:<32 hex digits>" over shape and pixels */
    /* The set that the sources number: that of the views' header, else the set itself. */
    uint64_t source_rows;
    char source_digest[48];
    uint32_t first_source; /* what its source 0 is among those of the whole */
} amkd_images_ref;

typedef struct amkd_images {
    size_t n, height, width, channels;
    uint8_t *pixels;     /* [n][height][width][channels] */
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
int amkd_images_digest(char digest[48], const amkd_images *images);

/* The image that a row was made from: row itself, but where the row is a view. Rows with
 * the same source show the same image, in whichever of the sets they are: a pair of them
 * is no pair of different images. */
static inline uint32_t amkd_images_source(const amkd_images *images, size_t row)
{
    return images->sources ? images->sources[row] : (uint32_t)row;
}

/* Writes the set to path, which appears when whole (NULL or "-": stdout). The header is
 * the one of amkd_images_header, with whatever more the caller put in; "rows" is added.
 */
int amkd_images_save(const amkd_images *images, const char *path, amkd_header *header,
                     size_t nthreads);

/* Writes the set's rows to a writer whose header has the fields of amkd_images_header,
 * and of amkd_images_header_views if there are sources. */
int amkd_images_write(amkd_writer *writer, const amkd_images *images);

/* Loads an images stream ("-" or NULL: stdin). A set without images is an error. */
int amkd_images_load(amkd_images **out, const char *path, size_t nthreads);

/* As amkd_images_load, from a reader of an images stream whose rows are all still to be
 * read; path is what the reader was opened with. */
int amkd_images_read(amkd_images **out, amkd_reader *reader, const char *path);

/* Loads the sets that a stream refers to (its header's "images" array) and concatenates
 * them. Each path is tried as it stands, then relative to the directory of stream_path.
 * override: paths to use instead (--images), noverride 0 for none. Row count and digest
 * must be those the header carries: a set changed since is an error. */
int amkd_images_load_refs(amkd_images **out, const amkd_header *header,
                          const char *stream_path, const char *const *override,
                          size_t noverride, size_t nthreads);

/* Appends b's images to a; shapes must agree. Labels are kept only if both have them.
 * Sources stay apart, but where both sets are, or are views of, one and the same set. */
int amkd_images_append(amkd_images *a, const amkd_images *b);

/* The part of amkd_images_append that joins the sources, when b's references stand behind
 * a's but a->n is still without b's rows. */
int amkd_images_append_sources(amkd_images *a, const amkd_images *b);

/* Puts the references into a header under "images", the shape [H,W,C] under "image_shape"
 * and, if the header has no "provenance", the sets' there. */
int amkd_images_put_refs(amkd_header *header, const amkd_images *images);

/* Copies "images" and "image_shape" from one header to another. */
int amkd_images_copy_refs(amkd_header *header, const amkd_header *source);

/* Fails unless both headers refer to the same sets (row counts and digests). */
int amkd_images_same_refs(const amkd_header *a, const amkd_header *b);

/* The sources of the sets that a stream refers to, as amkd_images_load_refs finds them:
 * [the sets' rows], freed with free(). NULL when none of the sets is of views, which is
 * seen from the header without loading any. */
int amkd_images_load_sources(uint32_t **sources, size_t *nsources,
                             const amkd_header *header, const char *stream_path,
                             const char *const *override, size_t noverride,
                             size_t nthreads);

/* The number of images a header refers to, over all its sets; -1 when it names none. */
int amkd_images_refs_rows(uint64_t *nrows, const amkd_header *header);

/* Header of an images stream: field "pixels" |u1 [H,W,C] and, if nclasses, "label" <i4
 * and the key "nclasses", and "class_names" unless NULL (borrowed). */
int amkd_images_header(amkd_header *header, size_t height, size_t width, size_t channels,
                       size_t nclasses, json_t *class_names);

/* Makes the header of an images stream one of views: adds the field "source" <u4 and the
 * key "views": {"of", "seed", "transforms"}, of being the set whose rows the sources
 * number: the one of images, or that which images are views of. transforms is taken over.
 */
int amkd_images_header_views(amkd_header *header, const amkd_images *images,
                             uint64_t seed, json_t *transforms);

/* Checks what the header of an images stream says of sources: *nsources is how many there
 * may be; without the field "source" it stays as it is. */
int amkd_images_sources_expect(uint64_t *nsources, const amkd_header *header);

/* Takes the sources, if the stream has such, from its rows; n, nsources = n and room for
 * one reference are there. */
int amkd_images_take_sources(amkd_images *images, const amkd_header *header,
                             const uint8_t *rows);

size_t amkd_images_npixels(const amkd_images *images); /* height * width * channels */

/* Copies images rows[0..n), in any order and any of them as often as one likes, to out,
 * uint8 [n][height][width][channels]. Fails at a row that the set does not have. */
int amkd_images_gather(uint8_t *out, const amkd_images *images, const uint32_t *rows,
                       size_t n);

/* NULL is fine. */
void amkd_images_free(amkd_images *images);

#endif
