/* The activations: a row each here, with its kernel row in cl/act.cl. */
#include "ops/act.h"
#include "layers/act_export.h"
#include "layers/kinds.h"
#include "layers/words.h"
#include "ops/act64.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One of them; what it computes: ops/act64.h. */
typedef struct row {
    amkd_kind kind; /* the first member, so that a layer's kind is its row */
    double most;    /* what |y| is at most, beside its value at 0 and |x| or |value x| */
    const char *sweep; /* its function in cl/sweep.cl, if it grows with x; NULL: the fused
                          sweep cannot */
    float usual;       /* the value when none is given; 0: it has none */
} row;

/* A layer's settings. */
typedef float __attribute__((may_alias)) setting;

static const row *row_of(const amkd_layer *layer)
{
    return (const row *)(const void *)layer->kind;
}

static setting *value_of(amkd_layer *layer)
{
    return AMKD_SETTINGS(setting, layer);
}

static int parse(amkd_layer *layer, const amkd_words *words)
{
    const row *r = row_of(layer);
    *value_of(layer) = r->usual;
    if (words->n == 1)
        return 0;
    if (r->usual == 0)
        return amkd_words_fail(words, "takes no sizes");
    float value;
    if (words->n > 2 || amkd_word_real(&value, words->words[1]) || value < 0)
        return amkd_words_fail(words, "expected one number, 0 or more");
    *value_of(layer) = value;
    return 0;
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const float value = *AMKD_SETTINGS_OF(setting, layer);
    text[0] = 0;
    if (value != row_of(layer)->usual)
        amkd_word_print(strcpy(text, " ") + 1, nbytes - 1, value);
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const double value = (double)*AMKD_SETTINGS_OF(setting, layer);
    const amkd_act64 *act = amkd_act64_find(layer->kind->name);
    const size_t n = b->n * amkd_shape_size(layer->in);
    for (size_t i = 0; i < n; i++)
        b->out[i] = act->forward(b->in[0][i], value);
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const double value = (double)*AMKD_SETTINGS_OF(setting, layer);
    const amkd_act64 *act = amkd_act64_find(layer->kind->name);
    const size_t n = b->n * amkd_shape_size(layer->in);
    for (size_t i = 0; i < n; i++)
        b->d_in[0][i] += b->d_out[i] * act->slope(b->in[0][i], b->out[i], value);
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    const double value = (double)*AMKD_SETTINGS_OF(setting, layer);
    const double at_0 = amkd_act64_find(layer->kind->name)->forward(0, value);
    (void)parameters;
    return fmin(fabs(at_0) + bounds[0] * fmax(1, value), row_of(layer)->most);
}

static amkd_act act(const amkd_layer *layer)
{
    return (amkd_act){layer->kind->name, *AMKD_SETTINGS_OF(setting, layer)};
}

/* The activation alone: nothing in front of it could take it. */
static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    shape.act = act(layer);
    return amkd_act_new(out, device, &shape, amkd_layer_is(layer, AMKD_FROM_OUTPUT),
                        options->train);
}

static int part(amkd_part *part, const amkd_layer *layer)
{
    *part = (amkd_part){.type = AMKD_PART_ACT, .act = row_of(layer)->sweep};
    return row_of(layer)->sweep != NULL;
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_act_onnx(layer, at, *AMKD_SETTINGS_OF(setting, layer), graph);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    amkd_act_c99(layer, at, *AMKD_SETTINGS_OF(setting, layer), program);
}

/* A row's kind; more_traits: AMKD_FROM_OUTPUT where slope() has no need of x. In its
 * example it stands alone, and behind a layer. */
#define KIND(text, words, more_traits)                                                   \
    {                                                                                    \
        .name = text, .grammar = words,                                                  \
        .examples =                                                                      \
            (const amkd_example[]){{text " | fc 5 | " text " | fc 3", {1, 2, 3}}, {0}},  \
        .traits = AMKD_IS_ACT | AMKD_MASKS | AMKD_IN_PLACE | (more_traits),              \
        .facts = {.needs_x = 1, .needs_y = 1}, .parse = parse, .print = print,           \
        .forward64 = forward64, .backward64 = backward64, .bound = bound, .open = open,  \
        .part = part, .act = act, .onnx = onnx, .c99 = c99,                              \
    }

static const row rows[] = {
    {KIND("relu", "relu", AMKD_FROM_OUTPUT), INFINITY, "sweep_relu", 0},
    {KIND("relu6", "relu6", AMKD_FROM_OUTPUT), 6, "sweep_relu6", 0},
    {KIND("leaky", "leaky [SLOPE]", AMKD_FROM_OUTPUT), INFINITY, NULL, 0.01F},
    {KIND("tanh", "tanh", AMKD_FROM_OUTPUT), 1, "sweep_tanh", 0},
    {KIND("sigmoid", "sigmoid", AMKD_FROM_OUTPUT), 1, NULL, 0},
    {KIND("hardsigmoid", "hardsigmoid", AMKD_FROM_OUTPUT), 1, NULL, 0},
    {KIND("silu", "silu", 0), INFINITY, NULL, 0},
    {KIND("gelu", "gelu", 0), INFINITY, NULL, 0},
    {KIND("hardswish", "hardswish", 0), INFINITY, NULL, 0},
};

const amkd_kind *amkd_kind_act(size_t n)
{
    return n < sizeof rows / sizeof *rows ? &rows[n].kind : NULL;
}
