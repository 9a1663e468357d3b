/* Max and average pooling (torch.nn.MaxPool2d, AvgPool2d): text, shape, float64 work, op.
 */
#include "ops/pool.h"
#include "base/error.h"
#include "layers/kinds.h"
#include "layers/window.h"
#include "layers/words.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct __attribute__((may_alias)) settings {
    amkd_moving moving;
    int all; /* one window, the whole image */
} settings;
_Static_assert(sizeof(settings) <= AMKD_SETTINGS_NBYTES, "settings are too large");

static int parse(amkd_layer *layer, const amkd_words *words)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    s->moving.dilation = s->moving.stride = 1;
    if (words->n == 2 && !strcmp(words->words[1], "all")) {
        s->all = 1;
        return 0;
    }
    if (words->n < 2 || amkd_word_number(&s->moving.kernel, words->words[1]))
        return amkd_words_fail(words, "expected a window size (as in 'maxpool 2')");
    s->moving.stride = s->moving.kernel;
    const amkd_word_option options[] = {{"s", &s->moving.stride, NULL, 0},
                                        {"p", &s->moving.padding, NULL, 0},
                                        {"same", NULL, &s->moving.same, 0},
                                        {0}};
    return amkd_words_options(words, 2, options);
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    if (s->all) {
        snprintf(text, nbytes, " all");
        return;
    }
    const size_t n = (size_t)snprintf(text, nbytes, " %zu", s->moving.kernel);
    amkd_moving_print(text + n, nbytes - n, &s->moving, s->moving.kernel);
}

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    settings *s = AMKD_SETTINGS(settings, layer);
    layer->out = (amkd_shape){inputs->channels, 1, 1};
    if (s->all)
        return 0;
    return amkd_moving_shape(&s->moving, &layer->out.height, &layer->out.width, *inputs,
                             where);
}

static size_t kernel_height(const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    return s->all ? layer->in.height : s->moving.kernel;
}

static size_t kernel_width(const amkd_layer *layer)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    return s->all ? layer->in.width : s->moving.kernel;
}

/* Calls for each window with its pixels, -1 in the padding. */
typedef struct window {
    size_t npixels; /* of a full window */
    const amkd_layer *layer;
    size_t y, x;
} window;

static ptrdiff_t pixel_of(const window *w, size_t tap)
{
    const size_t width = kernel_width(w->layer);
    return amkd_moving_pixel(&AMKD_SETTINGS_OF(settings, w->layer)->moving, w->layer->in,
                             w->y, w->x, tap / width, tap % width);
}

/* The pixel that a max pooling window takes: the first of the greatest. */
static size_t greatest(const window *w, const double *in)
{
    double most = -INFINITY;
    ptrdiff_t best = -1;
    for (size_t tap = 0; tap < w->npixels; tap++) {
        const ptrdiff_t pixel = pixel_of(w, tap);
        if (pixel >= 0 && (best < 0 || in[pixel] > most)) {
            best = pixel;
            most = in[pixel];
        }
    }
    return (size_t)best;
}

static double mean(const window *w, const double *in)
{
    double sum = 0;
    for (size_t tap = 0; tap < w->npixels; tap++) {
        const ptrdiff_t pixel = pixel_of(w, tap);
        sum += pixel >= 0 ? in[pixel] : 0;
    }
    return sum / (double)w->npixels;
}

static void spread(const window *w, double *d_in, double d_out)
{
    for (size_t tap = 0; tap < w->npixels; tap++) {
        const ptrdiff_t pixel = pixel_of(w, tap);
        if (pixel >= 0)
            d_in[pixel] += d_out / (double)w->npixels;
    }
}

/* One pass over all windows: forward where d_in is NULL. */
static void pass64(const amkd_layer *layer, const amkd_batch64 *b, int average,
                   double *d_in)
{
    const size_t nin = layer->in.height * layer->in.width;
    const size_t nout = layer->out.height * layer->out.width;
    window w = {kernel_height(layer) * kernel_width(layer), layer, 0, 0};
    for (size_t plane = 0; plane < b->n * layer->in.channels; plane++)
        for (size_t at = 0; at < nout; at++) {
            const double *in = b->in[0] + plane * nin;
            w.y = at / layer->out.width;
            w.x = at % layer->out.width;
            if (!d_in)
                b->out[plane * nout + at] = average ? mean(&w, in) : in[greatest(&w, in)];
            else if (average)
                spread(&w, d_in + plane * nin, b->d_out[plane * nout + at]);
            else
                d_in[plane * nin + greatest(&w, in)] += b->d_out[plane * nout + at];
        }
}

static void max_forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    pass64(layer, b, 0, NULL);
}

static void max_backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    pass64(layer, b, 0, b->d_in[0]);
}

static void mean_forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    pass64(layer, b, 1, NULL);
}

static void mean_backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    pass64(layer, b, 1, b->d_in[0]);
}

