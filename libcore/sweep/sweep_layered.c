/* The layered engine of the sweep: mixed maps go through the network's own kernels, a
 * batch at a time, for students that do not fit a work-item's private memory. */
#include "base/error.h"
#include "base/memory.h"
#include "net/network_plan.h"
#include "net/network_room.h"
#include "sweep/sweep_internal.h"
#include <stdlib.h>

extern const char amkd_cl_common[], amkd_cl_act[], amkd_cl_sweep[],
    amkd_cl_sweep_layered[];

/* Map values that one work-item mixes for its lanes. */
enum { MIX_TILE = 128 };

/* Activations of a batch, all layers together, take about this much: small enough for a
 * CPU's caches, large enough to fill a GPU. */
#define BATCH_NBYTES ((size_t)8 << 20)
#define GPU_BATCH_NBYTES ((size_t)256 << 20)

struct amkd_layered {
    const amkd_sweep_inputs *inputs;
    amkd_network *network;
    size_t first_layer; /* that the network runs: its input is what sweep_mix writes */
    size_t nlayers, map_size, max_blocks;
    cl_program program;
    cl_kernel mix, logits;
};

/* As many as give every unit two, and fill the room; but not more than half of the
 * device's memory, and its buffers, can hold. */
static int choose_blocks(size_t *nblocks, const amkd_device *device,
                         const amkd_graph *graph)
{
    amkd_network_room network;
    if (amkd_network_room_find(&network, device, graph, 0))
        return -1;
    const size_t room = device->vector_width > 1 ? BATCH_NBYTES : GPU_BATCH_NBYTES;
    const cl_ulong n = room / network.block_nbytes, least = 2 * device->ncompute_units;
    const cl_ulong half = device->global_nbytes / 2 / network.block_nbytes;
    const cl_ulong whole = device->max_buffer_nbytes / network.largest_block_nbytes;
    cl_ulong most = n > 4096 ? 4096 : n > least ? n : least;
    most = half < most ? half : most;
    most = whole < most ? whole : most;
    *nblocks = (size_t)(most > 1 ? most : 1);
    return 0;
}

/* What the activation makes of x, as a text. */
static char *apply_act(const amkd_layer *layer, const char *x)
{
    amkd_part part;
    if (layer->kind->part && layer->kind->part(&part, layer))
        return amkd_format("%s(%s)", part.act, x);
    const amkd_act act = layer->kind->act(layer);
    return amkd_format("act_%s(%s, %.9ef)", act.name, x, (double)act.value);
}

/* The activations that the network fuses behind the maps, which sweep_mix then applies,
 * as a macro. */
static char *mix_defines(amkd_layered *layered, const amkd_stages *stages)
{
    const amkd_graph *graph = stages->graph;
    char *act = amkd_strdup("(x)");
    size_t at = stages->after_maps;
    while (act && at < graph->nlayers && !amkd_network_value(layered->network, at)) {
        char *outer = apply_act(&graph->layers[at++], act);
        free(act);
        act = outer;
    }
    layered->first_layer = at;
    char *defines =
        act ? amkd_format("#define MIX_TILE %d\n#define MIX_ACT(x) %s\n", MIX_TILE, act)
            : NULL;
    free(act);
    return defines;
}

static int build(amkd_layered *layered, const amkd_stages *stages)
{
    amkd_device *device = layered->inputs->device;
    char *defines = mix_defines(layered, stages);
    const char *sources[] = {amkd_cl_common, amkd_cl_act, layered->inputs->defines,
                             amkd_cl_sweep,  defines,     amkd_cl_sweep_layered};
    int rc = defines ? amkd_program_build(&layered->program, device, "sweep_layered",
                                          sources, 6, NULL)
                     : -1;
    free(defines);
    if (rc || amkd_kernel_new(&layered->mix, layered->program, "sweep_mix") ||
        amkd_kernel_new(&layered->logits, layered->program, "sweep_logits"))
        return -1;
    return 0;
}

