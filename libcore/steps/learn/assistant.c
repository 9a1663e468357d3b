/* The assistant has batches of its own: it sees pixels by its own mean and deviation. */
#include "steps/learn/assistant.h"
#include "base/memory.h"
#include "net/fold.h"
#include "net/network_plan.h"
#include "net/predict_device.h"
#include "ops/loss.h"
#include <stdlib.h>

struct amkd_assistant {
    amkd_device *device;
    size_t most; /* samples at a time */
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    cl_mem answers, tops; /* float [row][class], [row] */
    cl_mem teaching;      /* float [block][lane], nteaching of them */
    size_t nteaching;
};

int amkd_sight_load(const amkd_sight *sight, amkd_batches *batches, cl_mem x, size_t from,
                    size_t n)
{
    const amkd_stretch part = {sight->first, sight->count, from, n};
    if (amkd_batches_use(batches, sight->pixels, NULL))
        return -1;
    if (!sight->mu)
        return amkd_batches_load(batches, x, sight->order, sight->first + from, n);
    return amkd_batches_load_mixup(batches, x, sight->order, &part, sight->mu);
}

/* folded: without the normalizations that its weights can do. */
static int fill(amkd_assistant *a, const amkd_model *folded, size_t count, size_t nplaces,
                size_t nanswers, double seconds)
{
    amkd_device *device = a->device;
    const amkd_graph *graph = &folded->graph;
    const size_t nlanes = device->nlanes;
    a->nteaching = (count + nlanes - 1) / nlanes * nlanes;
    return amkd_network_new(&a->network, device, graph, (a->most + nlanes - 1) / nlanes,
                            0) ||
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
                                   a->nteaching * sizeof(float), NULL)
               ? -1
               : 0;
}

int amkd_assistant_new(amkd_assistant **out, amkd_device *device, const amkd_model *model,
                       size_t count, size_t most, size_t nplaces, size_t nanswers,
                       double seconds)
{
    amkd_model *folded;
    if (amkd_model_fold(&folded, model))
        return -1;
    amkd_assistant *a = amkd_alloc(1, sizeof *a);
    if (a) {
        a->device = device;
        a->most = most < count ? most : count;
    }
    const int rc = a ? fill(a, folded, count, nplaces, nanswers, seconds) : -1;
    amkd_model_free(folded);
    if (rc)
        amkd_assistant_free(a);
    else
        *out = a;
    return rc;
}

/* Asks about n samples from number from on. */
static int ask_some(amkd_assistant *a, const amkd_sight *sight, size_t from, size_t n,
                    cl_mem rows, size_t first, float temperature)
{
    const size_t nlanes = a->device->nlanes;
    const amkd_batch run = {.nblocks = (n + nlanes - 1) / nlanes, .nsamples = n};
    return amkd_sight_load(sight, a->batches, amkd_network_value(a->network, 0), from,
                           n) ||
                   amkd_network_forward(a->network, 0, &run) ||
                   amkd_loss_soften(a->loss, a->answers, a->tops,
                                    amkd_network_logits(a->network), rows, first + from,
                                    n, temperature)
               ? -1
               : 0;
}

int amkd_assistant_ask(amkd_assistant *assistant, const amkd_sight *sight, size_t from,
                       size_t count, cl_mem rows, size_t first, float temperature)
{
    const size_t most = assistant->most, end = from + count;
    for (; from < end; from += most) {
        const size_t left = end - from;
        if (ask_some(assistant, sight, from, left < most ? left : most, rows, first,
                     temperature))
            return -1;
    }
    return 0;
}

int amkd_assistant_begin(amkd_assistant *assistant, cl_mem *teaching)
{
    *teaching = assistant->teaching;
    return amkd_buffer_zero(assistant->device, assistant->teaching,
                            assistant->nteaching * sizeof(float));
}

int amkd_assistant_choose(amkd_assistant *assistant, cl_mem rows, size_t first,
                          size_t from, size_t count, float min_top)
{
    return amkd_loss_choose_teaching(assistant->loss, assistant->teaching,
                                     assistant->tops, rows, first, from, count, min_top);
}

cl_mem amkd_assistant_answers(const amkd_assistant *assistant)
{
    return assistant->answers;
}

amkd_network *amkd_assistant_network(const amkd_assistant *assistant)
{
    return assistant->network;
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
