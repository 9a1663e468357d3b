/* The assistant has batches of its own: it sees pixels by its own mean and deviation. */
#include "steps/learn/assistant.h"
#include "base/memory.h"
#include "net/fold.h"
#include "net/network_plan.h"
#include "net/predict.h"
#include "ops/loss.h"
#include <stdlib.h>

struct amkd_assistant {
    amkd_device *device;
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    cl_mem answers, tops; /* float [row][class], [row] */
    cl_mem teaching;      /* float [block][lane] */
};

int amkd_sight_load(const amkd_sight *sight, amkd_batches *batches, cl_mem x)
{
    if (amkd_batches_use(batches, sight->pixels, NULL))
        return -1;
    if (!sight->mu)
        return amkd_batches_load(batches, x, sight->order, sight->first, sight->count);
    return amkd_batches_load_mixup(batches, x, sight->order, sight->first, sight->count,
                                   sight->mu);
}

/* folded: without the normalizations that its weights can do. */
static int fill(amkd_assistant *a, const amkd_model *folded, size_t count, size_t nplaces,
                size_t nanswers, double seconds)
{
    amkd_device *device = a->device;
    const amkd_graph *graph = &folded->graph;
    const size_t max_blocks = (count + device->nlanes - 1) / device->nlanes;
    return amkd_network_new(&a->network, device, graph, max_blocks, 0) ||
                   amkd_network_plan(a->network, seconds, NULL, NULL) ||
                   amkd_buffer_write(device, amkd_network_parameters(a->network),
                                     folded->parameters, 0,
                                     graph->nparameters * sizeof *folded->parameters) ||
                   amkd_batches_new(&a->batches, device, graph->in.height,
                                    graph->in.width, graph->in.channels) ||
                   amkd_model_normalize(a->batches, folded) ||
                   amkd_batches_plain_keys(a->batches, nplaces) ||
                   amkd_loss_new(&a->loss, device, graph->nclasses) ||
                   amkd_buffer_new(&a->answers, device, CL_MEM_READ_WRITE,
                                   nanswers * graph->nclasses * sizeof(float), NULL) ||
                   amkd_buffer_new(&a->tops, device, CL_MEM_READ_WRITE,
                                   nanswers * sizeof(float), NULL) ||
                   amkd_buffer_new(&a->teaching, device, CL_MEM_READ_WRITE,
                                   max_blocks * device->nlanes * sizeof(float), NULL)
               ? -1
               : 0;
}

int amkd_assistant_new(amkd_assistant **out, amkd_device *device, const amkd_model *model,
                       size_t count, size_t nplaces, size_t nanswers, double seconds)
{
    amkd_model *folded;
    if (amkd_model_fold(&folded, model))
        return -1;
    amkd_assistant *a = amkd_alloc(1, sizeof *a);
    if (a)
        a->device = device;
    const int rc = a ? fill(a, folded, count, nplaces, nanswers, seconds) : -1;
    amkd_model_free(folded);
    if (rc)
        amkd_assistant_free(a);
    else
        *out = a;
    return rc;
}

int amkd_assistant_ask(amkd_assistant *assistant, const amkd_sight *sight, cl_mem rows,
                       size_t first, float temperature)
{
    amkd_network *network = assistant->network;
    const size_t nlanes = assistant->device->nlanes;
    return amkd_sight_load(sight, assistant->batches, amkd_network_value(network, 0)) ||
                   amkd_network_forward(
                       network, 0,
                       &(amkd_batch){.nblocks = (sight->count + nlanes - 1) / nlanes,
                                     .nsamples = sight->count}) ||
                   amkd_loss_soften(assistant->loss, assistant->answers, assistant->tops,
                                    amkd_network_logits(network), rows, first,
                                    sight->count, temperature)
               ? -1
               : 0;
}

int amkd_assistant_choose(amkd_assistant *assistant, cl_mem *teaching, cl_mem rows,
                          size_t first, size_t count, float min_top)
{
    *teaching = assistant->teaching;
    return amkd_loss_choose_teaching(assistant->loss, assistant->teaching,
                                     assistant->tops, rows, first, count, min_top);
}

cl_mem amkd_assistant_answers(const amkd_assistant *assistant)
{
    return assistant->answers;
}

void amkd_assistant_free(amkd_assistant *assistant)
{
    if (!assistant)
        return;
    amkd_network_free(assistant->network);
    amkd_batches_free(assistant->batches);
    amkd_loss_free(assistant->loss);
    amkd_buffer_free(assistant->answers);
    amkd_buffer_free(assistant->tops);
    amkd_buffer_free(assistant->teaching);
    free(assistant);
}
