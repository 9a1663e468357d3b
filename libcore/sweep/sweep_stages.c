/* Cuts an architecture into the stages of the fused sweep kernel. */
#include "sweep/sweep_stages.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static int is_act(const amkd_layer *layer)
{
    return layer->type == AMKD_RELU || layer->type == AMKD_TANH;
}

static int is_linear(const amkd_layer *layer)
{
    return layer->type == AMKD_CONV || layer->type == AMKD_FC;
}

static int is_pool(const amkd_layer *layer)
{
    return layer->type == AMKD_MAXPOOL || layer->type == AMKD_AVGPOOL;
}

static int covers_input(const amkd_layer *layer)
{
    return !layer->padding && layer->kernel == layer->in.height &&
           layer->kernel == layer->in.width;
}

/* Takes activations into acts from layer at on; returns the layer behind them. */
static size_t take_acts(amkd_layer_type *acts, size_t *n, const amkd_arch *arch,
                        size_t at)
{
    while (at < arch->nlayers && *n < AMKD_MAX_STAGE_ACTS) {
        const amkd_layer *layer = &arch->layers[at];
        if (is_act(layer))
            acts[(*n)++] = layer->type;
        else if (layer->type != AMKD_FLATTEN)
            break;
        at++;
    }
    return at;
}

/* Whether the stage can do this pooling: a convolution keeps back just the rows of one
 * window, and a fully connected layer has nothing to pool. */
static int can_pool(const amkd_stage *stage, const amkd_layer *pool)
{
    return stage->type == AMKD_STAGE_MIX || stage->type == AMKD_STAGE_POOL ||
           (stage->type == AMKD_STAGE_CONV && pool->kernel == pool->stride);
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
static void take_rest(amkd_stage *stage, const amkd_arch *arch, size_t at)
{
    at = take_acts(stage->before, &stage->nbefore, arch, at);
    stage->out = stage->sums;
    if (at < arch->nlayers && is_pool(&arch->layers[at]) &&
        can_pool(stage, &arch->layers[at])) {
        stage->pool = &arch->layers[at];
        stage->out = stage->pool->out;
        if (stage->pool->type == AMKD_MAXPOOL)
            move_behind_pool(stage);
        at = take_acts(stage->after, &stage->nafter, arch, at + 1);
    } else {
        move_behind_pool(stage);
    }
    if (stage->type == AMKD_STAGE_CONV && stage->pool) {
        stage->sums.height = stage->out.height * stage->pool->kernel;
        stage->sums.width = stage->out.width * stage->pool->kernel;
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
    const amkd_arch *arch = stages->arch;
    amkd_stage *stage = &stages->list[stages->n++];
    const amkd_layer *layer = &arch->layers[at];
    stage->first = at;
    if (stages->n == 1) {
        stage->type = AMKD_STAGE_MIX;
        stage->in = stage->sums = stages->maps;
    } else if (is_linear(layer)) {
        stage->type = layer->type == AMKD_FC || covers_input(layer) ? AMKD_STAGE_FC
                                                                    : AMKD_STAGE_CONV;
        stage->in = layer->in;
        stage->sums = layer->out;
        stage[-1].out_padding = layer->padding;
        at++;
    } else {
        stage->type = AMKD_STAGE_POOL;
        stage->in = stage->sums = layer->in;
    }
    take_rest(stage, arch, at);
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
        const size_t height = stage->pool ? stage->pool->kernel : 1;
        const size_t rows = stage->channel_tile * height * stage->sums.width;
        if (rows > stages->rows)
            stages->rows = rows;
    }
}

int amkd_stages_new(amkd_stages *stages, const amkd_arch *arch, int use_linear,
                    size_t vector_width)
{
    *stages = (amkd_stages){.arch = arch, .maps = arch->in};
    size_t at = 0;
    while (at < arch->nlayers && arch->layers[at].type == AMKD_FLATTEN)
        at++;
    if (use_linear && at < arch->nlayers && is_linear(&arch->layers[at])) {
        stages->linear = &arch->layers[at++];
        stages->maps = stages->linear->out;
    }
    stages->after_maps = at;
    stages->list = amkd_alloc(arch->nlayers + 1, sizeof *stages->list);
    if (!stages->list)
        return -1;
    do {
        add_stage(stages, at);
        at = stages->list[stages->n - 1].end;
    } while (at < arch->nlayers);
    for (size_t s = 0; s < stages->n; s++)
        choose_tiles(&stages->list[s], vector_width);
    count_memory(stages);
    return 0;
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
