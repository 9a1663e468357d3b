/* References to image sets: how a stream of pairs, picks or labels says which images it
 * speaks of, and how these are found again and known to be the same. */
#ifndef AMKD_DATA_IMAGES_REFS_H
#define AMKD_DATA_IMAGES_REFS_H

#include "data/images.h"
#include "stream/header.h"

/* Puts the references into a header under "images", the shape [H,W,C] under "image_shape"
 * and, if the header has no "provenance", the sets' there. */
int amkd_images_put_refs(amkd_header *header, const amkd_images *images);

/* Copies "images" and "image_shape" from one header to another. */
int amkd_images_copy_refs(amkd_header *header, const amkd_header *source);

/* Fails unless both headers refer to the same sets (row counts and digests). */
int amkd_images_same_refs(const amkd_header *a, const amkd_header *b);

/* Loads the sets that a stream refers to (its header's "images" array) and concatenates
 * them. Each path is tried as it stands, then relative to the directory of stream_path.
 * override: paths to use instead (--images), noverride 0 for none. Row count and digest
 * must be those the header carries: a set changed since is an error. */
int amkd_images_load_refs(amkd_images **out, const amkd_header *header,
                          const char *stream_path, const char *const *override,
                          size_t noverride, size_t nthreads);

/* The sources of the sets that a stream refers to, as amkd_images_load_refs finds them:
 * [the sets' rows], freed with free(). NULL when none of the sets is of views, which is
 * seen from the header without loading any. */
int amkd_images_load_sources(uint32_t **sources, size_t *nsources,
                             const amkd_header *header, const char *stream_path,
                             const char *const *override, size_t noverride,
                             size_t nthreads);

/* What a header says of one of the sets that it refers to. Texts are the header's. */
typedef struct amkd_images_named {
    const char *path; /* NULL when it came by a pipe */
    uint64_t rows;
    const char *digest;
    uint64_t source_rows; /* of views: of the set that they are of; else of itself */
    const char *source_digest;
    int is_views;
} amkd_images_named;

/* How many sets a header refers to, 0 where it names none; and number k of them. Fails
 * where that is malformed. */
size_t amkd_images_refs_count(const amkd_header *header);
int amkd_images_refs_get(amkd_images_named *named, const amkd_header *header, size_t k);

/* The shape [H,W,C] of the images that a header refers to; zeros where it says none. */
void amkd_images_refs_shape(size_t shape[3], const amkd_header *header);

/* The number of images a header refers to, over all its sets; -1 when it names none. */
int amkd_images_refs_rows(uint64_t *nrows, const amkd_header *header);

#endif
