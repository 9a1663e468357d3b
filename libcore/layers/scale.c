/* The first branch, an image, times the second, a factor for each of its channels. With
 * one branch alone the image is what goes in, so that a squeeze and excitation (Hu et
 * al., arXiv 1709.01507) is
 *
 *     scale( avgpool all | conv 8 k1 | relu | conv 32 k1 | sigmoid ) */
#include "ops/scale.h"
#include "base/error.h"
#include "layers/kinds.h"

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    layer->out = *inputs;
    if (layer->ninputs != 2)
        return amkd_fail("%s: expected two branches, an image and its factors, not %zu",
                         where, layer->ninputs);
    if (inputs[1].channels != inputs->channels || inputs[1].height != 1 ||
        inputs[1].width != 1)
        return amkd_fail("%s: the factors are %zux%zux%zu, expected %zux1x1 (channels, "
                         "height, width) for an image of %zux%zux%zu",
                         where, inputs[1].channels, inputs[1].height, inputs[1].width,
                         inputs->channels, inputs->channels, inputs->height,
                         inputs->width);
    return 0;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t n = b->n * amkd_shape_size(layer->out);
    const size_t size = layer->out.height * layer->out.width;
    for (size_t i = 0; i < n; i++)
        b->out[i] = b->in[0][i] * b->in[1][i / size];
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t n = b->n * amkd_shape_size(layer->out);
    const size_t size = layer->out.height * layer->out.width;
    for (size_t i = 0; i < n; i++) {
        b->d_in[0][i] += b->d_out[i] * b->in[1][i / size];
        b->d_in[1][i / size] += b->d_out[i] * b->in[0][i];
    }
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    (void)layer, (void)parameters;
    return bounds[0] * bounds[1];
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    return amkd_scale_new(out, device, &shape, options->train);
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_node(graph, "Mul", layer->module, at->inputs[0], at->inputs[1], at->output);
}

static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    amkd_c99_use(program, "scale");
    amkd_c99_call(program, "scale(%s, %s, %s, %zu, %zu);", at->output, at->inputs[0],
                  at->inputs[1], layer->out.channels,
                  layer->out.height * layer->out.width);
}

static const amkd_example examples[] = {
    {"conv 4 k1 | relu | scale( avgpool all | conv 2 k1 | relu | conv 4 k1 | sigmoid ) | "
     "fc 3",
     {2, 5, 3}},
    {"conv 3 k2 | scale( bn ; maxpool all | tanh ) | relu | fc 4 | scale( ; ) | fc 3",
     {1, 3, 4}},
    {0},
};

const amkd_kind amkd_kind_scale = {
    .name = "scale",
    .grammar = "scale( [IMAGE ;] FACTORS )",
    .examples = examples,
    .traits = AMKD_JOINS | AMKD_JOINS_INPUT | AMKD_TAKES_ACT | AMKD_IN_PLACE,
    .facts = {.adds = 1, .needs_x = 1},
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .bound = bound,
    .open = open,
    .onnx = onnx,
    .c99 = c99,
};
