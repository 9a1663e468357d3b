/* Sums in float64, one sampled value at a time. */
#include "ops/op_sample.h"
#include "base/random.h"
#include "ops/act64.h"
#include <math.h>

/* What the passes read: places and sizes of their values (cl/common.cl, net/README.md).
 */
typedef struct data {
    const amkd_op_shape *shape;
    size_t nlanes, nblocks;
} data;

/* One of a sample's values: lane of a block, pixel of a map. */
typedef struct place {
    size_t block, channel, row, column, lane;
} place;

float amkd_trial_value(amkd_trial what, size_t at)
{
    return (float)(2 * amkd_random_uniform(0, what, at) - 1);
}

static double x_at(const data *d, const place *p)
{
    const amkd_op_shape *s = d->shape;
    const size_t map = (p->block * s->in_channels + p->channel) * s->in_height + p->row;
    return (double)amkd_trial_value(
        AMKD_TRIAL_X, (map * s->in_width + p->column) * d->nlanes + p->lane);
}

/* dy, and what is added to y. */
static double y_at(const data *d, const place *p)
{
    const amkd_op_shape *s = d->shape;
    const size_t map = (p->block * s->out_channels + p->channel) * s->out_height + p->row;
    return (double)amkd_trial_value(
        AMKD_TRIAL_DY, (map * s->out_width + p->column) * d->nlanes + p->lane);
}

static double weight_at(const data *d, size_t o, size_t i, size_t a, size_t c)
{
    const amkd_op_shape *s = d->shape;
    const size_t at =
        ((o * s->in_channels + i) * s->kernel_height + a) * s->kernel_width + c;
    return (double)amkd_trial_value(AMKD_TRIAL_PARAMETERS, s->weights + at);
}

static place place_of(size_t at, size_t nlanes, size_t channels, size_t height,
                      size_t width)
{
    const size_t pixel = at / nlanes, map = pixel / (width * height);
    return (place){.block = map / channels,
                   .channel = map % channels,
                   .row = pixel / width % height,
                   .column = pixel % width,
                   .lane = at % nlanes};
}

/* The input's pixel that tap a, c of an output meets; 0 beyond the image. */
static int find_input(place *in, const data *d, const place *out, size_t a, size_t c)
{
    const amkd_op_shape *s = d->shape;
    const size_t row = out->row * s->stride + a * s->dilation;
    const size_t column = out->column * s->stride + c * s->dilation;
    *in = *out;
    in->row = row - s->top;
    in->column = column - s->left;
    return row >= s->top && column >= s->left && in->row < s->in_height &&
           in->column < s->in_width;
}

/* The output's pixel that an input meets by tap a, c; 0 where there is none. */
static int find_output(place *out, const data *d, const place *in, size_t a, size_t c)
{
    const amkd_op_shape *s = d->shape;
    const size_t row = in->row + s->top, column = in->column + s->left;
    const size_t below = a * s->dilation, right = c * s->dilation;
    if (row < below || column < right || (row - below) % s->stride ||
        (column - right) % s->stride)
        return 0;
    *out = *in;
    out->row = (row - below) / s->stride;
    out->column = (column - right) / s->stride;
    return out->row < s->out_height && out->column < s->out_width;
}

static double forward(const data *d, size_t at)
{
    const amkd_op_shape *s = d->shape;
    const place out =
        place_of(at, d->nlanes, s->out_channels, s->out_height, s->out_width);
    double sum =
        s->bias ? (double)amkd_trial_value(AMKD_TRIAL_PARAMETERS, s->biases + out.channel)
                : 0;
    for (size_t a = 0; a < s->kernel_height; a++)
        for (size_t c = 0; c < s->kernel_width; c++) {
            place in;
            if (find_input(&in, d, &out, a, c))
                for (in.channel = 0; in.channel < s->in_channels; in.channel++)
                    sum += weight_at(d, out.channel, in.channel, a, c) * x_at(d, &in);
        }
    if (s->sum)
        sum += y_at(d, &out);
    const amkd_act64 *act = s->act.name ? amkd_act64_find(s->act.name) : NULL;
    return act ? act->forward(sum, (double)s->act.value) : sum;
}

static double backward_data(const data *d, size_t at)
{
    const amkd_op_shape *s = d->shape;
    const place in = place_of(at, d->nlanes, s->in_channels, s->in_height, s->in_width);
    double sum = 0;
    for (size_t a = 0; a < s->kernel_height; a++)
        for (size_t c = 0; c < s->kernel_width; c++) {
            place out;
            if (find_output(&out, d, &in, a, c))
                for (out.channel = 0; out.channel < s->out_channels; out.channel++)
                    sum += weight_at(d, out.channel, in.channel, a, c) * y_at(d, &out);
        }
    const amkd_act64 *act =
        s->previous_act.name ? amkd_act64_find(s->previous_act.name) : NULL;
    return act ? sum * act->slope(NAN, x_at(d, &in), (double)s->previous_act.value) : sum;
}

/* at: of the weights. */
static double backward_weights(const data *d, size_t at)
{
    const amkd_op_shape *s = d->shape;
    const size_t c = at % s->kernel_width, a = at / s->kernel_width % s->kernel_height;
    const size_t kernel = at / (s->kernel_width * s->kernel_height);
    const size_t n = d->nblocks * s->out_height * s->out_width * d->nlanes;
    double sum = 0;
    for (size_t v = 0; v < n; v++) {
        place out = place_of(v, d->nlanes, 1, s->out_height, s->out_width), in;
        out.channel = kernel / s->in_channels;
        if (find_input(&in, d, &out, a, c)) {
            in.channel = kernel % s->in_channels;
            sum += y_at(d, &out) * x_at(d, &in);
        }
    }
    return sum;
}

void amkd_op_sample(amkd_sample *samples, size_t n, const amkd_op_shape *shape,
                    amkd_pass pass, size_t nlanes, size_t nblocks)
{
    const data d = {shape, nlanes, nblocks};
    const size_t nsamples = nblocks * nlanes;
    const size_t nx = nsamples * shape->in_channels * shape->in_height * shape->in_width;
    const size_t ny =
        nsamples * shape->out_channels * shape->out_height * shape->out_width;
    const size_t nweights = shape->out_channels * shape->in_channels *
                            shape->kernel_height * shape->kernel_width;
    const size_t nall = pass == AMKD_FORWARD         ? ny
                        : pass == AMKD_BACKWARD_DATA ? nx
                                                     : nweights;
    for (size_t i = 0; i < n; i++) {
        const size_t at = (size_t)(amkd_random_uniform(1, 0, i) * (double)nall);
        samples[i] = pass == AMKD_FORWARD ? (amkd_sample){at, forward(&d, at)}
                     : pass == AMKD_BACKWARD_DATA
                         ? (amkd_sample){at, backward_data(&d, at)}
                         : (amkd_sample){shape->weights + at, backward_weights(&d, at)};
    }
}
