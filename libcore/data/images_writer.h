/* Image sets written, at once or piece by piece, and with an index beside those that are
 * too large to be kept in memory by whoever reads them. */
#ifndef AMKD_DATA_IMAGES_WRITER_H
#define AMKD_DATA_IMAGES_WRITER_H

#include "data/images.h"
#include "stream/header.h"

typedef struct amkd_images_writer amkd_images_writer;

/* Opens path (NULL or "-": stdout) for a stream with this header, of amkd_images_header
 * with whatever more the caller put in; it is copied. */
int amkd_images_writer_open(amkd_images_writer **out, const char *path,
                            const amkd_header *header, size_t nthreads);

/* Adds the rows of a set that is in memory and has the fields of the header. */
int amkd_images_writer_write(amkd_images_writer *writer, const amkd_images *images);

/* Ends the stream, which appears when whole, and frees the writer, on failure too. The
 * index is written beside a file of more than amkd_room's bytes; where it cannot be, its
 * first reader makes it. */
int amkd_images_writer_close(amkd_images_writer *writer);

/* Drops the stream; NULL is fine. */
void amkd_images_writer_discard(amkd_images_writer *writer);

/* Writes a set that is in memory to path, as data/images_writer.h does. The header is the
 * one of amkd_images_header, with whatever more the caller put in; "rows" is added. */
int amkd_images_save(const amkd_images *images, const char *path, amkd_header *header,
                     size_t nthreads);

#endif
