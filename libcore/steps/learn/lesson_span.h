/* What the host says of the samples of some steps of lessons, and its copies on the
 * device.
 */
#ifndef AMKD_STEPS_LEARN_LESSON_SPAN_H
#define AMKD_STEPS_LEARN_LESSON_SPAN_H

#include "device/device.h"

/* The columns, an item a sample: */
enum {
    AMKD_LESSON_ROWS,   /* uint32_t, of the dataset */
    AMKD_LESSON_SEEN,   /* uint32_t, of the pixels that are loaded */
    AMKD_LESSON_VIEWS,  /* amkd_view; none where images are seen as they are */
    AMKD_LESSON_SHARES, /* float; none without mixup */
    AMKD_LESSON_KEPT,   /* uint32_t, of the answers; none where they are not kept */
    AMKD_LESSON_MIXES,  /* uint32_t[3], as amkd_batches_use takes keys; none without mixes
                         */
    AMKD_LESSON_NCOLUMNS
};

typedef struct amkd_lesson_column {
    size_t size; /* of an item; 0: there is no such column */
    void *host;
    cl_mem there; /* its copy on the device */
} amkd_lesson_column;

typedef struct amkd_lesson_span {
    uint64_t first; /* step */
    amkd_lesson_column columns[AMKD_LESSON_NCOLUMNS];
} amkd_lesson_span;

/* For n samples, with columns of items of these sizes. */
int amkd_lesson_span_new(amkd_lesson_span *span, amkd_device *device, size_t n,
                         const size_t sizes[AMKD_LESSON_NCOLUMNS]);
void amkd_lesson_span_clear(amkd_lesson_span *span); /* a zeroed one is fine */

/* Enqueues the copying of the first n items of all columns. */
int amkd_lesson_span_upload(amkd_lesson_span *span, amkd_device *device, size_t n);

#endif
