/* What all ops share: building their program and handing calls to their kind. */
#include "ops/op.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <limits.h>
#include <stdlib.h>

/* Slices, enough that layers with few weights have work for a device, or for the members
 * of a team; few enough that adding their copies up stays small. */
enum { SLICES = 4, LOCKSTEP_SLICES = 8 };

size_t amkd_lane_items(const amkd_device *device)
{
    return device->vector_width == 1 ? device->nlanes : 1;
}

size_t amkd_vectors(const amkd_device *device)
{
    return device->nlanes / device->vector_width;
}

size_t amkd_channel_sums(const amkd_device *device)
{
    return device->vector_width == 16 ? 8 : 4;
}

int amkd_op_writes_past(const amkd_op *op, const amkd_op_args *args)
{
    const amkd_op_shape *s = &op->shape;
    const size_t nvalues = args->run.nblocks * op->device->nlanes * s->out_channels *
                           s->out_height * s->out_width;
    return op->device->vector_width > 1 &&
           nvalues * sizeof(float) > op->device->cache_nbytes;
}

static char *print_acts(const amkd_op_shape *s, const char *options)
{
    const char *act = s->act.name ? s->act.name : "none";
    const char *previous = s->previous_act.name ? s->previous_act.name : "none";
    return amkd_format("-DACT=act_%s -DACT_BACK=act_%s_back -DACT_VALUE=%.9ef "
                       "-DPREVIOUS_ACT_BACK=act_%s_back -DPREVIOUS_ACT_VALUE=%.9ef %s",
                       act, act, (double)s->act.value, previous,
                       (double)s->previous_act.value, options);
}

static char *print_shape(const amkd_op_shape *s, const char *options)
{
    char *sizes =
        amkd_format("-DIC=%zu -DIH=%zu -DIW=%zu -DOC=%zu -DOH=%zu -DOW=%zu -DKH=%zu "
                    "-DKW=%zu -DS=%zu -DPY=%zu -DPX=%zu -DBIAS=%d -DSUM=%d %s",
                    s->in_channels, s->in_height, s->in_width, s->out_channels,
                    s->out_height, s->out_width, s->kernel_height, s->kernel_width,
                    s->stride, s->top, s->left, s->bias, s->sum, options);
    char *all = sizes ? print_acts(s, sizes) : NULL;
    free(sizes);
    return all;
}

/* Kernels count the vectors of a lane block in int. */
static int check_indices(const amkd_device *device, const amkd_op_shape *s)
{
    const size_t most = INT_MAX / amkd_vectors(device);
    const size_t nin = s->in_channels * s->in_height * s->in_width;
    const size_t nout = s->out_channels * s->out_height * s->out_width;
    return nin > most || nout > most
               ? amkd_fail(
                     "%zu values of an image in and %zu out: on this device a layer "
                     "may have %zu",
                     nin, nout, most)
               : 0;
}

int amkd_op_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                const char *source, size_t own_nbytes)
{
    if (check_indices(device, shape))
        return -1;
    amkd_op *op = amkd_alloc(1, sizeof *op);
    if (!op || (own_nbytes && !(op->own = amkd_alloc(1, own_nbytes)))) {
        free(op);
        return -1;
    }
    op->device = device;
    op->shape = *shape;
    op->nchannels = (cl_uint)shape->out_channels;
    op->nplaces = (cl_uint)(shape->out_height * shape->out_width);
    op->source = source;
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        op->group[pass] = 1;
        op->by[pass] = op;
    }
    *out = op;
    return 0;
}

/* Makes an op with its program. Takes macros, which are NULL where memory was short. */
static int build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 const char *name, const char *source, char *macros, size_t own_nbytes)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, source};
    amkd_op *op;
    if (!macros || amkd_op_new(&op, device, shape, source, own_nbytes)) {
        free(macros);
        return -1;
    }
    op->macros = macros;
    if (amkd_program_build(&op->program, device, name, sources, 3, macros)) {
        amkd_op_free(op);
        return -1;
    }
    *out = op;
    return 0;
}

int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options,
                  size_t own_nbytes)
{
    return build(out, device, shape, name, source, print_shape(shape, options),
                 own_nbytes);
}

int amkd_op_build_shapeless(amkd_op **out, amkd_device *device,
                            const amkd_op_shape *shape, const char *name,
                            const char *source, const char *options, size_t own_nbytes)
{
    return build(out, device, shape, name, source, print_acts(shape, options),
                 own_nbytes);
}

/* The shape without what a pass does not look at. */
static amkd_op_shape seen_by(amkd_pass pass, const amkd_op_shape *shape)
{
    static const amkd_act none = {0};
    amkd_op_shape seen = *shape;
    if (pass != AMKD_FORWARD) {
        seen.act = none;
        seen.sum = 0;
    }
    if (pass != AMKD_BACKWARD_DATA)
        seen.previous_act = none;
    if (pass == AMKD_BACKWARD_DATA)
        seen.bias = 0;
    return seen;
}

char *amkd_op_acts(const amkd_op_shape *shape, amkd_pass pass, const char *options)
{
    const amkd_op_shape seen = seen_by(pass, shape);
    return print_acts(&seen, options);
}

