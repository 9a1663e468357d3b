/* Launcher of cl/optimizer.cl. */
#include "ops/optimizer.h"
#include "base/memory.h"
#include "device/program.h"
#include <math.h>
#include <stdlib.h>

extern const char amkd_cl_common[], amkd_cl_optimizer[];

/* Vecs that a work-item updates where work-items are vectors, one behind the other; items
 * of a work-group where they run in lockstep. */
enum { ITEM_VECS = 16, LOCKSTEP_ITEMS = 64 };

/* Parts of the gradient whose squares are summed side by side: enough that float sums
 * stay exact to some digits, and to fill a GPU, where a part is an item's. */
enum { NPARTS = 1024, LOCKSTEP_NPARTS = 8192 };

enum { FIRST_MOMENT, SECOND_MOMENT, AVERAGE, MAX_STATES };

struct amkd_optimizer {
    amkd_device *device;
    amkd_optimizer_options options;
    size_t nparameters, item_nparameters, group; /* group: items of a work-group */
    size_t nparts;
    uint64_t nsteps;
    cl_program program;
    cl_kernel step, square, find_scale, average, gather;
    cl_mem states[MAX_STATES]; /* float [nparameters], or NULL */
    cl_mem squares;            /* float [nparts]; NULL without clipping */
    cl_mem scale;              /* float: of the gradient */
    cl_mem factors;            /* float [nparameters]; NULL: all 1 */
    cl_mem gathered;           /* float [nparameters]; NULL until something is */
};

size_t amkd_optimizer_nstates(const amkd_optimizer_options *options)
{
    return options->average > 0 ? MAX_STATES : AVERAGE;
}

static int new_buffers(amkd_optimizer *optimizer)
{
    amkd_device *device = optimizer->device;
    const size_t nbytes = optimizer->nparameters * sizeof(float);
    const float unclipped = 1;
    for (size_t s = 0; s < amkd_optimizer_nstates(&optimizer->options); s++)
        if (amkd_buffer_new(&optimizer->states[s], device, CL_MEM_READ_WRITE, nbytes,
                            NULL) ||
            amkd_buffer_zero(device, optimizer->states[s], nbytes))
            return -1;
    if (amkd_buffer_new(&optimizer->scale, device, CL_MEM_READ_WRITE, sizeof unclipped,
                        &unclipped))
        return -1;
    return optimizer->options.clip > 0
               ? amkd_buffer_new(&optimizer->squares, device, CL_MEM_READ_WRITE,
                                 optimizer->nparts * sizeof(float), NULL)
               : 0;
}

int amkd_optimizer_new(amkd_optimizer **out, amkd_device *device,
                       const amkd_optimizer_options *options, size_t nparameters)
{
    const int lockstep = device->vector_width == 1;
    const size_t item = lockstep ? 1 : ITEM_VECS * device->vector_width;
    amkd_optimizer *optimizer = amkd_alloc(1, sizeof *optimizer);
    const size_t nparts = lockstep ? LOCKSTEP_NPARTS : NPARTS;
    char *macros = amkd_format("-DITEM_PARAMETERS=%zu -DNPARTS=%zu -DLOCKSTEP_ITEMS=%d",
                               item, nparts, LOCKSTEP_ITEMS);
    if (!optimizer || !macros)
        goto fail;
    const char *sources[] = {amkd_cl_common, amkd_cl_optimizer};
    optimizer->device = device;
    optimizer->options = *options;
    optimizer->nparameters = nparameters;
    optimizer->item_nparameters = item;
    optimizer->group = lockstep ? LOCKSTEP_ITEMS : 1;
    optimizer->nparts = nparts;
    if (amkd_program_build(&optimizer->program, device, "optimizer", sources, 2,
                           macros) ||
        amkd_kernel_new(&optimizer->step, optimizer->program,
                        options->kind == AMKD_SGD ? "sgd_step" : "adam_step") ||
        amkd_kernel_new(&optimizer->square, optimizer->program, "square_gradients") ||
        amkd_kernel_new(&optimizer->find_scale, optimizer->program, "find_scale") ||
        amkd_kernel_new(&optimizer->average, optimizer->program, "average_parameters") ||
        amkd_kernel_new(&optimizer->gather, optimizer->program, "gather_gradients") ||
        new_buffers(optimizer))
        goto fail;
    free(macros);
    *out = optimizer;
    return 0;
fail:
    free(macros);
    amkd_optimizer_free(optimizer);
    return -1;
}

