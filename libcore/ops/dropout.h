/* Dropout on a device (cl/dropout.cl). */
#ifndef AMKD_OPS_DROPOUT_H
#define AMKD_OPS_DROPOUT_H

#include "ops/op.h"

/* What decides which values of a run's layer are dropped. */
typedef struct amkd_dropout {
    uint32_t sample_key, value_key;
    uint32_t least; /* a value is kept if its bits are so many or more */
    float scale;    /* by which it then goes on */
} amkd_dropout;

/* share: of the values that are dropped, 0 <= share < 1. layer: its number in the graph.
 */
amkd_dropout amkd_dropout_of(float share, uint64_t seed, uint64_t step, uint64_t layer);

/* Whether value number value of a sample, [c][y][x], is kept. sample: its number in the
 * batch. */
int amkd_dropout_keeps(const amkd_dropout *dropout, uint32_t sample, uint32_t value);

/* A run that does not train keeps all values as they are. */
int amkd_dropout_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                     float share, size_t layer);

#endif
