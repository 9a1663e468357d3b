/* A far set: one whose pixels stay in their file, from which rows are read as they are
 * asked for (the samtools way: an index of virtual offsets). Every row is held against
 * the check that its index has of it: a file that was changed is an error, never other
 * pixels. */
#ifndef AMKD_DATA_IMAGES_FAR_H
#define AMKD_DATA_IMAGES_FAR_H

#include "data/images_index.h"

typedef struct amkd_far amkd_far;

/* Reads from a copy of fd, which must be of a regular file; what is renamed or removed
 * later does not matter. Takes index->at and index->checks over, and what it needs of
 * index->header; path, for messages, is copied. */
int amkd_far_new(amkd_far **out, int fd, const char *path, amkd_index *index);

/* Another owner of the set; each calls amkd_far_free. */
amkd_far *amkd_far_share(amkd_far *far);

void amkd_far_free(amkd_far *far); /* NULL is fine */

/* What reads the rows of one thread. */
typedef struct amkd_far_reader amkd_far_reader;

/* Takes a reader that is idle, or makes one; it goes back by amkd_far_return. Safe from
 * several threads. */
int amkd_far_borrow(amkd_far_reader **out, amkd_far *far);
void amkd_far_return(amkd_far *far, amkd_far_reader *reader); /* reader NULL is fine */

/* The pixels of a row. Rows in ascending order are read fastest. */
int amkd_far_read(uint8_t *pixels, amkd_far_reader *reader, const amkd_far *far,
                  size_t row);

#endif
