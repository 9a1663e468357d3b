/* The cost of a tile is the instructions that its work-items take, in multiply-adds. A
 * register tile pays by what it loads for how many multiply-adds, until the accumulators
 * and the weights beside them no longer fit the registers. Where loops meet, a compiler
 * may keep every accumulator twice: those beyond half of the registers then go through
 * memory, once a work-item, which shows in layers of few input channels. */
#include "compute/conv_tiles.h"
#include "compute/op_internal.h"
#include <math.h>

enum { MAX_CHANNELS = 8, MAX_TAPS = 12 };

/* What a kind of device takes, in multiply-adds. Vectors: fitted to two AVX-512 cores
 * under PoCL. Lockstep: loads issue at a quarter of the rate of multiply-adds, and that
 * many work-groups a unit hide each other's waiting. */
typedef struct machine {
    double registers;
    double load;  /* a value or a weight from the cache */
    double spill; /* a register too few, in every step */
    double carry; /* an accumulator beyond half of the registers */
    double step;  /* a loop's step by itself */
    double item;  /* a work-item by itself */
    double slots; /* work-groups under way at once */
} machine;

static machine describe(const amkd_device *device)
{
    const double units = (double)device->ncompute_units;
    if (device->vector_width == 1)
        return (machine){32, 4, 8, 0, 6, 100, 16 * units};
    return (machine){device->vector_width == 16 ? 32 : 16, 0.25, 10, 12, 4, 80, units};
}

/* The best so far; of those that cost the same, the first. */
typedef struct best {
    amkd_conv_tile tile;
    double cost;
} best;

static void consider(best *b, size_t channels, size_t other, double cost)
{
    if (cost < b->cost)
        *b = (best){{{channels, other}}, cost};
}

/* How often all slots are filled. */
static double runs(const machine *m, double ngroups)
{
    return ceil(ngroups / m->slots);
}

static double spilled(const machine *m, double nregisters)
{
    return m->spill * fmax(nregisters - m->registers, 0);
}

static double carried(const machine *m, double naccumulators)
{
    return m->carry * fmax(naccumulators - m->registers / 2, 0);
}

/* One of the two passes whose tiles lie along a row. */
typedef struct row_pass {
    size_t channels, pixels, nrows; /* written, all blocks' rows */
    size_t kernel, taps;
    double steps;    /* rows of taps that a row written meets, over all channels */
    double spread;   /* columns read for a pixel: the stride, or one over it */
    size_t multiple; /* of which a tile's pixels are one */
} row_pass;

static double row_cost(const machine *m, const row_pass *pass, size_t c, size_t p)
{
    const double channels = (double)c, pixels = (double)p;
    const double row_tiles = (double)amkd_tiles(pass->pixels, p);
    const double tiles = (double)amkd_tiles(pass->channels, c) * row_tiles;
    const double ngroups = tiles * (double)pass->nrows;
    const double met = fmin(pass->spread, 1); /* share of the taps that a pixel meets */
    const double kernel = (double)pass->kernel, taps = (double)pass->taps;
    const double columns = (double)amkd_tiles(pass->kernel, pass->taps) *
                           ((pixels - 1) * pass->spread + taps * met);
    const double multiply_adds =
        channels * kernel * met * (double)pass->pixels / row_tiles;
    const double step = multiply_adds + m->load * (columns + channels * kernel) +
                        m->step + spilled(m, channels * pixels + channels * taps + 1);
    const double item = m->item + 2 * channels * pixels + carried(m, channels * pixels);
    return runs(m, ngroups) * (pass->steps * step + item);
}

static amkd_conv_tile best_row_tile(const amkd_device *device, const row_pass *pass)
{
    const machine m = describe(device);
    best b = {.cost = INFINITY};
    for (size_t c = 1; c <= MAX_CHANNELS && c <= pass->channels; c++)
        for (size_t p = pass->multiple;; p += pass->multiple) {
            consider(&b, c, p, row_cost(&m, pass, c, p));
            if (p >= pass->pixels || (double)(c * (p + pass->multiple)) > m.registers)
                break;
        }
    return b.tile;
}

size_t amkd_conv_taps(const amkd_op_shape *shape)
{
    if (shape->kernel <= MAX_TAPS)
        return shape->kernel;
    const size_t ntiles = amkd_tiles(shape->kernel, MAX_TAPS);
    const size_t stride = shape->stride;
    const size_t taps = amkd_tiles(amkd_tiles(shape->kernel, ntiles), stride) * stride;
    return taps < shape->kernel ? taps : shape->kernel;
}

amkd_conv_tile amkd_conv_forward_tile(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    const row_pass pass = {
        .channels = shape->out_channels,
        .pixels = shape->out_width,
        .nrows = shape->out_height * shape->max_blocks,
        .kernel = shape->kernel,
        .taps = amkd_conv_taps(shape),
        .steps = (double)(shape->in_channels * shape->kernel),
        .spread = (double)shape->stride,
        .multiple = 1,
    };
    return best_row_tile(device, &pass);
}

amkd_conv_tile amkd_conv_data_tile(const amkd_device *device, const amkd_op_shape *shape)
{
    const double stride = (double)shape->stride;
    const row_pass pass = {
        .channels = shape->in_channels,
        .pixels = shape->in_width,
        .nrows = shape->in_height * shape->max_blocks,
        .kernel = shape->kernel,
        .taps = amkd_conv_taps(shape),
        .steps = (double)(shape->out_channels * shape->kernel) / stride,
        .spread = 1 / stride,
        .multiple = shape->stride,
    };
    return best_row_tile(device, &pass);
}

static double weights_cost(const machine *m, const amkd_op_shape *shape, size_t o,
                           size_t i)
{
    const size_t t = amkd_conv_taps(shape);
    const double out = (double)o, in = (double)(i * t);
    const double tiles =
        (double)(amkd_tiles(shape->out_channels, o) * amkd_tiles(shape->in_channels, i) *
                 shape->kernel * amkd_tiles(shape->kernel, t));
    const double ngroups = tiles * (double)shape->nslices;
    const double npixels = (double)(shape->out_height * shape->out_width) *
                           (double)shape->max_blocks / (double)shape->nslices;
    const double pixel =
        out * in + m->load * (out + in) + m->step + spilled(m, out * in + out + 1);
    const double item = m->item + 12 * out * in;
    return runs(m, ngroups) * (npixels * pixel + item);
}

amkd_conv_tile amkd_conv_weights_tile(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    const machine m = describe(device);
    const size_t t = amkd_conv_taps(shape);
    best b = {.cost = INFINITY};
    for (size_t o = 1; o <= MAX_CHANNELS && o <= shape->out_channels; o++)
        for (size_t i = 1; i <= MAX_CHANNELS && i <= shape->in_channels; i++)
            if (i == 1 || (double)(o * i * t) <= m.registers)
                consider(&b, o, i, weights_cost(&m, shape, o, i));
    return b.tile;
}
