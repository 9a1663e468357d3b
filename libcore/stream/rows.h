/* The rows of pairs, picks and labels, and the headers that describe them. */
#ifndef AMKD_STREAM_ROWS_H
#define AMKD_STREAM_ROWS_H

#include "stream/header.h"
#include <stdint.h>

/* A candidate pair of images, i < j, numbered over the stream's image sets in turn. */
typedef struct amkd_pair {
    uint32_t i, j;
} amkd_pair;

/* A chosen mix: lambda weights image i, 1 - lambda image j (Eq. 1). The lower the score,
 * the less sure the student. */
typedef struct amkd_pick {
    uint32_t i, j;
    float lambda;
    float score;
} amkd_pick;

/* A teacher's answer is an amkd_label_key followed by float p[nclasses]. A real image
 * asked as it is has i = j and lambda = 1. */
typedef struct amkd_label_key {
    uint32_t i, j;
    float lambda;
} amkd_label_key;

/* Headers with just the fields; image references and provenance are added by the caller.
 */
int amkd_pairs_header(amkd_header *header);
int amkd_picks_header(amkd_header *header);
int amkd_labels_header(amkd_header *header, size_t nclasses);

/* Fails unless the header has exactly the fields of its kind; labels: *nclasses is set.
 */
int amkd_pairs_check(const amkd_header *header);
int amkd_picks_check(const amkd_header *header);
int amkd_labels_check(const amkd_header *header, size_t *nclasses);

#endif
