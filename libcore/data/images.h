/* An image set: uint8 images, all of one shape. The pixels of a set that would take too
 * much memory (base/room.h) stay in its file: such a set is far, and its rows are read by
 * request. Labels and sources are in memory always. */
#ifndef AMKD_DATA_IMAGES_H
#define AMKD_DATA_IMAGES_H

#include "stream/header.h"
#include "stream/rows.h"
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
int amkd_images_digest(char digest[48], const amkd_images *images);

/* The image that a row was made from: row itself, but where the row is a view. Rows with
 * the same source show the same image, in whichever of the sets they are: a pair of them
 * is no pair of different images. */
static inline uint32_t amkd_images_source(const amkd_images *images, size_t row)
{
    return images->sources ? images->sources[row] : (uint32_t)row;
}

/* Writes a set that is in memory to path, as data/images_writer.h does. The header is the
 * one of amkd_images_header, with whatever more the caller put in; "rows" is added. */
int amkd_images_save(const amkd_images *images, const char *path, amkd_header *header,
                     size_t nthreads);

/* Loads an images stream ("-" or NULL: stdin). A set without images is an error. What has
 * more unpacked bytes than amkd_room says becomes a far set, by the index beside the file
 * or by one that is made, which takes reading all of it once, and written there where
 * that is possible. What comes by a pipe is in memory whatever its size. */
int amkd_images_load(amkd_images **out, const char *path, size_t nthreads);

/* As amkd_images_load, from a reader of an images stream whose rows are all still to be
 * read; path is what the reader was opened with. */
int amkd_images_read(amkd_images **out, amkd_reader *reader, const char *path);

/* The same with room for so many bytes in place of amkd_room's. */
int amkd_images_load_within(amkd_images **out, const char *path, size_t nthreads,
                            uint64_t room);
int amkd_images_read_within(amkd_images **out, amkd_reader *reader, const char *path,
                            uint64_t room);

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

/* Checks images->sources, if the stream has such, and sets what its header says of them;
 * as amkd_images_take_sources. */
int amkd_images_check_sources(amkd_images *images, const amkd_header *header);

/* Takes the sources, if the stream has such, from its rows; n, nsources = n and room for
 * one reference are there. */
int amkd_images_take_sources(amkd_images *images, const amkd_header *header,
                             const uint8_t *rows);

size_t amkd_images_npixels(const amkd_images *images); /* height * width * channels */

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

/* NULL is fine. */
void amkd_images_free(amkd_images *images);

#endif
