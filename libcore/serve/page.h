/* The body of an answer, put together without a check at every step: that there was no
 * memory, once, is remembered. */
#ifndef AMKD_SERVE_PAGE_H
#define AMKD_SERVE_PAGE_H

#include "base/bytes.h"
#include <jansson.h>

typedef struct amkd_page {
    amkd_bytes bytes;
    int failed; /* nothing more is added */
} amkd_page;    /* begins zeroed */

void amkd_page_add(amkd_page *page, const void *data, size_t n);
void amkd_page_format(amkd_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A string as JSON has it, in quotes; of one that is not UTF-8 only ASCII is kept. */
void amkd_page_quote(amkd_page *page, const char *string);

/* A JSON value in its shortest form. */
void amkd_page_json(amkd_page *page, const json_t *value);

/* "[1,0.25]": n numbers that read back as the same floats; one that is not finite is
 * null. */
void amkd_page_floats(amkd_page *page, const float *values, size_t n);

void amkd_page_clear(amkd_page *page);

#endif
