/* The channels of branches one behind the other (torch.cat along dimension 1). */
#include "base/error.h"
#include "layers/kinds.h"
#include "ops/join.h"
#include <math.h>
#include <string.h>

/* The branches' channels. */
typedef size_t __attribute__((may_alias)) setting;
_Static_assert(AMKD_MAX_INPUTS * sizeof(setting) <= AMKD_SETTINGS_NBYTES,
               "settings are too large");

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    layer->out = (amkd_shape){0, inputs->height, inputs->width};
    for (size_t i = 0; i < layer->ninputs; i++) {
        if (inputs[i].height != inputs->height || inputs[i].width != inputs->width)
            return amkd_fail("%s: its branches end in images of %zux%zu and %zux%zu "
                             "(height, width)",
                             where, inputs->height, inputs->width, inputs[i].height,
                             inputs[i].width);
        AMKD_SETTINGS(setting, layer)[i] = inputs[i].channels;
        layer->out.channels += inputs[i].channels;
    }
    return 0;
}

/* Where input i's values of a sample begin in the batch's output; *n: how many they are.
 */
static size_t part_of(const amkd_layer *layer, size_t sample, size_t i, size_t *n)
{
    const setting *channels = AMKD_SETTINGS_OF(setting, layer);
    const size_t size = layer->out.height * layer->out.width;
    size_t first = sample * layer->out.channels;
    for (size_t before = 0; before < i; before++)
        first += channels[before];
    *n = channels[i] * size;
    return first * size;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    for (size_t s = 0; s < b->n; s++)
        for (size_t i = 0; i < layer->ninputs; i++) {
            size_t n;
            const size_t first = part_of(layer, s, i, &n);
            memcpy(b->out + first, b->in[i] + s * n, n * sizeof(double));
        }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    for (size_t s = 0; s < b->n; s++)
        for (size_t i = 0; i < layer->ninputs; i++) {
            size_t n;
            const size_t first = part_of(layer, s, i, &n);
            for (size_t v = 0; v < n; v++)
                b->d_in[i][s * n + v] += b->d_out[first + v];
        }
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    double most = 0;
    (void)parameters;
    for (size_t i = 0; i < layer->ninputs; i++)
        most = fmax(most, bounds[i]);
    return most;
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    return amkd_concat_new(out, device, &shape, layer->ninputs,
                           AMKD_SETTINGS_OF(setting, layer));
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_begin(graph, "Concat", layer->module);
    for (size_t i = 0; i < layer->ninputs; i++)
        amkd_onnx_input(graph, at->inputs[i]);
    amkd_onnx_number(graph, "axis", 1);
    amkd_onnx_end(graph, at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    amkd_c99_use(program, "copy");
    for (size_t i = 0; i < layer->ninputs; i++) {
        size_t n;
        const size_t first = part_of(layer, 0, i, &n);
        amkd_c99_call(program, "copy(%s + %zu, %s, %zu);", at->output, first,
                      at->inputs[i], n);
    }
}

static const amkd_example examples[] = {
    {"conv 3 k1 | relu | concat( conv 2 k3 p1 | relu ; ; maxpool 3 s1 p1 ) | tanh | fc 3",
     {2, 3, 5}},
    {"concat( fc 3 | relu ; fc 2 ) | concat( ; ) | silu | fc 3", {1, 2, 3}},
    {0},
};

const amkd_kind amkd_kind_concat = {
    .name = "concat",
    .grammar = "concat( BRANCH ; BRANCH [; BRANCH]... )",
    .examples = examples,
    .traits = AMKD_JOINS | AMKD_TAKES_ACT,
    .facts = {.adds = 1},
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .bound = bound,
    .open = open,
    .onnx = onnx,
    .c99 = c99,
};
