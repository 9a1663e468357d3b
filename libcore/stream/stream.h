/* The amkd stream: one format for images, pairs, picks and labels. BGZF outside, a JSON
 * header and rows of a fixed size inside; amkd-stream(5) is its
 * specification. */
#ifndef AMKD_STREAM_STREAM_H
#define AMKD_STREAM_STREAM_H

#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct amkd_reader amkd_reader;
typedef struct amkd_writer amkd_writer;

/* Opens a stream, "-" or NULL for stdin, and reads its header. kind: the kind expected
 * ("pairs"), or NULL for any. Blocks are decompressed ahead on nthreads threads (0: in
 * the caller). */
int amkd_reader_open(amkd_reader **out, const char *path, const char *kind,
                     size_t nthreads);

/* The header, owned by the reader. */
const amkd_header *amkd_reader_header(const amkd_reader *reader);

/* The name for messages: the path, or "stdin". */
const char *amkd_reader_name(const amkd_reader *reader);

/* Reads up to max_rows rows, each of header->row_nbytes, into rows. Returns how many, 0
 * only at a verified end (end-of-file block seen, nothing behind it, as many rows as the
 * header says), -1 on error: a stream cut short is an error, never an end. */
ssize_t amkd_reader_read(amkd_reader *reader, void *rows, size_t max_rows);

/* Rows read so far: the number of the next row, for messages. */
uint64_t amkd_reader_row(const amkd_reader *reader);

/* Where the next row begins, as a virtual offset (stream/bgzf_seek.h). */
uint64_t amkd_reader_tell(const amkd_reader *reader);

/* The file or pipe that is read, and by how many threads; the reader's. */
int amkd_reader_fd(const amkd_reader *reader);
size_t amkd_reader_nthreads(const amkd_reader *reader);

/* Reads all rows that are left into a new block, freed with free(). Memory grows with
 * what arrives, not with what the header claims. */
int amkd_reader_read_all(amkd_reader *reader, void **rows, size_t *nrows);

/* NULL is fine. */
void amkd_reader_close(amkd_reader *reader);

/* Opens path (NULL or "-": stdout) for a new stream with this header, which is copied and
 * written with the first block. Blocks are compressed on nthreads threads; the bytes do
 * not depend on how many. A terminal is refused. */
int amkd_writer_open(amkd_writer **out, const char *path, const amkd_header *header,
                     size_t nthreads);

/* Opens a stream file to add rows behind its last; one that is missing or empty begins
 * with this header. The whole file is verified first and its header, which stays, must
 * equal this one in kind and fields; a file that a crash cut short is kept up to its last
 * whole row (*nrows says how many rows there are). The file is written in place: each
 * flush leaves rows that a next append recovers, and discard leaves what was flushed,
 * without an end. The file is locked: a second append at the same time fails. */
int amkd_writer_append(amkd_writer **out, const char *path, const amkd_header *header,
                       uint64_t *nrows);

/* Takes the lock of such an append before its header is known: opens the file, which is
 * made where it is missing. *fd is for amkd_writer_append_locked, or to be closed, which
 * lets go of the lock. */
int amkd_append_lock(int *fd, const char *path);

/* As amkd_writer_append, of the file behind fd, which it takes over, on failure too. */
int amkd_writer_append_locked(amkd_writer **out, const char *path, int fd,
                              const amkd_header *header, uint64_t *nrows);

typedef struct amkd_extent {
    int begun;      /* its header is whole */
    int ended;      /* it has its end: it was closed in good order */
    uint64_t nrows; /* whole rows */
    uint64_t nlost; /* bytes at the file's end that a crash left and an append cuts off */
} amkd_extent;

/* What an append would find in a stream file, which is verified and left as it is: damage
 * is an error, a tail that a crash left is none. */
int amkd_stream_measure(amkd_extent *extent, const char *path);

/* To be called when a file cannot be read: removes one that a crash left before its
 * header was whole, so that it has nothing to lose. Any other stays, and the error too.
 */
int amkd_stream_remove_unbegun(const char *path);

/* Adds nrows rows. */
int amkd_writer_write(amkd_writer *writer, const void *rows, size_t nrows);

/* Everything written so far is on disk (fsync) when this returns. */
int amkd_writer_flush(amkd_writer *writer);

/* Where the rows of a stream come to lie in its file, known when it is closed. */
typedef struct amkd_places {
    uint64_t *blocks; /* [nblocks] where in the file each begins */
    size_t nblocks, room;
    uint64_t first; /* plain bytes before row 0 */
    size_t row_nbytes;
    uint64_t nbytes; /* of the whole file */
} amkd_places;

/* As amkd_writer_open, and has the places noted, in a zeroed struct that is borrowed
 * until the writer is gone; there must be no flush. */
int amkd_writer_open_noting(amkd_writer **out, const char *path,
                            const amkd_header *header, size_t nthreads,
                            amkd_places *places);

/* The virtual offset (stream/bgzf_seek.h) of a row, once the writer was closed. */
uint64_t amkd_places_find(const amkd_places *places, uint64_t row);

void amkd_places_clear(amkd_places *places);

/* Ends the stream, checks the row count that the header promised if it did, commits the
 * file and frees the writer, on failure too. */
int amkd_writer_close(amkd_writer *writer);

/* Drops the stream: no file is left, a pipe gets no end-of-file block. NULL is fine. */
void amkd_writer_discard(amkd_writer *writer);

#endif
