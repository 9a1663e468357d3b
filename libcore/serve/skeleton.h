/* JSON text taken apart: arrays of numbers stay where they are in the text, and jansson
 * reads a small document of all the rest. */
#ifndef AMKD_SERVE_SKELETON_H
#define AMKD_SERVE_SKELETON_H

#include "serve/numbers.h"
#include <jansson.h>

/* A document without its arrays of numbers may not be larger than this: jansson takes
 * about a hundred times as much memory for it at worst. */
enum { AMKD_SKELETON_MAX_NBYTES = 1 << 18 };

typedef struct amkd_skeleton {
    json_t *root; /* an object; [k] stands for arrays[k] */
    size_t narrays;
    amkd_numbers *arrays; /* point into the text */
} amkd_skeleton;

/* The text must be one JSON object in UTF-8, no key twice. On failure nothing is left. */
int amkd_skeleton_parse(amkd_skeleton *skeleton, const char *text, size_t nbytes);

/* The array of numbers that a value of the document stands for; NULL when it is none. */
const amkd_numbers *amkd_skeleton_numbers(const amkd_skeleton *skeleton,
                                          const json_t *value);

void amkd_skeleton_clear(amkd_skeleton *skeleton);

#endif
