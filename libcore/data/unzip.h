/* Input files that may be gzipped. */
#ifndef AMKD_DATA_UNZIP_H
#define AMKD_DATA_UNZIP_H

#include <stddef.h>

/* Reads a whole file ("-": stdin) into a new block, freed with free(), with a zero byte
 * after it; a file that begins as gzip does is decompressed, all members of it. Fails
 * beyond max_nbytes, and when gzip data are broken, cut short or followed by others. */
int amkd_unzip_read(char **bytes, size_t *nbytes, const char *path, size_t max_nbytes);

#endif
