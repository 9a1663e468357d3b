/* What the passes of winograd.cl that write maps have in common: how they write a tile. */

#ifndef BACKWARD
#define BACKWARD 0 /* y is the gradient by the input, whose values mask it */
#endif

/* A map that is written: height x width pixels, what is added to each, whether to what is
 * there, whether what is beside is added, whether the activation follows, and how
 * (write_vec). */
typedef struct target {
    int height, width;
    float bias;
    int add, sum, last, past;
} target;

INLINE void write_pixel(global vec *y, global const vec *beside, vec value, const target t)
{
    value += t.add ? *y : (vec)t.bias;
#if BACKWARD
    *y = t.last ? act_backward(value, *beside) : value;
#else
    if (t.last)
        write_vec(y, act_forward(t.sum ? value + *beside : value), t.past);
    else
        *y = value;
#endif
}

/* Transforms a tile's sums back, the pixels from row and column on. */
INLINE void write_tile(global vec *y, global const vec *beside, local const vec *sums,
                       const int stride, const int row, const int column, const target t)
{
    vec columns[TILE][PATCH];
    for (int c = 0; c < PATCH; c++) {
        vec m[PATCH], to[TILE];
#pragma unroll
        for (int r = 0; r < PATCH; r++)
            m[r] = sums[(r * PATCH + c) * stride];
        transform_sums(to, m);
#pragma unroll
        for (int r = 0; r < TILE; r++)
            columns[r][c] = to[r];
    }
#pragma unroll
    for (int r = 0; r < TILE; r++) {
        vec to[TILE];
        transform_sums(to, columns[r]);
#pragma unroll
        for (int c = 0; c < TILE; c++)
            if (row + r < t.height && column + c < t.width) {
                const int at = ((row + r) * t.width + column + c) * VECTORS;
                write_pixel(y + at, beside + at, to[c], t);
            }
    }
}
