/* Columns of a span of lessons. */
#include "steps/learn/lesson_span.h"
#include "base/memory.h"
#include <stdlib.h>

int amkd_lesson_span_new(amkd_lesson_span *span, amkd_device *device, size_t n,
                         const size_t sizes[AMKD_LESSON_NCOLUMNS])
{
    for (size_t c = 0; c < AMKD_LESSON_NCOLUMNS; c++) {
        amkd_lesson_column *column = &span->columns[c];
        column->size = sizes[c];
        if (!column->size)
            continue;
        column->host = amkd_alloc(n, column->size);
        if (!column->host || amkd_buffer_new(&column->there, device, CL_MEM_READ_ONLY,
                                             n * column->size, NULL))
            return -1;
    }
    return 0;
}

void amkd_lesson_span_clear(amkd_lesson_span *span)
{
    for (size_t c = 0; c < AMKD_LESSON_NCOLUMNS; c++) {
        free(span->columns[c].host);
        amkd_buffer_free(span->columns[c].there);
    }
    *span = (amkd_lesson_span){0};
}

int amkd_lesson_span_upload(amkd_lesson_span *span, amkd_device *device, size_t n)
{
    for (size_t c = 0; c < AMKD_LESSON_NCOLUMNS; c++) {
        const amkd_lesson_column *column = &span->columns[c];
        if (column->host && amkd_buffer_write_later(device, column->there, column->host,
                                                    0, n * column->size))
            return -1;
    }
    return 0;
}
