/* Launcher of cl/conv.cl: tiles chosen by what they load and waste, grids from the shape.
 */
#include "base/memory.h"
#include "compute/op_internal.h"
#include <float.h>
#include <stdlib.h>

extern const char amkd_cl_conv[];

/* Channels x pixels of a row for a work-item: the tile with the fewest instructions a
 * useful multiply-add. One input column step costs a load, each weight met a broadcast,
 * each accumulator met a multiply-add; channels and pixels beyond the edges are waste.
 * pixel_step: the pixels of a tile are a multiple of it. */
static void choose_row_tile(size_t tile[2], size_t channels, size_t pixels, size_t kernel,
                            size_t stride, size_t pixel_step)
{
    double best = DBL_MAX;
    for (size_t c = 1; c <= 8 && c <= channels; c++)
        for (size_t p = pixel_step; c * p <= AMKD_ACCUMULATORS || p == pixel_step;
             p += pixel_step) {
            const double columns = (double)((p - 1) * stride + kernel);
            const double cost =
                columns + (double)(c * kernel) * 0.5 + (double)(c * p * kernel);
            const double runs = (double)(amkd_tiles(channels, c) * amkd_tiles(pixels, p));
            if (cost * runs < best) {
                best = cost * runs;
                tile[0] = c;
                tile[1] = p;
            }
            if (p >= pixels)
                break;
        }
}

/* Output x input channels for the weight gradient, K accumulators each. */
static void choose_weights_tile(size_t tile[2], const amkd_op_shape *s)
{
    double best = DBL_MAX;
    for (size_t o = 1; o <= 12 && o <= s->out_channels; o++)
        for (size_t i = 1; i <= 4 && i <= s->in_channels; i++) {
            if (o * i * s->kernel > AMKD_ACCUMULATORS && o * i > 1)
                continue;
            const double cost = (double)(o + i * s->kernel) + (double)(o * i * s->kernel);
            const double runs =
                (double)(amkd_tiles(s->out_channels, o) * amkd_tiles(s->in_channels, i));
            if (cost * runs < best) {
                best = cost * runs;
                tile[0] = o;
                tile[1] = i;
            }
        }
}

static int conv_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                        size_t nblocks)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(parameters), AMKD_ARG(y)};
    const size_t tiles = amkd_tiles(s->out_channels, op->forward_tile[0]) *
                         amkd_tiles(s->out_width, op->forward_tile[1]) * s->out_height;
    const size_t vectors = amkd_vectors(op->device);
    return amkd_op_launch(op, AMKD_FORWARD, op->forward, args, 3, vectors, tiles,
                          nblocks);
}

static int conv_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                              cl_mem dx, size_t nblocks)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(parameters), AMKD_ARG(dy),
                             AMKD_ARG(dx)};
    const size_t tiles = amkd_tiles(s->in_channels, op->data_tile[0]) *
                         amkd_tiles(s->in_width, op->data_tile[1]) * s->in_height;
    const size_t vectors = amkd_vectors(op->device);
    return amkd_op_launch(op, AMKD_BACKWARD_DATA, op->backward_data, args, 4, vectors,
                          tiles, nblocks);
}

static int conv_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                                 size_t nblocks)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint n = (cl_uint)nblocks;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(dy), AMKD_ARG(gradients), AMKD_ARG(n)};
    const size_t tiles = amkd_tiles(s->out_channels, op->weights_tile[0]) *
                         amkd_tiles(s->in_channels, op->weights_tile[1]) * s->kernel;
    const size_t items = amkd_lane_items(op->device);
    return amkd_op_launch(op, AMKD_BACKWARD_WEIGHTS, op->backward_weights, args, 4, items,
                          tiles, s->nslices);
}

int amkd_conv_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train)
{
    size_t forward[2] = {1, 1}, data[2] = {1, 1}, weights[2] = {1, 1};
    choose_row_tile(forward, shape->out_channels, shape->out_width, shape->kernel,
                    shape->stride, 1);
    choose_row_tile(data, shape->in_channels, shape->in_width, shape->kernel, 1,
                    shape->stride);
    choose_weights_tile(weights, shape);
    char *options =
        amkd_format("-DFORWARD_CT=%zu -DFORWARD_PT=%zu -DDATA_CT=%zu "
                    "-DDATA_PT=%zu -DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu",
                    forward[0], forward[1], data[0], data[1], weights[0], weights[1]);
    if (!options)
        return -1;
    amkd_op *op = NULL;
    int rc = amkd_op_build(&op, device, shape, amkd_cl_conv, options);
    free(options);
    if (rc)
        return -1;
    for (size_t d = 0; d < 2; d++) {
        op->forward_tile[d] = forward[d];
        op->data_tile[d] = data[d];
        op->weights_tile[d] = weights[d];
    }
    op->kind = "conv";
    op->run_forward = conv_forward;
    op->run_backward_data = conv_backward_data;
    op->run_backward_weights = conv_backward_weights;
    if (amkd_kernel_new(&op->forward, op->program, "conv_forward") ||
        (train &&
         (amkd_kernel_new(&op->backward_data, op->program, "conv_backward_data") ||
          amkd_kernel_new(&op->backward_weights, op->program,
                          "conv_backward_weights")))) {
        amkd_op_free(op);
        return -1;
    }
    *out = op;
    return 0;
}
