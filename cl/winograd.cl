/* Convolutions by Winograd's algorithm, of 3x3 taps F(4x4, 3x3), of 5x5 taps F(2x2, 5x5)
 * (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, equation 8):
 * what its passes have in common, a file each behind this one.
 *
 *     y = A^T [ (G g G^T) (B^T d B) ] A
 *
 * d is a patch of 6x6 pixels, g a kernel, y the tile of 4x4 or 2x2 pixels they make (with the phases below 3x3 or 5x5, too); the
 * product in the middle is of 36 values each, and over the input channels it is 36 products
 * of matrices: 36 multiplications where taps take 144, or 100. The points at which polynomials are
 * evaluated are 0, +-1/sqrt 2, +-sqrt 2 and infinity: with the usual 0, +-1, +-2 the
 * error is four to five times larger.
 *
 * A convolution of stride 2 is one of stride 1 over four times as many channels, the
 * phases of each map: its pixels of even or odd rows and columns, counted from where the
 * first tap falls. A kernel of 7x7 becomes four of 4x4 taps, one or two rows of which are
 * 0, by F(3x3, 4x4); of 5x5, of 3x3; of 3x3, of 2x2, by F(5x5, 2x2). */

#ifndef TAPS
#define TAPS 3                    /* of a kernel's, or a phase's, side */
#endif
#ifndef STEP
#define STEP 1                    /* the stride */
#endif
#define PHASES (STEP * STEP)      /* channels that are read for each of x */
#define PHASE_ROW(i) ((i) % PHASES / STEP) /* where such a channel's first pixel is */
#define PHASE_COLUMN(i) ((i) % STEP)
#define PATCH 6                   /* pixels of the side of what a tile reads */
#define TILE (PATCH + 1 - TAPS)   /* pixels of an output tile's side */
#define POSITIONS (PATCH * PATCH) /* values of a transformed patch or kernel */
#define POINT1 0.707106781f       /* 1 / sqrt 2 */
#define POINT2 1.414213562f       /* sqrt 2 */
#define COLUMNS 2 /* tiles side by side whose sums a work-item keeps in registers */

#ifndef CHANNELS
#define CHANNELS 4 /* of what a pass writes: as many sums for each tile */
#endif

/* B^T d. */
INLINE void transform_patch(vec to[PATCH], const vec d[PATCH])
{
    const vec even1 = fma(d[2], (vec)-2.0f, d[4]), odd1 = fma(d[1], (vec)-2.0f, d[3]);
    const vec even2 = fma(d[2], (vec)-0.5f, d[4]), odd2 = fma(d[1], (vec)-0.5f, d[3]);
    to[0] = fma(d[2], (vec)-2.5f, d[0] + d[4]);
    to[1] = fma(odd1, (vec)POINT1, even1);
    to[2] = fma(odd1, (vec)-POINT1, even1);
    to[3] = fma(odd2, (vec)POINT2, even2);
    to[4] = fma(odd2, (vec)-POINT2, even2);
    to[5] = fma(d[3], (vec)-2.5f, d[1] + d[5]);
}

/* The patch of every STEP-th pixel from row and column on of a map of height x width
 * pixels, 0 beyond it, each row transformed. */
INLINE void fetch_patch(vec rows[PATCH][PATCH], global const vec *map, const int height,
                        const int width, const int row, const int column)
{
    const int inside = column >= 0 && column + (PATCH - 1) * STEP < width;
    for (int r = 0; r < PATCH; r++) {
        const int at = row + r * STEP;
        global const vec *from = map + (at * width + column) * VECTORS;
        vec d[PATCH];
        if (at < 0 || at >= height)
#pragma unroll
            for (int c = 0; c < PATCH; c++)
                d[c] = (vec)0.0f;
        else if (inside)
#pragma unroll
            for (int c = 0; c < PATCH; c++)
                d[c] = from[c * STEP * VECTORS];
        else
#pragma unroll
            for (int c = 0; c < PATCH; c++)
                d[c] = column + c * STEP < 0 || column + c * STEP >= width
                           ? (vec)0.0f
                           : from[c * STEP * VECTORS];
        transform_patch(rows[r], d);
    }
}

/* A column of such a patch, transformed too. */
INLINE void transform_column(vec to[PATCH], vec rows[PATCH][PATCH], const int c)
{
    const vec d[PATCH] = {rows[0][c], rows[1][c], rows[2][c],
                          rows[3][c], rows[4][c], rows[5][c]};
    transform_patch(to, d);
}

/* The patch from row and column on of a map, transformed. */
INLINE void put_patch(local vec *patch, const int stride, global const vec *map,
                      const int height, const int width, const int row, const int column)
{
    vec rows[PATCH][PATCH];
    fetch_patch(rows, map, height, width, row, column);
    for (int c = 0; c < PATCH; c++) {
        vec to[PATCH];
        transform_column(to, rows, c);
#pragma unroll
        for (int r = 0; r < PATCH; r++)
            patch[(r * PATCH + c) * stride] = to[r];
    }
}

/* a at_a + b at_b, and the value at infinity, which the last of a tile has. */
INLINE vec evaluate(const vec a, const float at_a, const vec b, const float at_b,
                    const vec infinity, const int is_last)
{
    return fma(b, (vec)at_b, is_last ? fma(a, (vec)at_a, infinity) : a * at_a);
}

/* A^T m. */
INLINE void transform_sums(vec to[TILE], const vec m[PATCH])
{
    const vec sum1 = m[1] + m[2], difference1 = m[1] - m[2];
    const vec sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    to[0] = m[0] + sum1 + sum2;
    to[1] = evaluate(difference1, POINT1, difference2, POINT2, m[5], TILE == 2);
#if TILE > 2
    to[2] = evaluate(sum1, 0.5f, sum2, 2.0f, m[5], TILE == 3);
#endif
#if TILE > 3
    to[3] = evaluate(difference1, 0.5f * POINT1, difference2, 2.0f * POINT2, m[5],
                     TILE == 4);
#endif
#if TILE > 4
    to[4] = evaluate(sum1, 0.25f, sum2, 4.0f, m[5], 1);
#endif
}

/* Input channels are taken a part at a time, which is what fits near. Transformed kernels
 * lie in the order in which they are read: by parts of the input channels, groups of
 * CHANNELS output channels, positions, input channels, output channels. */
static inline size_t kernels_at(const int group, const int nout, const int first,
                                const int n)
{
    return (size_t)(first * TILES(nout, CHANNELS) + group * n) * (CHANNELS * POSITIONS);
}
