/* The float64 reference: one loop nest a layer type and direction, each its formula. */
#include "net/reference.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct amkd_reference {
    amkd_arch arch;
    double *parameters;
    double **values;   /* [nlayers + 1]: the input, then each layer's output, [c][y][x] */
    double **d_values; /* the loss's gradients by them */
};

static int new_values(amkd_reference *reference)
{
    size_t nlayers = reference->arch.nlayers;
    reference->values = amkd_alloc(nlayers + 1, sizeof(double *));
    reference->d_values = amkd_alloc(nlayers + 1, sizeof(double *));
    if (!reference->values || !reference->d_values)
        return -1;
    for (size_t l = 0; l <= nlayers; l++) {
        amkd_shape shape = l ? reference->arch.layers[l - 1].out : reference->arch.in;
        reference->values[l] = amkd_alloc(amkd_shape_size(shape), sizeof(double));
        reference->d_values[l] = amkd_alloc(amkd_shape_size(shape), sizeof(double));
        if (!reference->values[l] || !reference->d_values[l])
            return -1;
    }
    return 0;
}

int amkd_reference_new(amkd_reference **out, const amkd_arch *arch,
                       const float *parameters)
{
    *out = NULL;
    amkd_reference *reference = amkd_alloc(1, sizeof(*reference));
    if (!reference)
        return -1;
    reference->parameters = amkd_alloc(arch->nparameters, sizeof(double));
    if (!reference->parameters || amkd_arch_copy(&reference->arch, arch) ||
        new_values(reference)) {
        amkd_reference_free(reference);
        return -1;
    }
    for (size_t p = 0; p < arch->nparameters; p++)
        reference->parameters[p] = (double)parameters[p];
    *out = reference;
    return 0;
}

void amkd_reference_free(amkd_reference *reference)
{
    if (!reference)
        return;
    for (size_t l = 0; l <= reference->arch.nlayers; l++) {
        if (reference->values)
            free(reference->values[l]);
        if (reference->d_values)
            free(reference->d_values[l]);
    }
    free(reference->values);
    free(reference->d_values);
    free(reference->parameters);
    amkd_arch_clear(&reference->arch);
    free(reference);
}

double *amkd_reference_parameters(amkd_reference *reference)
{
    return reference->parameters;
}

/* The index of [c][y][x]. */
static size_t at(amkd_shape shape, size_t c, size_t y, size_t x)
{
    return (c * shape.height + y) * shape.width + x;
}

/* For output (y, x) and offset (ky, kx) in its window: the input pixel, -1 in the
 * padding. */
static ptrdiff_t window_pixel(const amkd_layer *layer, size_t y, size_t x, size_t ky,
                              size_t kx)
{
    size_t in_y = y * layer->stride + ky, in_x = x * layer->stride + kx;
    if (in_y < layer->padding || in_y - layer->padding >= layer->in.height ||
        in_x < layer->padding || in_x - layer->padding >= layer->in.width)
        return -1;
    return (ptrdiff_t)((in_y - layer->padding) * layer->in.width + in_x - layer->padding);
}

/* One output of a convolution and its gradients: forward when d_out is NULL. */
static double conv_at(const amkd_layer *layer, const double *parameters, const double *in,
                      size_t oc, size_t y, size_t x, const double *d_out,
                      double *d_parameters, double *d_in)
{
    size_t kernel = layer->kernel, npixels = layer->in.height * layer->in.width;
    double sum = parameters[layer->biases + oc];
    if (d_out)
        d_parameters[layer->biases + oc] += *d_out;
    for (size_t ic = 0; ic < layer->in.channels; ic++)
        for (size_t ky = 0; ky < kernel; ky++)
            for (size_t kx = 0; kx < kernel; kx++) {
                ptrdiff_t pixel = window_pixel(layer, y, x, ky, kx);
                if (pixel < 0)
                    continue;
                size_t i = ic * npixels + (size_t)pixel;
                size_t w = layer->weights +
                           ((oc * layer->in.channels + ic) * kernel + ky) * kernel + kx;
                sum += parameters[w] * in[i];
                if (d_out) {
                    d_parameters[w] += *d_out * in[i];
                    d_in[i] += *d_out * parameters[w];
                }
            }
    return sum;
}

