/* Launcher of cl/conv.cl and its passes' files: grids from the shape. */
#include "ops/conv.h"
#include "base/memory.h"
#include "ops/conv_gemm.h"
#include "ops/conv_tiles.h"
#include "ops/op_internal.h"
#include "ops/winograd.h"
#include <stdlib.h>

extern const char amkd_cl_conv[], amkd_cl_conv_forward[], amkd_cl_conv_backward_data[],
    amkd_cl_conv_backward_weights[];

/* The tiles of each pass. */
typedef struct conv {
    amkd_conv_tile tiles[AMKD_NPASSES];
} conv;

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_conv_tile *tile = &((conv *)op->own)->tiles[AMKD_FORWARD];
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const cl_mem added = a->x[s->sum]; /* read with a sum alone */
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters),
                             AMKD_ARG(added),   AMKD_ARG(a->y),
                             AMKD_ARG(weights), AMKD_ARG(biases)};
    const size_t tiles = amkd_tiles(s->out_channels, tile->side[0]) *
                         amkd_tiles(s->out_width, tile->side[1]) * s->out_height;
    return amkd_op_launch(op, AMKD_FORWARD, op->kernels[AMKD_FORWARD], args, 6,
                          amkd_vectors(op->device), tiles, a->run.nblocks);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_conv_tile *tile = &((conv *)op->own)->tiles[AMKD_BACKWARD_DATA];
    const cl_uint weights = (cl_uint)s->weights;
    const cl_int add = a->add;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->dy),
                             AMKD_ARG(a->dx),   AMKD_ARG(weights),       AMKD_ARG(add)};
    const size_t tiles = amkd_tiles(s->in_channels, tile->side[0]) *
                         amkd_tiles(s->in_width, tile->side[1]) * s->in_height;
    return amkd_op_launch(op, AMKD_BACKWARD_DATA, op->kernels[AMKD_BACKWARD_DATA], args,
                          6, amkd_vectors(op->device), tiles, a->run.nblocks);
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_conv_tile *tile = &((conv *)op->own)->tiles[AMKD_BACKWARD_WEIGHTS];
    const cl_uint n = (cl_uint)a->run.nblocks, ntrained = (cl_uint)s->ntrained;
    const cl_uint slice = (cl_uint)amkd_op_slice_nblocks(op, &a->run);
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dy),   AMKD_ARG(a->gradients),
                             AMKD_ARG(n),       AMKD_ARG(slice),   AMKD_ARG(weights),
                             AMKD_ARG(biases),  AMKD_ARG(ntrained)};
    const size_t tiles = amkd_tiles(s->out_channels, tile->side[0]) *
                         amkd_tiles(s->in_channels, tile->side[1]) *
                         amkd_tiles(s->kernel_height, tile->kernel_rows) *
                         amkd_tiles(s->kernel_width, amkd_conv_taps(s));
    return amkd_op_launch(op, AMKD_BACKWARD_WEIGHTS, op->kernels[AMKD_BACKWARD_WEIGHTS],
                          args, 8, amkd_lane_items(op->device), tiles,
                          amkd_op_nslices(op, &a->run));
}

/* A kernel of one pixel knows no rows: the whole map is one. */
static amkd_op_shape one_row(const amkd_op_shape *shape)
{
    amkd_op_shape row = *shape;
    if (shape->kernel_height == 1 && shape->stride == 1 && !shape->top && !shape->left) {
        row.in_width = row.out_width = shape->in_height * shape->in_width;
        row.in_height = row.out_height = 1;
    }
    return row;
}

static char *print_tile(amkd_pass pass, const amkd_conv_tile *t)
{
    return pass == AMKD_FORWARD
               ? amkd_format("-DFORWARD_CT=%zu -DFORWARD_PT=%zu", t->side[0], t->side[1])
           : pass == AMKD_BACKWARD_DATA
               ? amkd_format("-DDATA_CT=%zu -DDATA_PT=%zu", t->side[0], t->side[1])
               : amkd_format("-DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu -DWEIGHTS_ROWS=%zu "
                             "-DWEIGHTS_V=%zu",
                             t->side[0], t->side[1], t->kernel_rows, t->rows);
}

/* The pass's kernel. */
static int make_ready(amkd_op *op, amkd_pass pass)
{
    static const struct {
        const char *kernel, *source;
    } files[] = {
        [AMKD_FORWARD] = {"conv_forward", amkd_cl_conv_forward},
        [AMKD_BACKWARD_WEIGHTS] = {"conv_backward_weights",
                                   amkd_cl_conv_backward_weights},
        [AMKD_BACKWARD_DATA] = {"conv_backward_data", amkd_cl_conv_backward_data},
    };
    if (op->kernels[pass])
        return 0;
    if (op->passes[pass] == amkd_conv_gemm_run)
        return amkd_conv_gemm_ready(op);
    char *tile = print_tile(pass, &((conv *)op->own)->tiles[pass]);
    char *options =
        tile ? amkd_format("-DKT=%zu %s", amkd_conv_taps(&op->shape), tile) : NULL;
    const int rc = options ? amkd_op_pass_kernel(op, pass, files[pass].kernel,
                                                 files[pass].source, options)
                           : -1;
    free(options);
    free(tile);
    return rc;
}

/* Whether times decide between the ways; a reckoning knows of CPUs alone. */
static int is_timed(const amkd_device *device)
{
    return device->vector_width == 1;
}

size_t amkd_conv_scratch(const amkd_device *device, const amkd_op_shape *shape, int train)
{
    size_t most = 0;
    for (amkd_pass pass = AMKD_FORWARD; pass < (train ? AMKD_NPASSES : 1); pass++) {
        const int may = is_timed(device) ? amkd_winograd_fits(device, shape, pass)
                                         : amkd_winograd_wins(device, shape, pass);
        const size_t nbytes = may ? amkd_winograd_scratch(device, shape, pass) : 0;
        most = nbytes > most ? nbytes : most;
    }
    return most;
}

/* Winograd's way where it is reckoned to be faster. */
static int choose(amkd_op *op, amkd_pass pass)
{
    if (!amkd_winograd_wins(op->device, &op->shape, pass))
        return 0;
    if (!op->other.op && op->other.make(&op->other.op, op))
        return -1;
    op->by[pass] = op->other.op;
    return 0;
}

int amkd_conv_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train)
{
    const amkd_op_shape row = one_row(shape);
    amkd_op *op = NULL;
    if (amkd_op_new(&op, device, &row, amkd_cl_conv, sizeof(conv)))
        return -1;
    *(conv *)op->own =
        (conv){{[AMKD_FORWARD] = amkd_conv_forward_tile(device, &row),
                [AMKD_BACKWARD_DATA] = amkd_conv_data_tile(device, &row),
                [AMKD_BACKWARD_WEIGHTS] = amkd_conv_weights_tile(device, &row)}};
    op->kind = "conv";
    op->passes[AMKD_FORWARD] =
        amkd_conv_gemm_fits(device, &row) ? amkd_conv_gemm_run : forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = backward_weights;
    op->make_ready = make_ready;
    op->other = (amkd_other){.name = "winograd",
                             .sources = amkd_winograd_sources(device),
                             .fits = amkd_winograd_fits,
                             .wins = is_timed(device) ? NULL : amkd_winograd_wins,
                             .make = amkd_winograd_new};
    for (amkd_pass pass = AMKD_FORWARD; pass < (train ? AMKD_NPASSES : 1); pass++)
        if (choose(op, pass) || amkd_op_make_ready(op, pass)) {
            amkd_op_free(op);
            return -1;
        }
    *out = op;
    return 0;
}
