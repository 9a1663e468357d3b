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

struct amkd_optimizer {
    amkd_device *device;
    amkd_optimizer_options options;
    size_t nparameters, item_nparameters, group; /* group: items of a work-group */
    size_t nparts;
    uint64_t nsteps;
    cl_program program;
    cl_kernel step, square, find_scale;
    cl_mem moments[2];
    cl_mem squares; /* float [nparts]; NULL without clipping */
    cl_mem scale;   /* float: of the gradient */
};

static int new_buffers(amkd_optimizer *optimizer)
{
    amkd_device *device = optimizer->device;
    const size_t nbytes = optimizer->nparameters * sizeof(float);
    const float unclipped = 1;
    for (size_t m = 0; m < 2; m++)
        if (amkd_buffer_new(&optimizer->moments[m], device, CL_MEM_READ_WRITE, nbytes,
                            NULL) ||
            amkd_buffer_zero(device, optimizer->moments[m], nbytes))
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

/* Enqueues the finding of what the gradient is to be scaled by. */
static int clip(amkd_optimizer *optimizer, cl_mem gradients, cl_uint nslices)
{
    const cl_uint n = (cl_uint)optimizer->nparameters;
    const float most = (float)optimizer->options.clip;
    const size_t group = optimizer->group;
    const amkd_arg squares[] = {AMKD_ARG(gradients), AMKD_ARG(n), AMKD_ARG(nslices),
                                AMKD_ARG(optimizer->squares)};
    const amkd_arg scale[] = {AMKD_ARG(optimizer->squares), AMKD_ARG(most),
                              AMKD_ARG(optimizer->scale)};
    return amkd_kernel_run(optimizer->device, optimizer->square, squares, 4, 1,
                           &optimizer->nparts, &group) ||
                   amkd_kernel_run(optimizer->device, optimizer->find_scale, scale, 3, 1,
                                   &group, &group)
               ? -1
               : 0;
}

int amkd_optimizer_step(amkd_optimizer *optimizer, cl_mem parameters, cl_mem gradients,
                        size_t nslices, double rate)
{
    const amkd_optimizer_options *o = &optimizer->options;
    const double t = (double)++optimizer->nsteps;
    const cl_uint n = (cl_uint)optimizer->nparameters, slices = (cl_uint)nslices;
    const float eta = (float)rate, decay = (float)o->decay;
    const float momentum = (float)o->momentum;
    const float beta1 = (float)o->beta1, beta2 = (float)o->beta2;
    const float epsilon = (float)o->epsilon;
    const float scale1 = (float)(1 / (1 - pow(o->beta1, t)));
    const float scale2 = (float)(1 / (1 - pow(o->beta2, t)));
    const cl_int coupled = o->kind == AMKD_ADAM, nesterov = o->nesterov != 0;
    cl_mem m = optimizer->moments[0], v = optimizer->moments[1];
    cl_mem scale = optimizer->scale;
    const amkd_arg sgd[] = {AMKD_ARG(parameters), AMKD_ARG(m),        AMKD_ARG(gradients),
                            AMKD_ARG(n),          AMKD_ARG(slices),   AMKD_ARG(scale),
                            AMKD_ARG(eta),        AMKD_ARG(momentum), AMKD_ARG(decay),
                            AMKD_ARG(nesterov)};
    const amkd_arg adam[] = {AMKD_ARG(parameters), AMKD_ARG(m),       AMKD_ARG(v),
                             AMKD_ARG(gradients),  AMKD_ARG(n),       AMKD_ARG(slices),
                             AMKD_ARG(scale),      AMKD_ARG(eta),     AMKD_ARG(beta1),
                             AMKD_ARG(beta2),      AMKD_ARG(epsilon), AMKD_ARG(decay),
                             AMKD_ARG(coupled),    AMKD_ARG(scale1),  AMKD_ARG(scale2)};
    const int is_sgd = o->kind == AMKD_SGD;
    const size_t group = optimizer->group, item = optimizer->item_nparameters;
    const size_t ngroups = (n + item * group - 1) / (item * group);
    if (o->clip > 0 && clip(optimizer, gradients, slices))
        return -1;
    return amkd_kernel_run(optimizer->device, optimizer->step, is_sgd ? sgd : adam,
                           is_sgd ? 10 : 15, 1, (size_t[]){ngroups * group}, &group);
}

int amkd_optimizer_save(amkd_optimizer *optimizer, float *state, uint64_t *nsteps)
{
    const size_t n = optimizer->nparameters;
    *nsteps = optimizer->nsteps;
    for (size_t m = 0; m < 2; m++)
        if (amkd_buffer_read(optimizer->device, state + m * n, optimizer->moments[m], 0,
                             n * sizeof *state))
            return -1;
    return 0;
}

int amkd_optimizer_restore(amkd_optimizer *optimizer, const float *state, uint64_t nsteps)
{
    const size_t n = optimizer->nparameters;
    optimizer->nsteps = nsteps;
    for (size_t m = 0; m < 2; m++)
        if (amkd_buffer_write(optimizer->device, optimizer->moments[m], state + m * n, 0,
                              n * sizeof *state))
            return -1;
    return 0;
}

void amkd_optimizer_free(amkd_optimizer *optimizer)
{
    if (!optimizer)
        return;
    amkd_buffer_free(optimizer->moments[0]);
    amkd_buffer_free(optimizer->moments[1]);
    amkd_buffer_free(optimizer->squares);
    amkd_buffer_free(optimizer->scale);
    amkd_kernel_free(optimizer->step);
    amkd_kernel_free(optimizer->square);
    amkd_kernel_free(optimizer->find_scale);
    amkd_program_free(optimizer->program);
    free(optimizer);
}
