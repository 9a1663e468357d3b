/* The index of an images file: where each row lies, so that single ones can be read, and
 * what is asked of a set before its pixels are: digest, labels, sources. It is a stream
 * of its own beside the file, of kind "index"; amkd-stream(5) describes it. */
#ifndef AMKD_DATA_IMAGES_INDEX_H
#define AMKD_DATA_IMAGES_INDEX_H

#include "data/images_digest.h"
#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_index {
    const amkd_header *header;     /* of the images; borrowed */
    size_t n, room;                /* rows; room for so many */
    uint64_t *at;                  /* [n] virtual offsets (stream/bgzf_seek.h) */
    uint64_t *checks;              /* [n] amkd_index_check of each row's bytes */
    int32_t *labels;               /* [n], or NULL */
    uint32_t *sources;             /* [n], or NULL */
    uint64_t nbytes;               /* of the images file */
    char digest[AMKD_DIGEST_SIZE]; /* of the set, after amkd_index_end */
    amkd_digest *digesting;        /* until then */
} amkd_index;

/* XXH3-64 of a row as the file has it: label and source, too. */
uint64_t amkd_index_check(const void *row, size_t nbytes);

/* An index without rows of images with this header, whose fields were checked. A failed
 * one is to be cleared, too. */
int amkd_index_begin(amkd_index *index, const amkd_header *header);

/* Adds the next n rows; their places, index->at, are the caller's to set. */
int amkd_index_add(amkd_index *index, const uint8_t *rows, size_t n);

/* Settles the digest. */
void amkd_index_end(amkd_index *index);

/* Reads the index beside the images file at path, which has this header and so many
 * bytes. Returns 0, or 1 where there is none that belongs to such a file, is whole and
 * makes sense; index is then as if cleared. */
int amkd_index_read(amkd_index *index, const char *path, const amkd_header *header,
                    uint64_t nbytes);

/* Writes the index beside the images file at path, in place of an older one. Another file
 * of that name stays. Fails where it cannot be written. */
int amkd_index_write(const amkd_index *index, const char *path);

/* Fails unless the header is one of an index. */
int amkd_index_expect(const amkd_header *header);

/* How many bytes the images file has, by the header of its index. */
uint64_t amkd_index_nbytes(const amkd_header *header);

void amkd_index_clear(amkd_index *index); /* a zeroed one is fine */

#endif
