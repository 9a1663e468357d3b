/* Plain bytes packed into BGZF by several threads; the packed bytes do not depend on how
 * many. */
#ifndef AMKD_STREAM_BGZF_WRITER_H
#define AMKD_STREAM_BGZF_WRITER_H

#include "base/file.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_bgzf_writer amkd_bgzf_writer;

/* Writes to output, which is borrowed. nthreads 0: everything in the caller. */
int amkd_bgzf_writer_open(amkd_bgzf_writer **out, amkd_output *output, size_t nthreads);

int amkd_bgzf_writer_write(amkd_bgzf_writer *writer, const void *bytes, size_t nbytes);

/* Ends the block begun and hands all blocks to output. */
int amkd_bgzf_writer_flush(amkd_bgzf_writer *writer);

/* Flushes and writes the end-of-file block. */
int amkd_bgzf_writer_finish(amkd_bgzf_writer *writer);

/* To be called before the first write: the offset of every block goes to the end of
 * *offsets [*n], which has *room and grows; all three are borrowed. */
void amkd_bgzf_writer_note(amkd_bgzf_writer *writer, uint64_t **offsets, size_t *n,
                           size_t *room);

/* Bytes of all blocks written so far. */
uint64_t amkd_bgzf_writer_nbytes(const amkd_bgzf_writer *writer);

/* Stops the threads; NULL is fine. */
void amkd_bgzf_writer_free(amkd_bgzf_writer *writer);

#endif
