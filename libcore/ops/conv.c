/* Launcher of cl/conv.cl: grids from the shape. */
#include "base/memory.h"
#include "ops/conv_tiles.h"
#include "ops/op_internal.h"
#include <stdlib.h>

extern const char amkd_cl_conv[];

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
                         amkd_tiles(s->in_channels, op->weights_tile[1]) *
                         amkd_tiles(s->kernel, op->weights_tile[2]) *
                         amkd_tiles(s->kernel, amkd_conv_taps(s));
    const size_t items = amkd_lane_items(op->device);
    return amkd_op_launch(op, AMKD_BACKWARD_WEIGHTS, op->backward_weights, args, 4, items,
                          tiles, s->nslices);
}

/* A kernel of one pixel knows no rows: the whole map is one. */
static amkd_op_shape one_row(const amkd_op_shape *shape)
{
    amkd_op_shape row = *shape;
    if (shape->kernel == 1 && shape->stride == 1 && shape->padding == 0) {
        row.in_width = row.out_width = shape->in_height * shape->in_width;
        row.in_height = row.out_height = 1;
    }
    return row;
}

static int build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape)
{
    const amkd_conv_tile forward = amkd_conv_forward_tile(device, shape),
                         data = amkd_conv_data_tile(device, shape),
                         weights = amkd_conv_weights_tile(device, shape);
    char *options =
        amkd_format("-DKT=%zu -DFORWARD_CT=%zu -DFORWARD_PT=%zu -DDATA_CT=%zu "
                    "-DDATA_PT=%zu -DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu -DWEIGHTS_ROWS=%zu "
                    "-DWEIGHTS_V=%zu",
                    amkd_conv_taps(shape), forward.side[0], forward.side[1], data.side[0],
                    data.side[1], weights.side[0], weights.side[1], weights.kernel_rows,
                    weights.rows);
    if (!options)
        return -1;
    const int rc = amkd_op_build(out, device, shape, "conv", amkd_cl_conv, options);
    free(options);
    if (rc)
        return -1;
    amkd_op *op = *out;
    for (size_t d = 0; d < 2; d++) {
        op->forward_tile[d] = forward.side[d];
        op->data_tile[d] = data.side[d];
        op->weights_tile[d] = weights.side[d];
    }
    op->weights_tile[2] = weights.kernel_rows;
    return 0;
}

int amkd_conv_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train)
{
    const amkd_op_shape row = one_row(shape);
    amkd_op *op;
    if (build(&op, device, &row))
        return -1;
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
