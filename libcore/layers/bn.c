/* Batch normalization (torch.nn.BatchNorm2d and BatchNorm1d; Ioffe and Szegedy, arXiv
 * 1502.03167):
 *
 *     y = weight (x - mean) / sqrt(var + eps) + bias, channel by channel.
 *
 * Training takes mean and biased variance of the batch, and moves running_mean and
 * running_var, unbiased, towards them by the momentum; predicting takes these two. */
#include "base/error.h"
#include "base/memory.h"
#include "layers/kinds.h"
#include "layers/words.h"
#include "ops/norm.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct __attribute__((may_alias)) settings {
    float epsilon, momentum;
} settings;

enum { WEIGHT, BIAS, MEAN, VARIANCE, NPARAMETERS };
static const settings usual = {1e-5F, 0.1F};

static int parse(amkd_layer *layer, const amkd_words *words)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    *s = usual;
    for (size_t w = 1; w < words->n; w++) {
        const char *word = words->words[w];
        float *value = *word == 'e' ? &s->epsilon : *word == 'm' ? &s->momentum : NULL;
        if (!value || amkd_word_real(value, word + 1))
            return amkd_fail("%s: '%s' is no option of bn", words->where, word);
    }
    if (!(s->epsilon > 0) || !(s->momentum >= 0 && s->momentum <= 1))
        return amkd_words_fail(words, "e must be above 0, m in [0, 1]");
    return 0;
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    char epsilon[32], momentum[32];
    amkd_word_print(epsilon, sizeof epsilon, s->epsilon);
    amkd_word_print(momentum, sizeof momentum, s->momentum);
    const int with_epsilon = s->epsilon != usual.epsilon;
    const int with_momentum = s->momentum != usual.momentum;
    snprintf(text, nbytes, "%s%s%s%s", with_epsilon ? " e" : "",
             with_epsilon ? epsilon : "", with_momentum ? " m" : "",
             with_momentum ? momentum : "");
}

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    static const amkd_parameter parameters[] = {
        [WEIGHT] = {.name = "weight", .first = 1},
        [BIAS] = {.name = "bias"},
        [MEAN] = {.name = "running_mean", .role = AMKD_STATE},
        [VARIANCE] = {.name = "running_var",
                      .role = AMKD_STATE,
                      .first = 1,
                      .positive = 1},
    };
    (void)where;
    layer->out = *inputs;
    layer->nparameters = NPARAMETERS;
    for (size_t p = 0; p < NPARAMETERS; p++) {
        layer->parameters[p] = parameters[p];
        layer->parameters[p].ndim = 1;
        layer->parameters[p].dims[0] = layer->parameters[p].n = inputs->channels;
    }
    return 0;
}

/* A channel of a batch: value i of sample s is at [s][c][i]. */
typedef struct channel {
    double mean, inverse, weight; /* inverse: 1 / sqrt(var + eps) */
    double sum_d, sum_dx;         /* of d_out, and of it times the normalized x */
} channel;

static channel measure(const amkd_layer *layer, const amkd_batch64 *b, size_t c)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    const size_t size = layer->in.height * layer->in.width,
                 nchannels = layer->in.channels;
    const double n = (double)(b->n * size);
    double *parameters = b->parameters + c;
    channel ch = {.weight = parameters[layer->parameters[WEIGHT].offset]};
    double variance = 0;
    if (!b->training) {
        ch.mean = parameters[layer->parameters[MEAN].offset];
        variance = parameters[layer->parameters[VARIANCE].offset];
    } else {
        for (size_t at = 0; at < b->n * size; at++)
            ch.mean += b->in[0][(at / size * nchannels + c) * size + at % size] / n;
        for (size_t at = 0; at < b->n * size; at++) {
            const double d =
                b->in[0][(at / size * nchannels + c) * size + at % size] - ch.mean;
            variance += d * d / n;
        }
    }
    ch.inverse = 1 / sqrt(variance + (double)s->epsilon);
    if (b->training && !b->d_out) {
        const double m = (double)s->momentum, unbiased = variance * n / (n - 1);
        double *mean = parameters + layer->parameters[MEAN].offset;
        double *var = parameters + layer->parameters[VARIANCE].offset;
        *mean = (1 - m) * *mean + m * ch.mean;
        *var = (1 - m) * *var + m * unbiased;
    }
    return ch;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t size = layer->in.height * layer->in.width,
                 nchannels = layer->in.channels;
    for (size_t c = 0; c < nchannels; c++) {
        const channel ch = measure(layer, b, c);
        const double bias = b->parameters[layer->parameters[BIAS].offset + c];
        for (size_t at = 0; at < b->n * size; at++) {
            const size_t i = (at / size * nchannels + c) * size + at % size;
            b->out[i] = ch.weight * (b->in[0][i] - ch.mean) * ch.inverse + bias;
        }
    }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t size = layer->in.height * layer->in.width,
                 nchannels = layer->in.channels;
    const double n = (double)(b->n * size);
    for (size_t c = 0; c < nchannels; c++) {
        channel ch = measure(layer, b, c);
        for (size_t at = 0; at < b->n * size; at++) {
            const size_t i = (at / size * nchannels + c) * size + at % size;
            ch.sum_d += b->d_out[i];
            ch.sum_dx += b->d_out[i] * (b->in[0][i] - ch.mean) * ch.inverse;
        }
        b->d_parameters[layer->parameters[WEIGHT].offset + c] += ch.sum_dx;
        b->d_parameters[layer->parameters[BIAS].offset + c] += ch.sum_d;
        for (size_t at = 0; at < b->n * size; at++) {
            const size_t i = (at / size * nchannels + c) * size + at % size;
            const double normalized = (b->in[0][i] - ch.mean) * ch.inverse;
            const double batch =
                b->training ? (ch.sum_d + normalized * ch.sum_dx) / n : 0;
            b->d_in[0][i] += ch.weight * ch.inverse * (b->d_out[i] - batch);
        }
    }
}

