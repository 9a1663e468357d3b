/* Fully connected layer (torch.nn.Linear): its text, shape, float64 work, and op. */
#include "base/error.h"
#include "layers/kinds.h"
#include "layers/linear.h"
#include "layers/words.h"
#include "ops/conv.h"
#include <stdio.h>
#include <string.h>

typedef struct __attribute__((may_alias)) settings {
    int nobias;
} settings;

static int parse(amkd_layer *layer, const amkd_words *words)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    const amkd_word_option options[] = {{"nobias", NULL, &s->nobias, 0}, {0}};
    if (words->n < 2)
        return amkd_words_fail(words, "expected a number of outputs (as in 'fc 10')");
    if (!strcmp(words->words[1], "classes")) {
        layer->out.channels = words->nclasses;
        if (!words->nclasses)
            return amkd_words_fail(words, "the number of classes is not known here");
    } else if (amkd_word_number(&layer->out.channels, words->words[1]) ||
               !layer->out.channels) {
        return amkd_words_fail(words,
                               "expected a number of outputs, 1 or more, or 'classes'");
    }
    return amkd_words_options(words, 2, options);
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    snprintf(text, nbytes, " %zu%s", layer->out.channels,
             AMKD_SETTINGS_OF(settings, layer)->nobias ? " nobias" : "");
}

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    const size_t nout = layer->out.channels;
    const amkd_linear linear = {.dims = {nout, inputs->channels},
                                .ndim = 2,
                                .bias = !AMKD_SETTINGS_OF(settings, layer)->nobias,
                                .fan_out = nout};
    layer->out.height = layer->out.width = 1;
    return amkd_linear_place(layer, &linear, where);
}

/* out[o] = b[o] + sum_i W[o][i] in[i] */
static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = layer->in.channels, nout = layer->out.channels;
    const double *weights = b->parameters + layer->parameters[0].offset;
    for (size_t s = 0; s < b->n; s++)
        for (size_t o = 0; o < nout; o++) {
            double sum = layer->nparameters > 1
                             ? b->parameters[layer->parameters[1].offset + o]
                             : 0;
            for (size_t i = 0; i < nin; i++)
                sum += weights[o * nin + i] * b->in[0][s * nin + i];
            b->out[s * nout + o] = sum;
        }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = layer->in.channels, nout = layer->out.channels;
    const size_t weights = layer->parameters[0].offset;
    for (size_t s = 0; s < b->n; s++)
        for (size_t o = 0; o < nout; o++) {
            const double d = b->d_out[s * nout + o];
            if (layer->nparameters > 1)
                b->d_parameters[layer->parameters[1].offset + o] += d;
            for (size_t i = 0; i < nin; i++) {
                b->d_parameters[weights + o * nin + i] += d * b->in[0][s * nin + i];
                b->d_in[0][s * nin + i] += d * b->parameters[weights + o * nin + i];
            }
        }
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = amkd_linear_op_shape(layer, options);
    return amkd_dense_new(out, device, &shape, options->train);
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_begin(graph, "Gemm", layer->module);
    amkd_onnx_input(graph, at->inputs[0]);
    amkd_layer_onnx_tensors(layer, at, graph);
    amkd_onnx_number(graph, "transB", 1);
    amkd_onnx_end(graph, at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    char arrays[AMKD_ARRAYS_NBYTES];
    amkd_c99_use(program, "fc");
    amkd_linear_c99(arrays, layer, at, program);
    amkd_c99_call(program, "fc(%s, %s, %s, %zu, %zu);", at->output, at->inputs[0], arrays,
                  layer->out.channels, layer->in.channels);
}

static void give_bias(amkd_layer *layer)
{
    AMKD_SETTINGS(settings, layer)->nobias = 0;
}

static int part(amkd_part *part, const amkd_layer *layer)
{
    if (layer->nparameters < 2)
        return 0;
    *part = (amkd_part){.type = AMKD_PART_LINEAR,
                        .kernel_height = layer->in.height,
                        .kernel_width = layer->in.width,
                        .stride = 1,
                        .covers = 1,
                        .weights = layer->parameters[0].offset,
                        .biases = layer->parameters[1].offset};
    return 1;
}

static const amkd_example examples[] = {
    {"fc 7 | tanh | fc 5", {1, 3, 3}},
    {"fc 3", {2, 3, 5}},
    {"fc 5 nobias | relu | fc 3", {2, 1, 2}},
    {0},
};

const amkd_kind amkd_kind_fc = {
    .name = "fc",
    .grammar = "fc N|classes [nobias]",
    .examples = examples,
    .traits = AMKD_WANTS_FEATURES | AMKD_TAKES_ACT | AMKD_MASKS | AMKD_ENDS,
    .facts = {.has_weights = 1, .adds = 1, .needs_x = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .nmacs = amkd_linear_nmacs,
    .forward64 = forward64,
    .backward64 = backward64,
    .bound = amkd_linear_bound,
    .open = open,
    .part = part,
    .onnx = onnx,
    .c99 = c99,
    .give_bias = give_bias,
};
