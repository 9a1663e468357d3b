/* Formats that are not read, known by their first bytes, so that a message can name them.
 */
#ifndef AMKD_DATA_MAGIC_H
#define AMKD_DATA_MAGIC_H

#include <stddef.h>

/* What the bytes look like, "a GIF picture", "an empty file"; NULL when that is not
 * known. */
const char *amkd_magic_name(const void *bytes, size_t nbytes);

#endif
