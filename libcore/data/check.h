/* Whether the values of a stream's rows make sense, beyond what its format promises. */
#ifndef AMKD_DATA_CHECK_H
#define AMKD_DATA_CHECK_H

#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_check amkd_check;

struct amkd_check {
    const amkd_header *header; /* borrowed */
    uint64_t nimages;          /* i, j and sources are below; UINT64_MAX when not known */
    size_t nclasses;           /* of images and labels */
    int (*row)(const amkd_check *check, const uint8_t *row); /* of the kind */
};

/* Looks at the header: the kind is known and has its fields. */
int amkd_check_init(amkd_check *check, const amkd_header *header);

/* Looks at n rows, the first of which is number first of the stream. pairs: i < j, inside
 * the image sets that the header names; i = j where it says "single". picks: i <= j, inside; lambda in [0, 1], 1 where
 * i = j; the score finite. labels: i, j and lambda likewise; probabilities finite, not
 * negative, summing to one within 1e-3. images: labels of the known classes. index:
 * places within the images file. */
int amkd_check_rows(const amkd_check *check, const void *rows, size_t n, uint64_t first);

#endif
