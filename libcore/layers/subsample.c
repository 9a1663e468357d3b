/* Every S-th row and column of an image, with channels of zeros in front of its own and
 * behind them, as many here as there, up to N: the shortcut "option A" of residual
 * networks for CIFAR (He et al., arXiv 1512.03385), in PyTorch
 *
 *     F.pad(x[:, :, ::S, ::S], (0, 0, 0, 0, (N - C) // 2, N - C - (N - C) // 2)) */
#include "ops/subsample.h"
#include "base/error.h"
#include "layers/kinds.h"
#include "layers/words.h"
#include <stdio.h>

/* The stride. */
typedef size_t __attribute__((may_alias)) setting;

static size_t stride_of(const amkd_layer *layer)
{
    return *AMKD_SETTINGS_OF(setting, layer);
}

static int parse(amkd_layer *layer, const amkd_words *words)
{
    size_t stride = 1;
    const amkd_word_option options[] = {{"s", &stride, NULL, 0}, {0}};
    if (words->n < 2 || amkd_word_number(&layer->out.channels, words->words[1]))
        return amkd_words_fail(words,
                               "expected a number of channels (as in 'subsample 32 s2')");
    if (amkd_words_options(words, 2, options))
        return -1;
    *AMKD_SETTINGS(setting, layer) = stride;
    return stride ? 0 : amkd_words_fail(words, "the stride must be 1 or more");
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const int n = snprintf(text, nbytes, " %zu", layer->out.channels);
    if (stride_of(layer) != 1)
        snprintf(text + n, nbytes - (size_t)n, " s%zu", stride_of(layer));
}

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    const size_t stride = stride_of(layer);
    layer->out.height = (inputs->height + stride - 1) / stride;
    layer->out.width = (inputs->width + stride - 1) / stride;
    return layer->out.channels < inputs->channels
               ? amkd_fail("%s: its input has %zu channels, more than it is to have",
                           where, inputs->channels)
               : 0;
}

/* The channels of zeros in front. */
static size_t before(const amkd_layer *layer)
{
    return (layer->out.channels - layer->in.channels) / 2;
}

/* Where value at of the output comes from; its own number is at. -1: it is a zero. */
static ptrdiff_t source_of(const amkd_layer *layer, size_t at)
{
    const size_t stride = stride_of(layer), width = layer->out.width;
    const size_t first = before(layer), c = at / width / layer->out.height;
    const size_t y = at / width % layer->out.height * stride, x = at % width * stride;
    if (c < first || c - first >= layer->in.channels)
        return -1;
    return (ptrdiff_t)(((c - first) * layer->in.height + y) * layer->in.width + x);
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = amkd_shape_size(layer->in), nout = amkd_shape_size(layer->out);
    for (size_t i = 0; i < b->n * nout; i++) {
        const ptrdiff_t source = source_of(layer, i % nout);
        b->out[i] = source < 0 ? 0 : b->in[0][i / nout * nin + (size_t)source];
    }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = amkd_shape_size(layer->in), nout = amkd_shape_size(layer->out);
    for (size_t i = 0; i < b->n * nout; i++) {
        const ptrdiff_t source = source_of(layer, i % nout);
        if (source >= 0)
            b->d_in[0][i / nout * nin + (size_t)source] += b->d_out[i];
    }
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    shape.stride = stride_of(layer);
    return amkd_subsample_new(out, device, &shape, options->train);
}

static void add_input(const amkd_layer *layer, amkd_onnx *graph, const char *name,
                      const int64_t *values, size_t n)
{
    char text[AMKD_PART_NBYTES];
    amkd_onnx_longs(graph, amkd_layer_part(text, layer->module, name), values, n);
    amkd_onnx_input(graph, text);
}

/* Slices of the sides, and zeros around the channels. */
static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    const int64_t stride = (int64_t)stride_of(layer), first = (int64_t)before(layer);
    const int64_t added = (int64_t)(layer->out.channels - layer->in.channels);
    const int64_t pads[8] = {0, first, 0, 0, 0, added - first};
    const int64_t ends[2] = {(int64_t)layer->in.height, (int64_t)layer->in.width};
    char text[AMKD_PART_NBYTES];
    amkd_onnx_begin(graph, "Slice", amkd_layer_part(text, layer->module, "slice"));
    amkd_onnx_input(graph, at->inputs[0]);
    add_input(layer, graph, "starts", (int64_t[]){0, 0}, 2);
    add_input(layer, graph, "ends", ends, 2);
    add_input(layer, graph, "axes", (int64_t[]){2, 3}, 2);
    add_input(layer, graph, "steps", (int64_t[]){stride, stride}, 2);
    amkd_onnx_end(graph,
                  added ? amkd_layer_part(text, layer->module, "sliced") : at->output);
    if (!added)
        return;
    amkd_onnx_begin(graph, "Pad", layer->module);
    amkd_onnx_input(graph, amkd_layer_part(text, layer->module, "sliced"));
    add_input(layer, graph, "pads", pads, 8);
    amkd_onnx_end(graph, at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    amkd_c99_use(program, "subsample");
    amkd_c99_call(program, "subsample(%s, %s, %zu, %zu, %zu, %zu, %zu, %zu);", at->output,
                  at->inputs[0], layer->out.channels, before(layer), layer->in.channels,
                  layer->in.height, layer->in.width, stride_of(layer));
}

static const amkd_example examples[] = {
    {"conv 3 k1 | relu | residual( conv 8 k3 s2 p1 ; subsample 8 s2 ) | relu | fc 3",
     {2, 5, 6}},
    {"conv 2 k1 | tanh | subsample 5 s3 | sigmoid | subsample 5 | fc 3", {1, 7, 3}},
    {0},
};

const amkd_kind amkd_kind_subsample = {
    .name = "subsample",
    .grammar = "subsample N [sS]",
    .examples = examples,
    .traits = AMKD_WANTS_IMAGE | AMKD_TAKES_ACT | AMKD_MASKS,
    .facts = {.adds = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .open = open,
    .onnx = onnx,
    .c99 = c99,
};
