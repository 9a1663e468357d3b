/* Forward pass of a convolution (the formula: conv.cl) as a product of matrices, for
 * devices whose work-items are vectors:
 *
 *     y[o][column] = act(b[o] + sum_k w[o][k] patches[k][column] (+ added[o][column]))
 *
 * k counts input channels and taps, a column is a vector of lanes of an output pixel. A
 * work-item copies what some columns meet into near memory, a part of the k at a time,
 * and multiplies that by the weights of all its output channels, CHANNELS x COLUMNS sums
 * in registers. So what lies far apart is read once, whatever the stride, the taps and
 * the number of channels. Sums are in the order of conv_forward.cl and leave the same
 * bits. After the first part of the k it adds to what it has written.
 *
 * Grid: (groups of ncolumns columns, parts of the output channels, blocks), work-groups
 * of one work-item. Sizes are arguments: convolutions of any shape share a program.
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef CHANNELS
#define CHANNELS 4
#endif
#define COLUMNS 3

/* The maps that a convolution reads, from top and left beyond them. */
typedef struct image {
    int height, width, top, left;
} image;

/* Where the taps of ncolumns columns from first on lie in a map, offsets[tap][column], -1
 * beyond it. Columns beyond the last, of nall, repeat it. Whether all lie inside. */
INLINE int find_taps(local int *offsets, const image in, const int out_width,
                     const int kernel_side, const int stride, const int first,
                     const int ncolumns, const int nall)
{
    int inside = 1;
    for (int j = 0; j < ncolumns; j++) {
        const int at = min(first + j, nall - 1), pixel = at / VECTORS;
        const int row0 = pixel / out_width * stride - in.top;
        const int column0 = pixel % out_width * stride - in.left;
        for (int a = 0; a < kernel_side; a++)
            for (int c = 0; c < kernel_side; c++) {
                const int row = row0 + a, column = column0 + c;
                const int is_in =
                    row >= 0 && row < in.height && column >= 0 && column < in.width;
                inside &= is_in;
                offsets[(a * kernel_side + c) * ncolumns + j] =
                    is_in ? (row * in.width + column) * VECTORS + at % VECTORS : -1;
            }
    }
    return inside;
}

/* patches[column / COLUMNS][n][COLUMNS]: the n values from k on that columns meet. With
 * one tap and stride 1 the next work-item's columns follow them. */
INLINE void put_patches(local vec *patches, global const vec *x, local const int *offsets,
                        const int plane, const int ntaps, const int first, const int n,
                        const int ncolumns, const int inside, const int has_next)
{
    global const vec *map = x + first / ntaps * (size_t)plane;
    int tap = first % ntaps;
    for (int k = 0; k < n; k++) {
        local const int *from = offsets + tap * ncolumns;
        local vec *to = patches + k * COLUMNS;
        for (int j = 0; j < ncolumns; j += COLUMNS, to += n * COLUMNS)
#pragma unroll
            for (int t = 0; t < COLUMNS; t++)
                to[t] = inside || from[j + t] >= 0 ? map[from[j + t]] : (vec)0.0f;
        if (has_next)
            for (int j = 0; j < ncolumns; j++)
                FETCH_NEXT(map + from[j] + ncolumns);
        if (++tap == ntaps) {
            tap = 0;
            map += plane;
        }
    }
}

/* What is written: whether the sums begin with the bias or with what is there, and
 * whether they are all there, so that added and the activation follow; and how
 * (write_vec). */
typedef struct stage {
    int first, last, has_bias, has_sum, past;
} stage;

/* The sums of nchannels output channels for ncolumns columns; weights of a channel are
 * weights_stride apart, values of y out_stride. */
INLINE void multiply(global vec *y, global const vec *added, const size_t out_stride,
                     global const float *weights, const int weights_stride,
                     global const float *biases, local const vec *patches, const int n,
                     const int nchannels, const int ncolumns, const stage at)
{
    vec sum[CHANNELS][COLUMNS];
    global const float *rows[CHANNELS];
#pragma unroll
    for (int o = 0; o < CHANNELS; o++) {
        const int channel = min(o, nchannels - 1);
        rows[o] = weights + channel * weights_stride;
#pragma unroll
        for (int t = 0; t < COLUMNS; t++)
            sum[o][t] = at.first ? (vec)(at.has_bias ? biases[channel] : 0.0f)
                                 : y[channel * out_stride + min(t, ncolumns - 1)];
    }
    for (int k = 0; k < n; k++)
#pragma unroll
        for (int o = 0; o < CHANNELS; o++) {
            const vec weight = rows[o][k];
#pragma unroll
            for (int t = 0; t < COLUMNS; t++)
                sum[o][t] = fma(patches[k * COLUMNS + t], weight, sum[o][t]);
        }
#pragma unroll
    for (int o = 0; o < CHANNELS; o++)
#pragma unroll
        for (int t = 0; t < COLUMNS; t++)
            if (o < nchannels && t < ncolumns) {
                const size_t to = o * out_stride + t;
                const vec all = at.has_sum ? sum[o][t] + added[to] : sum[o][t];
                write_vec(y + to, at.last ? act_forward(all) : sum[o][t],
                          at.last && at.past);
            }
}

/* nout: output channels in all; channels: of a work-item. part: of the k at a time.
 * offsets: local, ntaps * ncolumns; patches: part * ncolumns vecs. ncolumns is a multiple
 * of COLUMNS. */
kernel void
conv_gemm(global const vec *restrict x, global const float *restrict parameters,
          global const vec *added, global vec *y, const int nin, const int in_height,
          const int in_width, const int nout, const int out_height, const int out_width,
          const int kernel_side, const int stride, const int top, const int left,
          const int ncolumns, const int channels, const int part, const uint weights,
          const uint biases, const int has_bias, const int has_sum, const int past,
          local int *restrict offsets, local vec *restrict patches)
{
    const image in = {in_height, in_width, top, left};
    const int plane = in_height * in_width * VECTORS;
    const int nall = out_height * out_width * VECTORS;
    const int ntaps = kernel_side * kernel_side, nk = nin * ntaps;
    const int j0 = get_global_id(0) * ncolumns, n = min(ncolumns, nall - j0);
    const int first_channel = get_global_id(1) * channels;
    const int end = min(first_channel + channels, nout);
    x += get_global_id(2) * nin * (size_t)plane;
    y += get_global_id(2) * nout * (size_t)nall + j0;
    added += get_global_id(2) * nout * (size_t)nall + j0;
    const int inside =
        find_taps(offsets, in, out_width, kernel_side, stride, j0, ncolumns, nall);
    for (int k = 0; k < nk; k += part) {
        const int nparts = min(part, nk - k);
        const stage at = {k == 0, k + nparts == nk, has_bias, has_sum, past};
        if (inside)
            put_patches(patches, x, offsets, plane, ntaps, k, nparts, ncolumns, 1,
                        ntaps * stride == 1);
        else
            put_patches(patches, x, offsets, plane, ntaps, k, nparts, ncolumns, 0, 0);
        for (int o = first_channel; o < end; o += CHANNELS)
            for (int j = 0; j < n; j += COLUMNS)
                multiply(y + o * (size_t)nall + j, added + o * (size_t)nall + j, nall,
                         parameters + weights + (size_t)o * nk + k, nk,
                         parameters + biases + o, patches + j * nparts, nparts,
                         min(CHANNELS, end - o), min(COLUMNS, n - j), at);
    }
}
