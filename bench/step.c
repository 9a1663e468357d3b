/* The pieces of amkd_train's step, in its order and over buffers of its sizes. */
#include "step.h"
#include "base/memory.h"
#include "net/network_plan.h"
#include "net/predict_device.h"
#include <stdlib.h>

enum { NIMAGES = 200 };

int step_load(void *context)
{
    step *s = context;
    return amkd_batches_load(s->batches, amkd_network_value(s->network, 0), s->order, 0,
                             s->count);
}

int step_loss(void *context)
{
    step *s = context;
    amkd_network *network = s->network;
    return amkd_loss_run(s->loss, amkd_network_logits_gradient(network), s->losses,
                         s->agreements, amkd_network_logits(network), s->targets,
                         s->order, 0, s->count, s->count, 1);
}

/* At a rate that leaves the weights as they are. */
int step_optimize(void *context)
{
    step *s = context;
    return amkd_optimizer_step(s->optimizer, amkd_network_parameters(s->network),
                               amkd_network_gradients(s->network),
                               amkd_network_nslices(s->network), 1e-12);
}

int step_learn(void *context)
{
    step *s = context;
    return amkd_network_forward(s->network, 0, &s->batch) || step_loss(s) ||
                   amkd_network_backward(s->network, &s->batch) || step_optimize(s)
               ? -1
               : 0;
}

int step_whole(void *context)
{
    return step_load(context) || step_learn(context) ? -1 : 0;
}

/* What the kernels read besides weights and images. */
static int upload_rows(step *s)
{
    const size_t n = s->dataset.n;
    const size_t sums_nbytes = s->batch.nblocks * s->device->nlanes * sizeof(float);
    uint32_t *order = amkd_alloc(n, sizeof *order);
    if (!order)
        return -1;
    for (size_t r = 0; r < n; r++)
        order[r] = (uint32_t)r;
    int rc =
        amkd_buffer_new(&s->order, s->device, CL_MEM_READ_ONLY, n * sizeof *order, order);
    free(order);
    if (!rc)
        rc = amkd_buffer_new(&s->targets, s->device, CL_MEM_READ_ONLY,
                             n * s->dataset.nclasses * sizeof(float), s->dataset.targets);
    if (!rc)
        rc = amkd_buffer_new(&s->losses, s->device, CL_MEM_READ_WRITE, sums_nbytes, NULL);
    if (!rc)
        rc = amkd_buffer_new(&s->agreements, s->device, CL_MEM_READ_WRITE, sums_nbytes,
                             NULL);
    if (!rc)
        rc = amkd_buffer_zero(s->device, s->losses, sums_nbytes);
    return rc ? -1 : amkd_buffer_zero(s->device, s->agreements, sums_nbytes);
}

static int new_parts(step *s)
{
    const amkd_optimizer_options adamw = {
        .kind = AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = 0.01};
    const amkd_images *images = s->dataset.images;
    const amkd_graph *graph = &s->model->graph;
    return amkd_network_new(&s->network, s->device, graph, s->batch.nblocks, 1) ||
                   amkd_network_plan(s->network, AMKD_PLAN_SECONDS, NULL, NULL) ||
                   amkd_batches_new(&s->batches, s->device, images->height, images->width,
                                    images->channels) ||
                   amkd_batches_images(s->batches, images->pixels, images->n) ||
                   amkd_batches_keys(s->batches, s->dataset.keys, s->dataset.n) ||
                   amkd_model_normalize(s->batches, s->model) ||
                   amkd_loss_new(&s->loss, s->device, graph->nclasses) ||
                   amkd_optimizer_new(&s->optimizer, s->device, &adamw,
                                      graph->ntrained) ||
                   amkd_buffer_write(s->device, amkd_network_parameters(s->network),
                                     s->model->parameters, 0,
                                     graph->nparameters * sizeof(float))
               ? -1
               : 0;
}

int step_new(step *s, amkd_device *device, const char *arch, amkd_shape shape,
             size_t count)
{
    *s = (step){.device = device, .count = count};
    s->batch = (amkd_batch){.nblocks = (count + device->nlanes - 1) / device->nlanes,
                            .nsamples = count,
                            .training = 1};
    return synthetic_dataset(&s->dataset, shape, NIMAGES, count) ||
                   synthetic_model(&s->model, arch, shape) || new_parts(s) ||
                   upload_rows(s) || step_whole(s)
               ? -1
               : amkd_device_finish(device);
}

void step_clear(step *s)
{
    amkd_network_free(s->network);
    amkd_batches_free(s->batches);
    amkd_loss_free(s->loss);
    amkd_optimizer_free(s->optimizer);
    amkd_buffer_free(s->order);
    amkd_buffer_free(s->targets);
    amkd_buffer_free(s->losses);
    amkd_buffer_free(s->agreements);
    amkd_dataset_clear(&s->dataset);
    amkd_model_free(s->model);
}
