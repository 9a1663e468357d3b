/* A figure of methods over the answers bought: a line each, with markers and bands. */
#ifndef AMKD_REPORT_CURVE_H
#define AMKD_REPORT_CURVE_H

#include "base/bytes.h"
#include "report/methods.h"
#include <stddef.h>

/* The place of one of a level's means: AMKD_CURVE_OF(success). */
#define AMKD_CURVE_OF(name) offsetof(amkd_level, name)
enum { AMKD_CURVE_NONE = 0 }; /* no mean is first in a level */

typedef struct amkd_curve {
    const char *id, *title, *label, *caption;
    size_t of;        /* the student */
    size_t second;    /* its assistant, or AMKD_CURVE_NONE */
    size_t low, high; /* the interval of one run; or AMKD_CURVE_NONE */
} amkd_curve;

/* The mean of a level at such a place. */
const amkd_mean *amkd_curve_mean(const amkd_level *level, size_t of);

/* The figure with its caption; nothing if no method has such points. Its lines are of the
 * looks that amkd_svg_legend gives the methods in their order. */
void amkd_curve_put(amkd_bytes *page, const amkd_methods *methods,
                    const amkd_curve *curve);

#endif
