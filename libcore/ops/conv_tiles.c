/* The cost of a tile is the instructions that its work-items take, in multiply-adds. A
 * register tile pays by what it loads for how many multiply-adds, until the accumulators
 * and what is loaded beside them no longer fit the registers. */
#include "ops/conv_tiles.h"
#include "ops/op_internal.h"
#include <math.h>

enum { MAX_CHANNELS = 8, MAX_TAPS = 12 };

/* What of a map a work-item may walk again and find near: half of a small first cache. */
enum { NEAR_NBYTES = 24 << 10 };

/* What a kind of device takes, in multiply-adds. Vectors: fitted to two AVX-512 cores
 * under PoCL. Lockstep: loads issue at a quarter of the rate of multiply-adds, and that
 * many work-groups a unit hide each other's waiting. 48 sums fit the registers of ten
 * GPUs of three vendors but for 128 bytes on two of Intel's, and their loops load less
 * for a multiply-add than with 32 (bench/results/vendors.txt). Those of the weights'
 * gradient are added up in local memory, of which more leaves room for fewer work-groups;
 * seven output channels of them no longer fit the registers of gfx1100. */
typedef struct machine {
    int lockstep;
    double registers;
    double sums;  /* registers for sums that share memory */
    size_t outs;  /* output channels of these at most */
    double load;  /* a value or a weight from the cache */
    double far;   /* beside that, a value from beyond the nearest cache */
    double spill; /* a register too few, in every step */
    double step;  /* a loop's step by itself */
    double item;  /* a work-item by itself */
    double slots; /* work-groups under way at once */
} machine;

static machine describe(const amkd_device *device)
{
    const double units = (double)device->ncompute_units;
    if (device->vector_width == 1)
        return (machine){1, 48, 32, 6, 4, 0, 8, 6, 100, 16 * units};
    const double registers = device->vector_width == 16 ? 32 : 16;
    return (machine){0, registers, registers, MAX_CHANNELS, 0.25, 0.25, 10, 4, 80, units};
}

/* The best so far; of those that cost the same, the first. */
typedef struct best {
    amkd_conv_tile tile;
    double cost;
} best;

static void consider(best *b, size_t channels, size_t other, double cost)
{
    if (cost < b->cost)
        *b = (best){{{channels, other}, 1, 1}, cost};
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

/* One of the two passes whose tiles lie along a row. */
typedef struct row_pass {
    size_t channels, pixels, nrows; /* written, all blocks' rows */
    size_t kernel, taps;
    double steps;    /* rows of taps that a row written meets, over all channels */
    double spread;   /* columns read for a pixel: the stride, or one over it */
    size_t multiple; /* of which a tile's pixels are one */
} row_pass;

/* Registers beside the accumulators: the columns that meet a tap, and those between them,
 * which meet the next ones, and a weight. In lockstep a compiler may as well hold a row's
 * weights. */
static double beside(const machine *m, const row_pass *pass, size_t c, size_t p)
{
    const double columns = fmin(pass->spread, (double)pass->taps) * (double)p;
    return (m->lockstep ? (double)(c * pass->taps) : ceil(columns)) + 1;
}

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
                        m->step + spilled(m, channels * pixels + beside(m, pass, c, p));
    const double item = m->item + 2 * channels * pixels;
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
    if (shape->kernel_width <= MAX_TAPS)
        return shape->kernel_width;
    const size_t ntiles = amkd_tiles(shape->kernel_width, MAX_TAPS);
    const size_t stride = shape->stride;
    const size_t taps =
        amkd_tiles(amkd_tiles(shape->kernel_width, ntiles), stride) * stride;
    return taps < shape->kernel_width ? taps : shape->kernel_width;
}

amkd_conv_tile amkd_conv_forward_tile(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    const row_pass pass = {
        .channels = shape->out_channels,
        .pixels = shape->out_width,
        .nrows = shape->out_height * shape->max_blocks,
        .kernel = shape->kernel_width,
        .taps = amkd_conv_taps(shape),
        .steps = (double)(shape->in_channels * shape->kernel_width),
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
        .kernel = shape->kernel_width,
        .taps = amkd_conv_taps(shape),
        .steps = (double)(shape->out_channels * shape->kernel_width) / stride,
        .spread = 1 / stride,
        .multiple = shape->stride,
    };
    return best_row_tile(device, &pass);
}

/* Slices that may have blocks: the others cost nothing, and change no choice. */
static size_t used_slices(const amkd_op_shape *shape)
{
    return shape->max_blocks && shape->max_blocks < shape->nslices ? shape->max_blocks
                                                                   : shape->nslices;
}

static double weights_cost(const machine *m, const amkd_op_shape *shape, size_t o,
                           size_t i, size_t kernel_rows)
{
    const size_t t = amkd_conv_taps(shape);
    const double out = (double)o, in = (double)(i * t), rows = (double)kernel_rows;
    const double tiles =
        (double)(amkd_tiles(shape->out_channels, o) * amkd_tiles(shape->in_channels, i) *
                 amkd_tiles(shape->kernel_width, kernel_rows) *
                 amkd_tiles(shape->kernel_width, t));
    const double nslices = (double)used_slices(shape), ngroups = tiles * nslices;
    const double npixels = (double)(shape->out_height * shape->out_width) *
                           (double)shape->max_blocks / nslices;
    const double pixel =
        out * in + m->load * (out + in) + m->step + spilled(m, out * in + out + 1);
    const double item = m->item + 12 * rows * out * in;
    return runs(m, ngroups) *
           (npixels * (rows * pixel + m->far * (out + (double)i)) + item);
}

/* Rows of dy, in near-equal parts, that stay near together with what they meet of x. */
static size_t near_rows(const amkd_device *device, const amkd_op_shape *shape,
                        const amkd_conv_tile *tile)
{
    if (tile->kernel_rows == 1)
        return shape->out_height;
    const size_t npixels = tile->side[0] * shape->out_width +
                           tile->side[1] * shape->in_width * shape->stride;
    const size_t nrows = NEAR_NBYTES / (npixels * device->nlanes * sizeof(float));
    return amkd_tiles(shape->out_height,
                      amkd_tiles(shape->out_height, nrows > 1 ? nrows : 1));
}

amkd_conv_tile amkd_conv_weights_tile(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    machine m = describe(device);
    m.registers = m.sums;
    const size_t t = amkd_conv_taps(shape);
    best b = {.cost = INFINITY};
    for (size_t o = 1; o <= m.outs && o <= shape->out_channels; o++)
        for (size_t i = 1; i <= MAX_CHANNELS && i <= shape->in_channels; i++)
            for (int all = 0; all <= !m.lockstep; all++) { /* there sums share memory */
                const size_t rows = all ? shape->kernel_width : 1;
                const double cost = weights_cost(&m, shape, o, i, rows);
                if (cost < b.cost && (i == 1 || (double)(o * i * t) <= m.registers))
                    b = (best){{{o, i}, rows, 1}, cost};
            }
    b.tile.rows = near_rows(device, shape, &b.tile);
    return b.tile;
}
