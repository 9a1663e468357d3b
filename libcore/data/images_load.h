/* Image sets read: into memory whole, or where they are too large for that as far sets.
 */
#ifndef AMKD_DATA_IMAGES_LOAD_H
#define AMKD_DATA_IMAGES_LOAD_H

#include "data/images.h"
#include "stream/stream.h"

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

#endif
