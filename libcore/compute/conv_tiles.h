/* How cl/conv.cl divides a layer among work-items: tiles, in the order of what they are
 * reckoned to cost. Results have the same bits with any of them. */
#ifndef AMKD_COMPUTE_CONV_TILES_H
#define AMKD_COMPUTE_CONV_TILES_H

#include "compute/op.h"

/* What a work-item keeps in accumulators: out channels x pixels of a row forward, in
 * channels x pixels backward, out x in channels (x taps) for the weights' gradient. */
typedef struct amkd_conv_tile {
    size_t side[2];
    double cost; /* relative to the other tiles of this layer, pass and device */
} amkd_conv_tile;

/* Each fills in the best tiles, the best one first, and returns their number: at least 1,
 * at most max. */
size_t amkd_conv_forward_tiles(amkd_conv_tile *tiles, size_t max,
                               const amkd_device *device, const amkd_op_shape *shape);
size_t amkd_conv_data_tiles(amkd_conv_tile *tiles, size_t max, const amkd_device *device,
                            const amkd_op_shape *shape);
size_t amkd_conv_weights_tiles(amkd_conv_tile *tiles, size_t max,
                               const amkd_device *device, const amkd_op_shape *shape);

/* Taps of a kernel's row that a work-item handles at a time (KT of conv.cl). */
size_t amkd_conv_taps(const amkd_op_shape *shape);

#endif