/* A mean is summed before it is divided. */
static double mean_bound(const amkd_layer *layer, const float *parameters,
                         const double *bounds)
{
    (void)parameters;
    const double sum = bounds[0] * (double)(kernel_height(layer) * kernel_width(layer));
    return sum < (double)FLT_MAX / 4 ? bounds[0] : INFINITY;
}

static int open_pool(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                     const amkd_op_options *options, int average)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    shape.kernel_height = kernel_height(layer);
    shape.kernel_width = kernel_width(layer);
    shape.stride = s->moving.stride;
    shape.top = s->moving.top;
    shape.left = s->moving.left;
    return amkd_pool_new(out, device, &shape, average, options->train);
}

static int open_max(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                    const amkd_op_options *options)
{
    return open_pool(out, device, layer, options, 0);
}

static int open_mean(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                     const amkd_op_options *options)
{
    return open_pool(out, device, layer, options, 1);
}

static int part_of(amkd_part *part, const amkd_layer *layer, int average)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    if (s->moving.padding || s->moving.same ||
        kernel_height(layer) != kernel_width(layer))
        return 0;
    *part = (amkd_part){.type = AMKD_PART_POOL,
                        .kernel_height = kernel_height(layer),
                        .kernel_width = kernel_width(layer),
                        .stride = s->all ? kernel_height(layer) : s->moving.stride,
                        .average = average};
    return 1;
}

static int max_part(amkd_part *part, const amkd_layer *layer)
{
    return part_of(part, layer, 0);
}

static int mean_part(amkd_part *part, const amkd_layer *layer)
{
    return part_of(part, layer, 1);
}

static void to_onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *onnx,
                    int average)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    const char *operators[] = {"MaxPool", "AveragePool", "GlobalMaxPool",
                               "GlobalAveragePool"};
    amkd_onnx_begin(onnx, operators[2 * s->all + average], layer->module);
    amkd_onnx_input(onnx, at->inputs[0]);
    if (!s->all)
        amkd_moving_onnx(&s->moving, layer, onnx);
    if (!s->all && average)
        amkd_onnx_number(onnx, "count_include_pad", 1);
    amkd_onnx_end(onnx, at->output);
}

static void to_c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program,
                   const char *routine)
{
    const settings *s = AMKD_SETTINGS_OF(settings, layer);
    char text[AMKD_WINDOW_NBYTES];
    amkd_c99_use(program, routine);
    amkd_moving_c99(text, &s->moving, layer, kernel_height(layer), kernel_width(layer));
    amkd_c99_call(program, "%s(%s, %s,\n         %s);", routine, at->output,
                  at->inputs[0], text);
}

static void max_onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *onnx)
{
    to_onnx(layer, at, onnx, 0);
}

static void mean_onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *onnx)
{
    to_onnx(layer, at, onnx, 1);
}

static void max_c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    to_c99(layer, at, program, "maxpool");
}

static void mean_c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    to_c99(layer, at, program, "avgpool");
}

static const amkd_example max_examples[] = {
    {"conv 5 k2 | tanh | maxpool 3 s2 | fc 3", {2, 8, 9}},
    {"conv 5 k2 | maxpool 2 s1 | maxpool 2 s1 | fc 3", {2, 6, 7}},
    {"maxpool 2 s3 | fc 3", {3, 7, 8}},
    {"conv 3 k1 | relu | maxpool 3 s2 p1 | fc 3", {2, 9, 8}},
    {0},
};

const amkd_kind amkd_kind_maxpool = {
    .name = "maxpool",
    .grammar = "maxpool K|all [sS] [pP|same]",
    .examples = max_examples,
    .traits = AMKD_WANTS_IMAGE | AMKD_TAKES_ACT | AMKD_MASKS,
    .facts = {.needs_x = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .forward64 = max_forward64,
    .backward64 = max_backward64,
    .open = open_max,
    .part = max_part,
    .onnx = max_onnx,
    .c99 = max_c99,
};

static const amkd_example mean_examples[] = {
    {"conv 5 k2 | avgpool 3 s1 | relu | fc 3", {2, 5, 4}},
    {"conv 3 k1 | relu | avgpool 2 same | avgpool all | fc 3", {2, 5, 7}},
    {0},
};

const amkd_kind amkd_kind_avgpool = {
    .name = "avgpool",
    .grammar = "avgpool K|all [sS] [pP|same]",
    .examples = mean_examples,
    .traits = AMKD_WANTS_IMAGE | AMKD_TAKES_ACT | AMKD_MASKS,
    .facts = {.needs_x = 1},
    .parse = parse,
    .print = print,
    .shape = shape,
    .forward64 = mean_forward64,
    .backward64 = mean_backward64,
    .bound = mean_bound,
    .open = open_mean,
    .part = mean_part,
    .onnx = mean_onnx,
    .c99 = mean_c99,
};