/* The input that a max pooling window takes: the first of the greatest. */
static size_t max_index(const amkd_layer *layer, const double *in, size_t c, size_t y,
                        size_t x)
{
    size_t best = at(layer->in, c, y * layer->stride, x * layer->stride);
    for (size_t ky = 0; ky < layer->kernel; ky++)
        for (size_t kx = 0; kx < layer->kernel; kx++) {
            size_t i = at(layer->in, c, y * layer->stride + ky, x * layer->stride + kx);
            if (in[i] > in[best])
                best = i;
        }
    return best;
}

static double average(const amkd_layer *layer, const double *in, size_t c, size_t y,
                      size_t x)
{
    double sum = 0;
    for (size_t ky = 0; ky < layer->kernel; ky++)
        for (size_t kx = 0; kx < layer->kernel; kx++)
            sum += in[at(layer->in, c, y * layer->stride + ky, x * layer->stride + kx)];
    return sum / (double)(layer->kernel * layer->kernel);
}

static void spread(const amkd_layer *layer, double *d_in, size_t c, size_t y, size_t x,
                   double d_out)
{
    double share = d_out / (double)(layer->kernel * layer->kernel);
    for (size_t ky = 0; ky < layer->kernel; ky++)
        for (size_t kx = 0; kx < layer->kernel; kx++)
            d_in[at(layer->in, c, y * layer->stride + ky, x * layer->stride + kx)] +=
                share;
}

/* out[o] = b[o] + sum_i W[o][i] in[i] */
static void fc_forward(const amkd_layer *layer, const double *parameters, double *out,
                       const double *in)
{
    size_t nin = layer->in.channels;
    for (size_t o = 0; o < layer->out.channels; o++) {
        out[o] = parameters[layer->biases + o];
        for (size_t i = 0; i < nin; i++)
            out[o] += parameters[layer->weights + o * nin + i] * in[i];
    }
}

static void fc_backward(const amkd_layer *layer, const double *parameters,
                        const double *in, const double *d_out, double *d_parameters,
                        double *d_in)
{
    size_t nin = layer->in.channels;
    for (size_t o = 0; o < layer->out.channels; o++) {
        d_parameters[layer->biases + o] += d_out[o];
        for (size_t i = 0; i < nin; i++) {
            d_parameters[layer->weights + o * nin + i] += d_out[o] * in[i];
            d_in[i] += d_out[o] * parameters[layer->weights + o * nin + i];
        }
    }
}

/* Layers of windows: convolution and pooling. */
static void window_forward(const amkd_layer *layer, const double *parameters, double *out,
                           const double *in)
{
    for (size_t c = 0; c < layer->out.channels; c++)
        for (size_t y = 0; y < layer->out.height; y++)
            for (size_t x = 0; x < layer->out.width; x++)
                out[at(layer->out, c, y, x)] =
                    layer->type == AMKD_CONV
                        ? conv_at(layer, parameters, in, c, y, x, NULL, NULL, NULL)
                    : layer->type == AMKD_MAXPOOL ? in[max_index(layer, in, c, y, x)]
                                                  : average(layer, in, c, y, x);
}

static void window_backward(const amkd_layer *layer, const double *parameters,
                            const double *in, const double *d_out, double *d_parameters,
                            double *d_in)
{
    for (size_t c = 0; c < layer->out.channels; c++)
        for (size_t y = 0; y < layer->out.height; y++)
            for (size_t x = 0; x < layer->out.width; x++) {
                const double *d = &d_out[at(layer->out, c, y, x)];
                if (layer->type == AMKD_CONV)
                    conv_at(layer, parameters, in, c, y, x, d, d_parameters, d_in);
                else if (layer->type == AMKD_MAXPOOL)
                    d_in[max_index(layer, in, c, y, x)] += *d;
                else
                    spread(layer, d_in, c, y, x, *d);
            }
}

