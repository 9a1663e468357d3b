/* What the files of libamkd share. */
#ifndef AMKD_PUBLIC_LIBRARY_INTERNAL_H
#define AMKD_PUBLIC_LIBRARY_INTERNAL_H

#include <jansson.h>
#include <stddef.h>

/* To be called before anything is opened: this process is somebody else's, and so are its
 * signals. */
void amkd_library_prepare(void);

/* Name number c of an array of strings; NULL where there is none. */
const char *amkd_library_name(const json_t *names, size_t c);

#endif