static void affine(const amkd_layer *layer, const float *parameters, float *scale,
                   float *shift)
{
    const double epsilon = (double)AMKD_SETTINGS_OF(settings, layer)->epsilon;
    for (size_t c = 0; c < layer->in.channels; c++) {
        double p[NPARAMETERS];
        for (size_t k = 0; k < NPARAMETERS; k++)
            p[k] = (double)parameters[layer->parameters[k].offset + c];
        const double by = p[WEIGHT] / sqrt(p[VARIANCE] + epsilon);
        scale[c] = (float)by;
        shift[c] = (float)(p[BIAS] - p[MEAN] * by);
    }
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    const double epsilon = (double)AMKD_SETTINGS_OF(settings, layer)->epsilon;
    double largest = 0;
    for (size_t c = 0; c < layer->in.channels; c++) {
        double p[NPARAMETERS];
        for (size_t k = 0; k < NPARAMETERS; k++)
            p[k] = (double)parameters[layer->parameters[k].offset + c];
        const double by = fabs(p[WEIGHT]) / sqrt(p[VARIANCE] + epsilon);
        const double most = (bounds[0] + fabs(p[MEAN])) * by + fabs(p[BIAS]);
        if (!(most < INFINITY))
            return INFINITY;
        largest = fmax(largest, most);
    }
    return largest;
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    const amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    const amkd_norm norm = {.weights = layer->parameters[WEIGHT].offset,
                            .biases = layer->parameters[BIAS].offset,
                            .means = layer->parameters[MEAN].offset,
                            .variances = layer->parameters[VARIANCE].offset,
                            .epsilon = s->epsilon,
                            .momentum = s->momentum};
    return amkd_norm_new(out, device, &shape, &norm);
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_begin(graph, "BatchNormalization", layer->module);
    amkd_onnx_input(graph, at->inputs[0]);
    amkd_layer_onnx_tensors(layer, at, graph);
    amkd_onnx_real(graph, "epsilon", AMKD_SETTINGS_OF(settings, layer)->epsilon);
    amkd_onnx_end(graph, at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    const size_t n = layer->in.channels, number = at->number;
    float *factors = amkd_alloc(2 * n, sizeof *factors);
    if (!factors) {
        program->failed = 1;
        return;
    }
    affine(layer, at->parameters, factors, factors + n);
    amkd_c99_use(program, "bn");
    amkd_c99_floats(program, "factors", number, factors, n);
    amkd_c99_floats(program, "shifts", number, factors + n, n);
    amkd_c99_call(program, "bn(%s, %s, factors_%zu, shifts_%zu, %zu, %zu);", at->output,
                  at->inputs[0], number, number, n, layer->in.height * layer->in.width);
    free(factors);
}

static int takes_sum(const amkd_layer *layer)
{
    (void)layer;
    return 1;
}

static const amkd_example examples[] = {
    {"conv 3 k3 p1 nobias | bn | relu | fc 4 | bn e0.001 m0.3 | fc 3", {2, 7, 5}},
    {"bn | tanh | fc 3", {3, 2, 3}},
    {0},
};

const amkd_kind amkd_kind_bn = {
    .name = "bn",
    .counter = "num_batches_tracked",
    .grammar = "bn [eEPSILON] [mMOMENTUM]",
    .examples = examples,
    .traits = AMKD_TAKES_ACT | AMKD_MASKS | AMKD_NORMALIZES | AMKD_IN_PLACE,
    .facts = {.has_weights = 1, .adds = 1, .needs_x = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .affine = affine,
    .bound = bound,
    .open = open,
    .onnx = onnx,
    .c99 = c99,
    .takes_sum = takes_sum,
};
