/* Whether a dense layer runs by cl/dense.cl or by CLBlast. */
#include "compute/dense_plan.h"
#include "base/memory.h"
#include "base/random.h"
#include "compute/dense_gemm.h"
#include "compute/plan.h"
#include <stdlib.h>

/* Multiply-adds of a run below which the choice does not matter. */
static const double worth_planning = 1 << 23;

/* Stands in for the layer's data while its ways are timed. */
typedef struct trial {
    amkd_op *op;
    cl_mem x, parameters, y, dx, gradients;
} trial;

/* A buffer of nfloats values spread over +-1. */
static int trial_buffer(cl_mem *out, amkd_device *device, size_t nfloats)
{
    float *values = amkd_alloc(nfloats, sizeof *values);
    if (!values)
        return -1;
    for (size_t v = 0; v < nfloats; v++)
        values[v] = (float)(2 * amkd_random_uniform(0, nfloats, v) - 1);
    const int rc =
        amkd_buffer_new(out, device, CL_MEM_READ_WRITE, nfloats * sizeof *values, values);
    free(values);
    return rc;
}

static int own_forward(void *context)
{
    const trial *t = context;
    return t->op->run_forward(t->op, t->x, t->parameters, t->y, t->op->shape.max_blocks);
}

static int own_data(void *context)
{
    const trial *t = context;
    return t->op->run_backward_data(t->op, t->x, t->parameters, t->y, t->dx,
                                    t->op->shape.max_blocks);
}

static int own_weights(void *context)
{
    const trial *t = context;
    return t->op->run_backward_weights(t->op, t->x, t->y, t->gradients,
                                       t->op->shape.max_blocks);
}

static int gemm_forward(void *context)
{
    const trial *t = context;
    return amkd_dense_gemm_forward(t->op, t->x, t->parameters, t->y,
                                   t->op->shape.max_blocks);
}

static int gemm_data(void *context)
{
    const trial *t = context;
    return amkd_dense_gemm_backward_data(t->op, t->x, t->parameters, t->y, t->dx,
                                         t->op->shape.max_blocks);
}

static int gemm_weights(void *context)
{
    const trial *t = context;
    return amkd_dense_gemm_backward_weights(t->op, t->x, t->y, t->gradients,
                                            t->op->shape.max_blocks);
}

/* 1 if CLBlast is the faster one for this direction, 0 if not, -1 on failure. */
static int prefers_gemm(trial *t, const char *direction, int (*own)(void *),
                        int (*gemm)(void *), cl_mem result, size_t nfloats)
{
    const amkd_op_shape *s = &t->op->shape;
    const amkd_plan_way ways[] = {{"own", own}, {"clblast", gemm}};
    char *work = amkd_format("dense %s, %zu in, %zu out, %zu blocks of %zu, act %d, %d",
                             direction, s->in_channels, s->out_channels, s->max_blocks,
                             t->op->device->nlanes, (int)s->act, (int)s->previous_act);
    size_t fastest = 0;
    const int rc = work ? amkd_plan_choose(&fastest, t->op->device, work, ways, 2, result,
                                           nfloats, t)
                        : -1;
    free(work);
    return rc ? -1 : fastest == 1;
}

/* forward, data and weights become whether CLBlast takes over. */
static int choose(trial *t, int train, int *forward, int *data, int *weights)
{
    amkd_device *device = t->op->device;
    const amkd_op_shape *s = &t->op->shape;
    const size_t nsamples = s->max_blocks * device->nlanes;
    const size_t nx = nsamples * s->in_channels, ny = nsamples * s->out_channels;
    const size_t ngradients = s->nslices * s->nparameters;
    if (trial_buffer(&t->x, device, nx) || trial_buffer(&t->y, device, ny) ||
        trial_buffer(&t->parameters, device, s->nparameters) ||
        (*forward = prefers_gemm(t, "forward", own_forward, gemm_forward, t->y, ny)) < 0)
        return -1;
    if (!train)
        return 0;
    return trial_buffer(&t->dx, device, nx) ||
                   trial_buffer(&t->gradients, device, ngradients) ||
                   (*data = prefers_gemm(t, "backward data", own_data, gemm_data, t->dx,
                                         nx)) < 0 ||
                   (*weights = prefers_gemm(t, "backward weights", own_weights,
                                            gemm_weights, t->gradients, ngradients)) < 0
               ? -1
               : 0;
}

int amkd_dense_plan(amkd_op *op, int train)
{
    const amkd_op_shape *s = &op->shape;
    const double nmacs = (double)s->in_channels * (double)s->out_channels *
                         (double)(s->max_blocks * op->device->nlanes);
    if (op->device->vector_width > 1 || nmacs < worth_planning)
        return 0;
    trial t = {.op = op};
    int forward = 0, data = 0, weights = 0;
    const int rc =
        amkd_dense_gemm_init(op, train) || choose(&t, train, &forward, &data, &weights)
            ? -1
            : 0;
    amkd_buffer_free(t.x);
    amkd_buffer_free(t.y);
    amkd_buffer_free(t.dx);
    amkd_buffer_free(t.parameters);
    amkd_buffer_free(t.gradients);
    if (forward)
        op->run_forward = amkd_dense_gemm_forward;
    if (data)
        op->run_backward_data = amkd_dense_gemm_backward_data;
    if (weights)
        op->run_backward_weights = amkd_dense_gemm_backward_weights;
    return rc;
}