void amkd_reference_forward(amkd_reference *reference, double *logits,
                            const double *input)
{
    const amkd_arch *arch = &reference->arch;
    memcpy(reference->values[0], input, amkd_shape_size(arch->in) * sizeof(double));
    for (size_t l = 0; l < arch->nlayers; l++) {
        const amkd_layer *layer = &arch->layers[l];
        const double *in = reference->values[l];
        double *out = reference->values[l + 1];
        size_t n = amkd_shape_size(layer->out);
        switch (layer->type) {
        case AMKD_CONV:
        case AMKD_MAXPOOL:
        case AMKD_AVGPOOL:
            window_forward(layer, reference->parameters, out, in);
            break;
        case AMKD_FC:
            fc_forward(layer, reference->parameters, out, in);
            break;
        case AMKD_RELU:
            for (size_t i = 0; i < n; i++)
                out[i] = in[i] > 0 ? in[i] : 0;
            break;
        case AMKD_TANH:
            for (size_t i = 0; i < n; i++)
                out[i] = tanh(in[i]);
            break;
        case AMKD_FLATTEN:
            memcpy(out, in, n * sizeof(double));
            break;
        }
    }
    memcpy(logits, reference->values[arch->nlayers], arch->nclasses * sizeof(double));
}

static void layer_backward(amkd_reference *reference, size_t l, double *d_parameters)
{
    const amkd_layer *layer = &reference->arch.layers[l];
    const double *in = reference->values[l], *out = reference->values[l + 1];
    const double *d_out = reference->d_values[l + 1];
    double *d_in = reference->d_values[l];
    size_t nin = amkd_shape_size(layer->in);
    memset(d_in, 0, nin * sizeof(double));
    switch (layer->type) {
    case AMKD_CONV:
    case AMKD_MAXPOOL:
    case AMKD_AVGPOOL:
        window_backward(layer, reference->parameters, in, d_out, d_parameters, d_in);
        break;
    case AMKD_FC:
        fc_backward(layer, reference->parameters, in, d_out, d_parameters, d_in);
        break;
    case AMKD_RELU:
        for (size_t i = 0; i < nin; i++)
            d_in[i] = in[i] > 0 ? d_out[i] : 0;
        break;
    case AMKD_TANH: /* tanh' = 1 - tanh^2 */
        for (size_t i = 0; i < nin; i++)
            d_in[i] = d_out[i] * (1 - out[i] * out[i]);
        break;
    case AMKD_FLATTEN:
        memcpy(d_in, d_out, nin * sizeof(double));
        break;
    }
}

/* log sum_y exp(logits[y]), without overflow. */
static double log_sum_exp(const double *logits, size_t n)
{
    double highest = logits[0], sum = 0;
    for (size_t y = 1; y < n; y++)
        highest = logits[y] > highest ? logits[y] : highest;
    for (size_t y = 0; y < n; y++)
        sum += exp(logits[y] - highest);
    return highest + log(sum);
}

void amkd_reference_softmax(double *probs, const double *logits, size_t n)
{
    double total = log_sum_exp(logits, n);
    for (size_t y = 0; y < n; y++)
        probs[y] = exp(logits[y] - total);
}

double amkd_reference_backward(amkd_reference *reference, double *d_parameters,
                               double *d_input, const double *target)
{
    const amkd_arch *arch = &reference->arch;
    const double *logits = reference->values[arch->nlayers];
    double *d_logits = reference->d_values[arch->nlayers];
    double total = log_sum_exp(logits, arch->nclasses), loss = 0, target_sum = 0;
    for (size_t y = 0; y < arch->nclasses; y++) {
        loss += target[y] * (total - logits[y]);
        target_sum += target[y];
    }
    for (size_t y = 0; y < arch->nclasses; y++)
        d_logits[y] = target_sum * exp(logits[y] - total) - target[y];
    for (size_t l = arch->nlayers; l-- > 0;)
        layer_backward(reference, l, d_parameters);
    if (d_input)
        memcpy(d_input, reference->d_values[0],
               amkd_shape_size(arch->in) * sizeof(double));
    return loss;
}
