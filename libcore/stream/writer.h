/* Inside of a stream's writer, shared by writer.c and append.c. */
#ifndef AMKD_STREAM_WRITER_H
#define AMKD_STREAM_WRITER_H

#include "stream/stream.h"

/* A writer over an output, which it takes over, on failure too. bytes are the plain bytes
 * to write first: the preamble, or none where nrows rows are there already. places: as
 * amkd_writer_open_noting takes them, or NULL. */
struct amkd_output;
int amkd_writer_over(amkd_writer **out, struct amkd_output *output,
                     const amkd_header *header, const void *bytes, size_t nbytes,
                     uint64_t nrows, size_t nthreads, amkd_places *places);

#endif