static int copy_parameters(amkd_layered *layered, size_t nparameters)
{
    const amkd_sweep_inputs *in = layered->inputs;
    const cl_int status = clEnqueueCopyBuffer(
        in->device->queue, in->parameters, amkd_network_parameters(layered->network), 0,
        0, nparameters * sizeof(float), 0, NULL, NULL);
    return status
               ? amkd_fail_cl(status, "copying the student's parameters on device '%s'",
                              in->device->name)
               : 0;
}

int amkd_layered_new(amkd_layered **out, const amkd_sweep_inputs *inputs,
                     const amkd_stages *stages)
{
    amkd_layered *layered = amkd_alloc(1, sizeof *layered);
    if (!layered)
        return -1;
    layered->inputs = inputs;
    layered->nlayers = stages->graph->nlayers;
    layered->map_size = amkd_shape_size(stages->maps);
    if (choose_blocks(&layered->max_blocks, inputs->device, stages->graph) ||
        amkd_network_new(&layered->network, inputs->device, stages->graph,
                         layered->max_blocks, 0) ||
        amkd_network_plan(layered->network, AMKD_PLAN_SECONDS, NULL, NULL) ||
        copy_parameters(layered, stages->graph->nparameters) || build(layered, stages)) {
        amkd_layered_free(layered);
        return -1;
    }
    *out = layered;
    return 0;
}

amkd_network *amkd_layered_network(const amkd_layered *layered)
{
    return layered->network;
}

/* Evaluations first to first + nblocks lane blocks. */
static int run_batch(amkd_layered *layered, cl_mem scores, cl_mem pairs, size_t npairs,
                     size_t first, size_t nblocks)
{
    const amkd_sweep_inputs *in = layered->inputs;
    amkd_device *device = in->device;
    const cl_uint n = (cl_uint)npairs, begin = (cl_uint)first;
    cl_mem values = amkd_network_value(layered->network, layered->first_layer);
    cl_mem logits = amkd_network_value(layered->network, layered->nlayers);
    const amkd_arg mix[] = {
        AMKD_ARG(values), AMKD_ARG(in->maps),         AMKD_ARG(pairs),
        AMKD_ARG(n),      AMKD_ARG(in->lambda_table), AMKD_ARG(in->slot_table),
        AMKD_ARG(begin)};
    const amkd_arg score[] = {AMKD_ARG(scores), AMKD_ARG(logits), AMKD_ARG(begin)};
    const size_t vectors = device->nlanes / device->vector_width;
    const size_t tiles = (layered->map_size + MIX_TILE - 1) / MIX_TILE;
    if (amkd_kernel_run(device, layered->mix, mix, 7, 2,
                        (size_t[]){nblocks * vectors, tiles}, (size_t[]){vectors, 1}))
        return -1;
    if (layered->first_layer < layered->nlayers &&
        amkd_network_forward(layered->network, layered->first_layer,
                             &(amkd_batch){.nblocks = nblocks,
                                           .nsamples = nblocks * device->nlanes,
                                           .weights = 1 /* copied once */}))
        return -1;
    return amkd_kernel_run(device, layered->logits, score, 3, 1,
                           (size_t[]){nblocks * vectors}, &vectors);
}

int amkd_layered_run(amkd_layered *layered, cl_mem scores, cl_mem pairs, size_t npairs)
{
    const size_t nlanes = layered->inputs->device->nlanes;
    const size_t nblocks = (npairs * layered->inputs->nlambdas + nlanes - 1) / nlanes;
    for (size_t done = 0; done < nblocks; done += layered->max_blocks) {
        const size_t left = nblocks - done;
        if (run_batch(layered, scores, pairs, npairs, done * nlanes,
                      left < layered->max_blocks ? left : layered->max_blocks))
            return -1;
    }
    return 0;
}

void amkd_layered_free(amkd_layered *layered)
{
    if (!layered)
        return;
    amkd_network_free(layered->network);
    amkd_kernel_free(layered->mix);
    amkd_kernel_free(layered->logits);
    amkd_program_free(layered->program);
    free(layered);
}