int amkd_optimizer_scale(amkd_optimizer *optimizer, const float *factors)
{
    amkd_buffer_free(optimizer->factors);
    optimizer->factors = NULL;
    return amkd_buffer_new(&optimizer->factors, optimizer->device, CL_MEM_READ_ONLY,
                           optimizer->nparameters * sizeof *factors, factors);
}

/* What stands for the factors in a kernel that does not read them. */
static cl_mem some_factors(const amkd_optimizer *optimizer)
{
    return optimizer->factors ? optimizer->factors : optimizer->scale;
}

/* Enqueues the finding of what the gradient is to be scaled by. */
static int clip(amkd_optimizer *optimizer, cl_mem gradients, cl_uint nslices)
{
    const cl_uint n = (cl_uint)optimizer->nparameters;
    const float most = (float)optimizer->options.clip;
    const size_t group = optimizer->group;
    const cl_mem factors = some_factors(optimizer);
    const cl_int scaled = optimizer->factors != NULL;
    const amkd_arg squares[] = {AMKD_ARG(gradients), AMKD_ARG(n),
                                AMKD_ARG(nslices),   AMKD_ARG(optimizer->squares),
                                AMKD_ARG(factors),   AMKD_ARG(scaled)};
    const amkd_arg scale[] = {AMKD_ARG(optimizer->squares), AMKD_ARG(most),
                              AMKD_ARG(optimizer->scale)};
    return amkd_kernel_run(optimizer->device, optimizer->square, squares, 6, 1,
                           &optimizer->nparts, &group) ||
                   amkd_kernel_run(optimizer->device, optimizer->find_scale, scale, 3, 1,
                                   &group, &group)
               ? -1
               : 0;
}

/* Enqueues a kernel over all parameters. */
static int run(amkd_optimizer *optimizer, cl_kernel kernel, const amkd_arg *args,
               size_t nargs)
{
    const size_t group = optimizer->group, item = optimizer->item_nparameters;
    const size_t ngroups = (optimizer->nparameters + item * group - 1) / (item * group);
    return amkd_kernel_run(optimizer->device, kernel, args, nargs, 1,
                           (size_t[]){ngroups * group}, &group);
}

/* Enqueues what the parameters that a step led to make of the average. */
static int update_average(amkd_optimizer *optimizer, cl_mem parameters)
{
    const cl_uint n = (cl_uint)optimizer->nparameters;
    const float decay = (float)optimizer->options.average;
    const amkd_arg args[] = {AMKD_ARG(optimizer->states[AVERAGE]), AMKD_ARG(parameters),
                             AMKD_ARG(n), AMKD_ARG(decay)};
    return run(optimizer, optimizer->average, args, 4);
}

