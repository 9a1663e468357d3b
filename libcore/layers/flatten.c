/* Flatten (torch.nn.Flatten): an image's values as features, [c][y][x] as they lie. */
#include "layers/kinds.h"
#include "layers/words.h"
#include <string.h>

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    (void)where;
    layer->out = (amkd_shape){amkd_shape_size(*inputs), 1, 1};
    return 0;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    memcpy(b->out, b->in[0], b->n * amkd_shape_size(layer->in) * sizeof(double));
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t n = b->n * amkd_shape_size(layer->in);
    for (size_t i = 0; i < n; i++)
        b->d_in[0][i] += b->d_out[i];
}

static int part(amkd_part *part, const amkd_layer *layer)
{
    (void)layer;
    *part = (amkd_part){.type = AMKD_PART_NOTHING};
    return 1;
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_node(graph, "Flatten", layer->module, at->inputs[0], NULL, at->output);
}

static const amkd_example examples[] = {
    {"flatten | relu | fc 3", {2, 3, 3}},
    {0},
};

const amkd_kind amkd_kind_flatten = {
    .name = "flatten",
    .grammar = "flatten",
    .examples = examples,
    .traits = AMKD_ALIAS | AMKD_TRAINS_ALIAS | AMKD_FLATTENS | AMKD_WANTS_IMAGE,
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .part = part,
    .onnx = onnx,
};
