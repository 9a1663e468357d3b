/* Cuts an architecture into the stages of the fused sweep kernel. */
#include "sweep/sweep_stages.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* What the kernels can do of layer l; 0 for nothing, as where it reads another value than
 * that of the layer before. */
static int part_of(amkd_part *part, const amkd_graph *graph, size_t l)
{
    const amkd_layer *layer = &graph->layers[l];
    if (layer->ninputs != 1 || layer->inputs[0] != l || !layer->kind->part ||
        !layer->kind->part(part, layer))
        return 0;
    return amkd_graph_nreaders(graph, l) == 1;
}

/* The part, once it is known that there is one. */
static amkd_part sure_part(const amkd_graph *graph, size_t l)
{
    amkd_part part = {0};
    part_of(&part, graph, l);
    return part;
}

/* Takes activations into acts from layer at on; returns the layer behind them. */
static size_t take_acts(const char **acts, size_t *n, const amkd_graph *graph, size_t at)
{
    while (at < graph->nlayers && *n < AMKD_MAX_STAGE_ACTS) {
        const amkd_part part = sure_part(graph, at);
        if (part.type == AMKD_PART_ACT)
            acts[(*n)++] = part.act;
        else if (part.type != AMKD_PART_NOTHING)
            break;
        at++;
    }
    return at;
}

/* Whether the stage can do this pooling: a convolution keeps back just the rows of one
 * window, and a fully connected layer has nothing to pool. */
static int can_pool(const amkd_stage *stage, const amkd_part *pool)
{
    return pool->type == AMKD_PART_POOL &&
           (stage->type == AMKD_STAGE_MIX || stage->type == AMKD_STAGE_POOL ||
            (stage->type == AMKD_STAGE_CONV && pool->kernel_width == pool->stride));
}

/* Activations grow with their input, so that they and a maximum change places: one
 * activation a window instead of one a value. */
static void move_behind_pool(amkd_stage *stage)
{
    memcpy(stage->after, stage->before, sizeof stage->after);
    stage->nafter = stage->nbefore;
    stage->nbefore = 0;
}

/* The stage's activations and pooling, from layer at on. */
static void take_rest(amkd_stage *stage, const amkd_graph *graph, size_t at)
{
    at = take_acts(stage->before, &stage->nbefore, graph, at);
    stage->out = stage->sums;
    const amkd_part pool = at < graph->nlayers ? sure_part(graph, at) : (amkd_part){0};
    if (can_pool(stage, &pool)) {
        stage->pool = pool;
        stage->out = graph->layers[at].out;
        if (!pool.average)
            move_behind_pool(stage);
        at = take_acts(stage->after, &stage->nafter, graph, at + 1);
    } else {
        move_behind_pool(stage);
    }
    if (stage->type == AMKD_STAGE_CONV && stage->pool.kernel_width) {
        stage->sums.height = stage->out.height * stage->pool.kernel_height;
        stage->sums.width = stage->out.width * stage->pool.kernel_width;
    }
    stage->end = at;
}

/* The tile that covers n by the fewest tiles of at most most, as evenly as can be. */
static size_t even_tile(size_t n, size_t most)
{
    const size_t ntiles = (n + most - 1) / most;
    return (n + ntiles - 1) / ntiles;
}

/* As many sums as the vector registers hold beside what is loaded: 32 of them with 16
 * lanes (AVX-512), 16 with fewer. */
static void choose_tiles(amkd_stage *stage, size_t vector_width)
{
    const int many = vector_width >= 16;
    if (stage->type == AMKD_STAGE_CONV) {
        const size_t most = many ? 20 : 10;
        stage->channel_tile = even_tile(stage->sums.channels, 4);
        stage->column_tile = even_tile(stage->sums.width, most / stage->channel_tile);
    } else if (stage->type == AMKD_STAGE_FC) {
        stage->channel_tile = even_tile(stage->sums.channels, many ? 16 : 10);
    }
}

static void add_stage(amkd_stages *stages, size_t at)
{
    const amkd_graph *graph = stages->graph;
    amkd_stage *stage = &stages->list[stages->n++];
    const amkd_part part = at < graph->nlayers ? sure_part(graph, at) : (amkd_part){0};
    stage->first = at;
    if (stages->n == 1) {
        stage->type = AMKD_STAGE_MIX;
        stage->in = stage->sums = stages->maps;
    } else if (part.type == AMKD_PART_LINEAR) {
        stage->type = part.covers ? AMKD_STAGE_FC : AMKD_STAGE_CONV;
        stage->linear = part;
        stage->in = graph->layers[at].in;
        stage->sums = graph->layers[at].out;
        stage[-1].out_padding = part.padding;
        at++;
    } else {
        stage->type = AMKD_STAGE_POOL;
        stage->in = stage->sums = graph->layers[at].in;
    }
    take_rest(stage, graph, at);
}

static size_t padded_size(amkd_shape shape, size_t padding)
{
    return shape.channels * (shape.height + 2 * padding) * (shape.width + 2 * padding);
}

static void count_memory(amkd_stages *stages)
{
    stages->arenas[0] = stages->arenas[1] = 1;
    for (size_t s = 0; s < stages->n; s++) {
        const amkd_stage *stage = &stages->list[s];
        const size_t size = padded_size(stage->out, stage->out_padding);
        if (size > stages->arenas[s % 2])
            stages->arenas[s % 2] = size;
        if (stage->type != AMKD_STAGE_CONV)
            continue;
        const size_t height = stage->pool.kernel_height ? stage->pool.kernel_height : 1;
        const size_t rows = stage->channel_tile * height * stage->sums.width;
        if (rows > stages->rows)
            stages->rows = rows;
    }
}

/* Whether every layer from at on is one that the kernel has. */
static int can_fuse(const amkd_graph *graph, size_t at)
{
    amkd_part part;
    for (; at < graph->nlayers; at++)
        if (!part_of(&part, graph, at))
            return 0;
    return 1;
}

static int add_stages(amkd_stages *stages, size_t at, size_t vector_width)
{
    stages->list = amkd_alloc(stages->graph->nlayers + 1, sizeof *stages->list);
    if (!stages->list)
        return -1;
    do {
        add_stage(stages, at);
        at = stages->list[stages->n - 1].end;
    } while (at < stages->graph->nlayers);
    for (size_t s = 0; s < stages->n; s++)
        choose_tiles(&stages->list[s], vector_width);
    count_memory(stages);
    return 0;
}

int amkd_stages_new(amkd_stages *stages, const amkd_graph *graph, int use_linear,
                    size_t vector_width)
{
    *stages = (amkd_stages){.graph = graph, .maps = graph->in};
    amkd_part part;
    size_t at = 0;
    while (at < graph->nlayers && part_of(&part, graph, at) &&
           part.type == AMKD_PART_NOTHING)
        at++;
    if (use_linear && at < graph->nlayers && part_of(&part, graph, at) &&
        part.type == AMKD_PART_LINEAR) {
        stages->has_linear = 1;
        stages->linear = part;
        stages->maps = graph->layers[at++].out;
    }
    stages->after_maps = at;
    stages->fusable = can_fuse(graph, at);
    return stages->fusable ? add_stages(stages, at, vector_width) : 0;
}

void amkd_stages_clear(amkd_stages *stages)
{
    free(stages->list);
    *stages = (amkd_stages){0};
}

size_t amkd_stages_private_nbytes(const amkd_stages *stages, size_t vector_width)
{
    return (stages->arenas[0] + stages->arenas[1] + stages->rows) * vector_width *
           sizeof(float);
}
