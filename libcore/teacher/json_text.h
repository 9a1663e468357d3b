/* JSON as servers write it, made into JSON as RFC 8259 has it: many a library writes what
 * none may read, and an answer that was paid for is not to be lost to a field that nobody
 * asked for. */
#ifndef AMKD_TEACHER_JSON_TEXT_H
#define AMKD_TEACHER_JSON_TEXT_H

#include "base/bytes.h"

/* Adds text to out, mended so that jansson takes it:
 *
 *   byte order marks before it            left out
 *   NaN, Infinity, inf, in any case, with
 *   a sign; a number too great for double null
 *   an integer beyond 64 bits             the nearest double
 *   bytes that are no UTF-8, \u of half a
 *   surrogate pair or of zero, an escape
 *   that is none                          U+FFFD
 *   control characters within a string    \u00XX
 *
 * JSON stays as it is. What is broken otherwise stays broken. -1 without memory. */
int amkd_json_mend(amkd_bytes *out, const char *text, size_t nbytes);

#endif