int amkd_optimizer_step(amkd_optimizer *optimizer, cl_mem parameters, cl_mem gradients,
                        size_t nslices, double rate)
{
    const amkd_optimizer_options *o = &optimizer->options;
    const int averaged = o->average > 0;
    if (averaged && !optimizer->nsteps &&
        amkd_buffer_copy(optimizer->device, optimizer->states[AVERAGE], 0, parameters,
                         optimizer->nparameters * sizeof(float)))
        return -1;
    const double t = (double)++optimizer->nsteps;
    const cl_uint n = (cl_uint)optimizer->nparameters, slices = (cl_uint)nslices;
    const float eta = (float)rate, decay = (float)o->decay;
    const float momentum = (float)o->momentum;
    const float beta1 = (float)o->beta1, beta2 = (float)o->beta2;
    const float epsilon = (float)o->epsilon;
    const float scale1 = (float)(1 / (1 - pow(o->beta1, t)));
    const float scale2 = (float)(1 / (1 - pow(o->beta2, t)));
    const cl_int coupled = o->kind == AMKD_ADAM, nesterov = o->nesterov != 0;
    cl_mem m = optimizer->states[FIRST_MOMENT], v = optimizer->states[SECOND_MOMENT];
    cl_mem scale = optimizer->scale, factors = some_factors(optimizer);
    const cl_int scaled = optimizer->factors != NULL;
    const amkd_arg sgd[] = {AMKD_ARG(parameters), AMKD_ARG(m),        AMKD_ARG(gradients),
                            AMKD_ARG(n),          AMKD_ARG(slices),   AMKD_ARG(scale),
                            AMKD_ARG(eta),        AMKD_ARG(momentum), AMKD_ARG(decay),
                            AMKD_ARG(nesterov),   AMKD_ARG(factors),  AMKD_ARG(scaled)};
    const amkd_arg adam[] = {AMKD_ARG(parameters), AMKD_ARG(m),       AMKD_ARG(v),
                             AMKD_ARG(gradients),  AMKD_ARG(n),       AMKD_ARG(slices),
                             AMKD_ARG(scale),      AMKD_ARG(eta),     AMKD_ARG(beta1),
                             AMKD_ARG(beta2),      AMKD_ARG(epsilon), AMKD_ARG(decay),
                             AMKD_ARG(coupled),    AMKD_ARG(scale1),  AMKD_ARG(scale2),
                             AMKD_ARG(factors),    AMKD_ARG(scaled)};
    const int is_sgd = o->kind == AMKD_SGD;
    return (o->clip > 0 && clip(optimizer, gradients, slices)) ||
                   run(optimizer, optimizer->step, is_sgd ? sgd : adam,
                       is_sgd ? 12 : 17) ||
                   (averaged && update_average(optimizer, parameters))
               ? -1
               : 0;
}

int amkd_optimizer_gather(amkd_optimizer *optimizer, cl_mem *gathered, cl_mem gradients,
                          size_t nslices, int add)
{
    const cl_uint n = (cl_uint)optimizer->nparameters, slices = (cl_uint)nslices;
    const cl_int adds = add != 0;
    if (!optimizer->gathered &&
        amkd_buffer_new(&optimizer->gathered, optimizer->device, CL_MEM_READ_WRITE,
                        optimizer->nparameters * sizeof(float), NULL))
        return -1;
    *gathered = optimizer->gathered;
    const amkd_arg args[] = {AMKD_ARG(optimizer->gathered), AMKD_ARG(gradients),
                             AMKD_ARG(n), AMKD_ARG(slices), AMKD_ARG(adds)};
    return run(optimizer, optimizer->gather, args, 5);
}

cl_mem amkd_optimizer_average(const amkd_optimizer *optimizer)
{
    return optimizer->states[AVERAGE];
}

int amkd_optimizer_save(amkd_optimizer *optimizer, float *state, uint64_t *nsteps)
{
    const size_t n = optimizer->nparameters;
    *nsteps = optimizer->nsteps;
    for (size_t s = 0; s < amkd_optimizer_nstates(&optimizer->options); s++)
        if (amkd_buffer_read(optimizer->device, state + s * n, optimizer->states[s], 0,
                             n * sizeof *state))
            return -1;
    return 0;
}

int amkd_optimizer_restore(amkd_optimizer *optimizer, const float *state, uint64_t nsteps)
{
    const size_t n = optimizer->nparameters;
    optimizer->nsteps = nsteps;
    for (size_t s = 0; s < amkd_optimizer_nstates(&optimizer->options); s++)
        if (amkd_buffer_write(optimizer->device, optimizer->states[s], state + s * n, 0,
                              n * sizeof *state))
            return -1;
    return 0;
}

void amkd_optimizer_free(amkd_optimizer *optimizer)
{
    if (!optimizer)
        return;
    for (size_t s = 0; s < MAX_STATES; s++)
        amkd_buffer_free(optimizer->states[s]);
    amkd_buffer_free(optimizer->squares);
    amkd_buffer_free(optimizer->scale);
    amkd_buffer_free(optimizer->factors);
    amkd_buffer_free(optimizer->gathered);
    amkd_kernel_free(optimizer->step);
    amkd_kernel_free(optimizer->square);
    amkd_kernel_free(optimizer->find_scale);
    amkd_kernel_free(optimizer->average);
    amkd_kernel_free(optimizer->gather);
    amkd_program_free(optimizer->program);
    free(optimizer);
}