int amkd_op_make_kernel(amkd_op *op, size_t number, const char *name,
                        const char *const *sources, size_t nsources, const char *macros)
{
    cl_program program = NULL;
    const int rc = macros && !amkd_program_build(&program, op->device, name, sources,
                                                 nsources, macros)
                       ? amkd_kernel_new(&op->kernels[number], program, name)
                       : -1;
    amkd_program_free(program); /* the kernel keeps it */
    return rc;
}

int amkd_op_pass_kernel(amkd_op *op, amkd_pass pass, const char *kernel,
                        const char *source, const char *options)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, op->source, source};
    const amkd_op_shape seen = seen_by(pass, &op->shape);
    amkd_op_part *part = &op->parts[pass];
    *part = (amkd_op_part){source, print_shape(&seen, options)};
    return amkd_op_make_kernel(op, pass, kernel, sources, 4, part->macros);
}

int amkd_op_pass_shapeless(amkd_op *op, amkd_pass pass, const char *kernel,
                           const char *source, const char *options)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, source};
    const amkd_op_shape seen = seen_by(pass, &op->shape);
    amkd_op_part *part = &op->parts[pass];
    *part = (amkd_op_part){source, print_shape(&seen, options)};
    char *macros = part->macros ? print_acts(&seen, options) : NULL;
    const int rc = amkd_op_make_kernel(op, pass, kernel, sources, 3, macros);
    free(macros);
    return rc;
}

int amkd_op_kernels(amkd_op *op, const char *const *names)
{
    for (size_t k = 0; names[k]; k++)
        if (amkd_kernel_new(&op->kernels[k], op->program, names[k]))
            return -1;
    return 0;
}

int amkd_op_launch(amkd_op *op, amkd_pass pass, cl_kernel kernel, const amkd_arg *args,
                   size_t nargs, size_t items, size_t tiles, size_t blocks)
{
    size_t group = op->group[pass];
    while (tiles % group)
        group /= 2;
    return amkd_kernel_run(op->device, kernel, args, nargs, 3,
                           (size_t[]){items, tiles, blocks}, (size_t[]){items, group, 1});
}

size_t amkd_most_slices(const amkd_device *device)
{
    return device->vector_width > 1 ? SLICES : LOCKSTEP_SLICES;
}

size_t amkd_first_slice(size_t nslices, size_t rank, size_t size)
{
    return nslices * rank / size;
}

size_t amkd_op_nslices(const amkd_op *op, const amkd_batch *run)
{
    return run->share ? run->share->nslices : op->shape.nslices;
}

size_t amkd_op_slice_nblocks(const amkd_op *op, const amkd_batch *run)
{
    return run->share ? run->share->slice_nblocks
                      : amkd_tiles(run->nblocks, op->shape.nslices);
}

/* Rows of lanes in a work-group where work-items run in lockstep: with fewer, waves of 64
 * would be half empty, and a unit have no room for as many groups as fill it. */
enum { LOCKSTEP_ROWS = 8 };

/* A kernel may allow less than its device, by the registers that it takes. */
static int choose_rows(size_t *rows, const amkd_device *device, cl_kernel kernel,
                       size_t nitems)
{
    size_t room;
    if (amkd_kernel_room(&room, device, kernel))
        return -1;
    if (room > device->max_work_group)
        room = device->max_work_group;
    *rows = device->vector_width == 1 ? LOCKSTEP_ROWS : 1;
    while (*rows > 1 && (nitems % *rows || *rows * device->nlanes > room))
        *rows /= 2;
    return 0;
}

int amkd_op_launch_items(amkd_op *op, cl_kernel kernel, const amkd_arg *args,
                         size_t nargs, size_t nitems, size_t nblocks)
{
    const size_t vectors = amkd_vectors(op->device);
    size_t rows;
    return choose_rows(&rows, op->device, kernel, nitems)
               ? -1
               : amkd_kernel_run(op->device, kernel, args, nargs, 3,
                                 (size_t[]){vectors, nitems, nblocks},
                                 (size_t[]){vectors, rows, 1});
}

int amkd_op_launch_values(amkd_op *op, cl_kernel kernel, const amkd_arg *args,
                          size_t nargs, size_t nchannels, size_t nblocks)
{
    const size_t nitems =
        op->device->vector_width == 1 ? nchannels * op->nplaces : nchannels;
    return amkd_op_launch_items(op, kernel, args, nargs, nitems, nblocks);
}

int amkd_op_make_ready(amkd_op *op, amkd_pass pass)
{
    amkd_op *by = op->by[pass];
    return by->make_ready ? by->make_ready(by, pass) : 0;
}

int amkd_op_run(amkd_op *op, amkd_pass pass, const amkd_op_args *args)
{
    amkd_op *by = op->by[pass];
    if (!by->passes[pass])
        return 0;
    return amkd_op_make_ready(op, pass) || by->passes[pass](by, args) ? -1 : 0;
}

void amkd_op_free(amkd_op *op)
{
    if (!op)
        return;
    amkd_op_free(op->other.op);
    if (op->close)
        op->close(op);
    for (size_t k = 0; k < AMKD_OP_MAX_KERNELS; k++)
        amkd_kernel_free(op->kernels[k]);
    for (int pass = 0; pass < AMKD_NPASSES; pass++)
        free(op->parts[pass].macros);
    amkd_program_free(op->program);
    free(op->macros);
    free(op->own);
    free(op);
}
