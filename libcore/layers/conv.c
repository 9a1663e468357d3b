/* Convolution (torch.nn.Conv2d): its text, shape, float64 work, and op. */
#include "ops/conv.h"
#include "base/error.h"
#include "layers/kinds.h"
#include "layers/linear.h"
#include "layers/window.h"
#include "ops/depthwise.h"
#include <stdio.h>
#include <string.h>

typedef struct __attribute__((may_alias)) settings {
    amkd_moving moving;
    size_t groups; /* channels in as many parts, each of which sees itself alone */
    int nobias;
} settings;
_Static_assert(sizeof(settings) <= AMKD_SETTINGS_NBYTES, "settings are too large");

static int parse(amkd_layer *layer, const amkd_words *words)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    s->moving.stride = s->moving.dilation = s->groups = 1;
    const amkd_word_option options[] = {
        {"k", &s->moving.kernel, NULL, 1},   {"s", &s->moving.stride, NULL, 0},
        {"p", &s->moving.padding, NULL, 0},  {"same", NULL, &s->moving.same, 0},
        {"d", &s->moving.dilation, NULL, 0}, {"g", &s->groups, NULL, 0},
        {"nobias", NULL, &s->nobias, 0},     {0},
    };
    if (words->n < 2 || amkd_word_number(&layer->out.channels, words->words[1]) ||
        !layer->out.channels)
        return amkd_words_fail(words,
                               "expected a number of channels (as in 'conv 6 k5')");
    return amkd_words_options(words, 2, options);
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    size_t n = (size_t)snprintf(text, nbytes, " %zu k%zu", layer->out.channels,
                                s->moving.kernel);
    n += (size_t)amkd_moving_print(text + n, nbytes - n, &s->moving, 1);
    if (s->groups != 1)
        n += (size_t)snprintf(text + n, nbytes - n, " g%zu", s->groups);
    if (s->nobias)
        snprintf(text + n, nbytes - n, " nobias");
}

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    const size_t in = inputs->channels, kernel = s->moving.kernel;
    if (!s->groups || in % s->groups || layer->out.channels % s->groups)
        return amkd_fail("%s: %zu groups do not divide %zu channels into %zu", where,
                         s->groups, in, layer->out.channels);
    const amkd_linear linear = {
        .dims = {layer->out.channels, in / s->groups, kernel, kernel},
        .ndim = 4,
        .bias = !s->nobias,
        .fan_out = layer->out.channels / s->groups * kernel * kernel,
    };
    return amkd_moving_shape(&s->moving, &layer->out.height, &layer->out.width, *inputs,
                             where) ||
                   amkd_linear_place(layer, &linear, where)
               ? -1
               : 0;
}

/* Calls with the index of each weight and the input that it meets at (o, y, x). */
typedef void meet(void *context, size_t weight, size_t input);

static void for_taps(const amkd_layer *layer, size_t o, size_t y, size_t x, meet *call,
                     void *context)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    const size_t k = s->moving.kernel, npixels = layer->in.height * layer->in.width;
    const size_t nin = layer->in.channels / s->groups;
    const size_t first = o / (layer->out.channels / s->groups) * nin;
    for (size_t i = 0; i < nin; i++)
        for (size_t tap = 0; tap < k * k; tap++) {
            const ptrdiff_t pixel =
                amkd_moving_pixel(&s->moving, layer->in, y, x, tap / k, tap % k);
            if (pixel >= 0)
                call(context, (o * nin + i) * k * k + tap,
                     (first + i) * npixels + (size_t)pixel);
        }
}

/* A sample's work, at one output. */
typedef struct place {
    const double *in, *weights;
    double sum; /* forward */
    double d_out, *d_in, *d_weights;
} place;

static void add_forward(void *context, size_t weight, size_t input)
{
    place *p = context;
    p->sum += p->weights[weight] * p->in[input];
}

static void add_backward(void *context, size_t weight, size_t input)
{
    place *p = context;
    p->d_weights[weight] += p->d_out * p->in[input];
    p->d_in[input] += p->d_out * p->weights[weight];
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = amkd_shape_size(layer->in), width = layer->out.width;
    const size_t npixels = layer->out.height * width;
    for (size_t s = 0; s < b->n; s++)
        for (size_t o = 0; o < layer->out.channels; o++)
            for (size_t at = 0; at < npixels; at++) {
                place p = {.in = b->in[0] + s * nin,
                           .weights = b->parameters + layer->parameters[0].offset};
                if (layer->nparameters > 1)
                    p.sum = b->parameters[layer->parameters[1].offset + o];
                for_taps(layer, o, at / width, at % width, add_forward, &p);
                b->out[(s * layer->out.channels + o) * npixels + at] = p.sum;
            }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t nin = amkd_shape_size(layer->in), width = layer->out.width;
    const size_t npixels = layer->out.height * width;
    const size_t weights = layer->parameters[0].offset;
    for (size_t s = 0; s < b->n; s++)
        for (size_t o = 0; o < layer->out.channels; o++)
            for (size_t at = 0; at < npixels; at++) {
                place p = {.in = b->in[0] + s * nin,
                           .weights = b->parameters + weights,
                           .d_out =
                               b->d_out[(s * layer->out.channels + o) * npixels + at],
                           .d_in = b->d_in[0] + s * nin,
                           .d_weights = b->d_parameters + weights};
                if (layer->nparameters > 1)
                    b->d_parameters[layer->parameters[1].offset + o] += p.d_out;
                for_taps(layer, o, at / width, at % width, add_backward, &p);
            }
}

