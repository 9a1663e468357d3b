/* What stands before the rows: magic, version and the header's JSON text.
 *
 *   offset  0  41 4d 4b 44   "AMKD"
 *           4  01            version
 *           5  00 00 00
 *           8  NBYTES        of the text that follows, uint32
 *          12  JSON text, padded with spaces and ended by a newline, so that the rows
 *              begin at a multiple of 64
 */
#ifndef AMKD_STREAM_PREAMBLE_H
#define AMKD_STREAM_PREAMBLE_H

#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>

enum { AMKD_PREAMBLE_NBYTES = 12, AMKD_HEADER_MAX_NBYTES = 1 << 24 };

/* Makes the whole of it, freed with free(). */
int amkd_preamble_make(char **bytes, size_t *nbytes, const amkd_header *header);

/* Checks the first AMKD_PREAMBLE_NBYTES bytes: *text_nbytes of JSON text follow them. */
int amkd_preamble_check(size_t *text_nbytes, const uint8_t *bytes);

/* Parses the JSON text that follows. */
int amkd_preamble_parse(amkd_header *header, const char *text, size_t text_nbytes);

#endif
