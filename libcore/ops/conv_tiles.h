/* How the passes of cl/conv.cl divide a layer among work-items: the tiles that are
 * reckoned to cost least. Results have the same bits with any of them. */
#ifndef AMKD_OPS_CONV_TILES_H
#define AMKD_OPS_CONV_TILES_H

#include "ops/op.h"

/* What a work-item keeps in accumulators: out channels x pixels of a row forward, in
 * channels x pixels backward, out x in channels (x taps) for the weights' gradient, which
 * also has rows of the kernel, 1 or all of them, that a work-item takes one after the
 * other for as many rows of dy at a time. */
typedef struct amkd_conv_tile {
    size_t side[2];
    size_t kernel_rows, rows;
} amkd_conv_tile;

/* The best tile of each pass.
 *
 * No side exceeds the channels that it divides, nor 8 of them; pixels go one tile past a
 * row's end at most, and backward they are a multiple of the stride. There are no more
 * accumulators than registers (16 with vectors of 4 or 8, 32 with those of 16, in
 * lockstep 48 along rows and 32 of weights), but for tiles of the fewest pixels, and of
 * one in channel for weights. With strides up to 16 the sums over lanes fit OpenCL's
 * least local memory, 32 KiB. */
amkd_conv_tile amkd_conv_forward_tile(const amkd_device *device,
                                      const amkd_op_shape *shape);
amkd_conv_tile amkd_conv_data_tile(const amkd_device *device, const amkd_op_shape *shape);
amkd_conv_tile amkd_conv_weights_tile(const amkd_device *device,
                                      const amkd_op_shape *shape);

/* Taps of a kernel's row that a work-item handles at a time (KT of conv.cl): all of up to
 * 12; of more, equal parts of up to 12, rounded up to a multiple of the stride. */
size_t amkd_conv_taps(const amkd_op_shape *shape);

#endif
