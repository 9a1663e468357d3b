/* The activations: a row each here, with its kernel row in cl/act.cl. */
#include "ops/act.h"
#include "layers/kinds.h"
#include "layers/words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One of them: y = forward(x), and dy/dx of x and y. value: what stands behind its name,
 * the slope of leaky. */
typedef struct row {
    amkd_kind kind; /* the first member, so that a layer's kind is its row */
    double (*forward)(double x, double value);
    double (*slope)(double x, double y, double value);
    double most; /* what |y| is at most, beside its value at 0 and |x| or |value x| */
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
    const size_t n = b->n * amkd_shape_size(layer->in);
    for (size_t i = 0; i < n; i++)
        b->out[i] = row_of(layer)->forward(b->in[0][i], value);
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const double value = (double)*AMKD_SETTINGS_OF(setting, layer);
    const size_t n = b->n * amkd_shape_size(layer->in);
    for (size_t i = 0; i < n; i++)
        b->d_in[0][i] +=
            b->d_out[i] * row_of(layer)->slope(b->in[0][i], b->out[i], value);
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    const double value = (double)*AMKD_SETTINGS_OF(setting, layer);
    (void)parameters;
    const row *r = row_of(layer);
    return fmin(fabs(r->forward(0, value)) + bounds[0] * fmax(1, value), r->most);
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

static double relu(double x, double value)
{
    (void)value;
    return x > 0 ? x : 0;
}

static double relu_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0;
}

static double relu6(double x, double value)
{
    (void)value;
    return fmin(fmax(x, 0), 6);
}

static double relu6_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0 && y < 6;
}

static double leaky(double x, double value)
{
    return x > 0 ? x : value * x;
}

static double leaky_slope(double x, double y, double value)
{
    (void)x;
    return y > 0 ? 1 : value;
}

static double tanh_of(double x, double value)
{
    (void)value;
    return tanh(x);
}

static double tanh_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return 1 - y * y;
}

static double sigmoid(double x, double value)
{
    (void)value;
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y * (1 - y);
}

static double hardsigmoid(double x, double value)
{
    return relu6(x + 3, value) / 6;
}

static double hardsigmoid_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0 && y < 1 ? 1.0 / 6 : 0;
}

static double silu(double x, double value)
{
    return x * sigmoid(x, value);
}

static double silu_slope(double x, double y, double value)
{
    (void)y;
    const double s = sigmoid(x, value);
    return s * (1 + x * (1 - s));
}

/* x Phi(x), Phi the distribution function of the standard normal. */
static double gelu(double x, double value)
{
    (void)value;
    return x * erfc(-x * sqrt(0.5)) / 2;
}

static double gelu_slope(double x, double y, double value)
{
    (void)y, (void)value;
    const double density = exp(-x * x / 2) / sqrt(8 * atan(1));
    return erfc(-x * sqrt(0.5)) / 2 + x * density;
}

static double hardswish(double x, double value)
{
    return x * hardsigmoid(x, value);
}

static double hardswish_slope(double x, double y, double value)
{
    (void)y, (void)value;
    return x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1;
}

/* A row's kind; more_traits: AMKD_FROM_OUTPUT where slope() has no need of x. In its
 * example it stands alone, and behind a layer. */
#define KIND(text, words, more_traits)                                                   \
    {                                                                                    \
        .name = text, .grammar = words,                                                  \
        .examples =                                                                      \
            (const amkd_example[]){{text " | fc 5 | " text " | fc 3", {1, 2, 3}}, {0}},  \
        .traits = AMKD_IS_ACT | AMKD_MASKS | (more_traits),                              \
        .facts = {.needs_x = 1, .needs_y = 1}, .parse = parse, .print = print,           \
        .forward64 = forward64, .backward64 = backward64, .bound = bound, .open = open,  \
        .part = part, .act = act,                                                        \
    }

static const row rows[] = {
    {KIND("relu", "relu", AMKD_FROM_OUTPUT), relu, relu_slope, INFINITY, "sweep_relu", 0},
    {KIND("relu6", "relu6", AMKD_FROM_OUTPUT), relu6, relu6_slope, 6, "sweep_relu6", 0},
    {KIND("leaky", "leaky [SLOPE]", AMKD_FROM_OUTPUT), leaky, leaky_slope, INFINITY, NULL,
     0.01F},
    {KIND("tanh", "tanh", AMKD_FROM_OUTPUT), tanh_of, tanh_slope, 1, "sweep_tanh", 0},
    {KIND("sigmoid", "sigmoid", AMKD_FROM_OUTPUT), sigmoid, sigmoid_slope, 1, NULL, 0},
    {KIND("hardsigmoid", "hardsigmoid", AMKD_FROM_OUTPUT), hardsigmoid, hardsigmoid_slope,
     1, NULL, 0},
    {KIND("silu", "silu", 0), silu, silu_slope, INFINITY, NULL, 0},
    {KIND("gelu", "gelu", 0), gelu, gelu_slope, INFINITY, NULL, 0},
    {KIND("hardswish", "hardswish", 0), hardswish, hardswish_slope, INFINITY, NULL, 0},
};

const amkd_kind *amkd_kind_act(size_t n)
{
    return n < sizeof rows / sizeof *rows ? &rows[n].kind : NULL;
}
