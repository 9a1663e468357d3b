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
 * at most max.
 *
 * No side exceeds the channels that it divides, nor 8 of them; pixels go one tile past a
 * row's end at most, and backward they are a multiple of the stride. There are no more
 * accumulators than registers (16 with vectors of 4 or 8, else 32), but for tiles of the
 * fewest pixels, and of one in channel for weights. With strides up to 16 the sums over
 * lanes fit OpenCL's least local memory, 32 KiB. */
size_t amkd_conv_forward_tiles(amkd_conv_tile *tiles, size_t max,
                               const amkd_device *device, const amkd_op_shape *shape);
size_t amkd_conv_data_tiles(amkd_conv_tile *tiles, size_t max, const amkd_device *device,
                            const amkd_op_shape *shape);
size_t amkd_conv_weights_tiles(amkd_conv_tile *tiles, size_t max,
                               const amkd_device *device, const amkd_op_shape *shape);

/* Taps of a kernel's row that a work-item handles at a time (KT of conv.cl): all of up to
 * 12; of more, equal parts of up to 12, rounded up to a multiple of the stride. */
size_t amkd_conv_taps(const amkd_op_shape *shape);

#endif
