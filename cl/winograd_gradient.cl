/* The gradient of a convolution's weights by winograd.cl:
 *
 *     dw = G^T [ sum over tiles and samples of (A dy A^T) (B^T d B) ] G
 *
 * What its ways have in common, a file each behind this one, and winograd_collect.cl
 * behind them. */

/* A d. */
INLINE void transform_gradient(vec to[PATCH], const vec d[TILE])
{
    const vec even1 = fma(d[2], (vec)0.5f, d[0]),
              odd1 = POINT1 * fma(d[3], (vec)0.5f, d[1]);
    const vec even2 = fma(d[2], (vec)2.0f, d[0]),
              odd2 = POINT2 * fma(d[3], (vec)2.0f, d[1]);
    to[0] = d[0];
    to[1] = even1 + odd1;
    to[2] = even1 - odd1;
    to[3] = even2 + odd2;
    to[4] = even2 - odd2;
    to[5] = d[3];
}

/* The tile of dy from row and column on of a map of height x width pixels, 0 beyond it.
 * The answer is the sum of its values. */
INLINE vec put_gradient(local vec *gradient, const int stride, global const vec *map,
                        const int height, const int width, const int row,
                        const int column)
{
    vec rows[TILE][PATCH], sum = (vec)0.0f;
    for (int r = 0; r < TILE; r++) {
        vec d[TILE];
#pragma unroll
        for (int c = 0; c < TILE; c++) {
            d[c] = row + r < height && column + c < width
                       ? map[((row + r) * width + column + c) * VECTORS]
                       : (vec)0.0f;
            sum += d[c];
        }
        transform_gradient(rows[r], d);
    }
    for (int c = 0; c < PATCH; c++) {
        const vec d[TILE] = {rows[0][c], rows[1][c], rows[2][c], rows[3][c]};
        vec to[PATCH];
        transform_gradient(to, d);
#pragma unroll
        for (int r = 0; r < PATCH; r++)
            gradient[(r * PATCH + c) * stride] = to[r];
    }
    return sum;
}
