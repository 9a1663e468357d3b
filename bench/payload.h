/* Rows such as the tools write, of every kind of stream, to be packed and unpacked. */
#ifndef AMKD_BENCH_PAYLOAD_H
#define AMKD_BENCH_PAYLOAD_H

#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>

typedef struct payload {
    const char *name;
    amkd_header header;
    size_t nrows;
    uint8_t *rows; /* [nrows][header.row_nbytes] */
} payload;

/* All pairs of 2,000 images. */
int payload_pairs(payload *p, int quick);
/* A pick for each of them: lambda of the paper's grid, scores by chance. */
int payload_picks(payload *p, int quick);
/* 200,000 answers of ten classes: softmax of chance, most of them sure. */
int payload_labels(payload *p, int quick);
/* Fashion-MNIST where Debian's package of it is installed; else pictures of smooth
 * gradients, which pack better. */
int payload_images(payload *p, int quick);

void payload_clear(payload *p);

#endif