static int covers(const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    return !s->moving.top && !s->moving.left && s->groups == 1 &&
           s->moving.dilation == 1 && s->moving.kernel == layer->in.height &&
           s->moving.kernel == layer->in.width && layer->out.height == 1 &&
           layer->out.width == 1;
}

static amkd_op_shape op_shape(const amkd_layer *layer, const amkd_op_options *options)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    amkd_op_shape shape = amkd_linear_op_shape(layer, options);
    shape.kernel_height = shape.kernel_width = s->moving.kernel;
    shape.stride = s->moving.stride;
    shape.dilation = s->moving.dilation;
    shape.groups = s->groups;
    shape.top = s->moving.top;
    shape.left = s->moving.left;
    return shape;
}

static int is_plain(const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    return !covers(layer) && s->groups == 1 && s->moving.dilation == 1;
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = op_shape(layer, options);
    return (covers(layer)     ? amkd_dense_new
            : is_plain(layer) ? amkd_conv_new
            : amkd_depthwise_fits(device, &shape)
                ? amkd_depthwise_new
                : amkd_grouped_new)(out, device, &shape, options->train);
}

static size_t scratch(const amkd_device *device, const amkd_layer *layer, int train)
{
    const amkd_op_options options = {.train = train};
    const amkd_op_shape shape = op_shape(layer, &options);
    return is_plain(layer) ? amkd_conv_scratch(device, &shape, train) : 0;
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    amkd_onnx_begin(graph, "Conv", layer->module);
    amkd_onnx_input(graph, at->inputs[0]);
    amkd_layer_onnx_tensors(layer, at, graph);
    amkd_moving_onnx(&s->moving, layer, graph);
    if (s->groups != 1)
        amkd_onnx_number(graph, "group", s->groups);
    amkd_onnx_end(graph, at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    char arrays[AMKD_ARRAYS_NBYTES], window[AMKD_WINDOW_NBYTES];
    amkd_c99_use(program, "conv");
    amkd_linear_c99(arrays, layer, at, program);
    amkd_moving_c99(window, &s->moving, layer, s->moving.kernel, s->moving.kernel);
    amkd_c99_call(program, "conv(%s, %s, %s, %zu,\n         %s);", at->output,
                  at->inputs[0], arrays, s->groups, window);
}

static void give_bias(amkd_layer *layer)
{
    AMKD_SETTINGS(settings, layer)->nobias = 0;
}

static int part(amkd_part *part, const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    if (s->groups != 1 || s->moving.dilation != 1 || s->moving.same || s->nobias)
        return 0;
    *part = (amkd_part){.type = AMKD_PART_LINEAR,
                        .kernel_height = s->moving.kernel,
                        .kernel_width = s->moving.kernel,
                        .stride = s->moving.stride,
                        .padding = s->moving.padding,
                        .covers = covers(layer),
                        .weights = layer->parameters[0].offset,
                        .biases = layer->parameters[1].offset};
    return 1;
}

static const amkd_example examples[] = {
    {"conv 3 k1 | conv 7 k3 p2 | relu | fc 3", {3, 11, 7}},
    {"conv 3 k1 | conv 5 k4 s3 p1 | tanh | fc 3", {2, 13, 14}},
    {"conv 3 k1 | relu | conv 4 k2 s3 | fc 3", {2, 9, 8}},
    {"conv 13 k5", {3, 5, 5}},
    {"conv 4 k3 p1 | relu | conv 6 k3 s2 same g2 | conv 6 k3 p2 d2 g6 nobias | fc 3",
     {2, 7, 10}},
    {0},
};

const amkd_kind amkd_kind_conv = {
    .name = "conv",
    .grammar = "conv N kK [sS] [pP|same] [dD] [gG] [nobias]",
    .examples = examples,
    .traits = AMKD_WANTS_IMAGE | AMKD_TAKES_ACT | AMKD_MASKS | AMKD_ENDS,
    .facts = {.has_weights = 1, .adds = 1, .needs_x = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .nmacs = amkd_linear_nmacs,
    .forward64 = forward64,
    .backward64 = backward64,
    .bound = amkd_linear_bound,
    .open = open,
    .takes_sum = is_plain,
    .scratch = scratch,
    .part = part,
    .onnx = onnx,
    .c99 = c99,
    .give_bias = give_bias,
};
