/* Convolution of every channel by itself (torch.nn.Conv2d with as many groups as input
 * channels, M outputs each), without dilation, and its gradients: what its passes have in
 * common, a file each behind this one.
 *
 *     y[o][v][u]  = act(b[o] + sum_{a,c} w[o][a][c] x[o / M][v S - PY + a][u S - PX + c])
 *     dx[i][r][q] = act'(x) sum_{o,a,c: o / M = i, r = v S - PY + a, q = u S - PX + c} w[o][a][c] dy[o][v][u]
 *     dw[o][a][c] = sum_{samples,v,u} dy[o][v][u] x[o / M][v S - PY + a][u S - PX + c]
 *
 * Activations lie as in common.cl, weights as in PyTorch. Only the kernel and the stride
 * are macros: layers of all sizes share a program.
 *
 * Few operations meet a value, so that memory binds. A work-item has whole lane blocks,
 * which are what memory moves, and walks along one row of the map at a time: what it
 * reads and writes then are few streams. Where maps are written, a step of the walk is S
 * columns of what is read. A value is loaded once a step and added to all sums of the row
 * that it is part of, T of them; the oldest of them is whole behind the step. Steps that
 * meet no edge are compiled apart from those that do, without a test.
 *
 * For devices whose work-items are vectors; in lockstep, grouped.cl has more work-items.
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef KH
#define KH 3 /* kernel size, stride */
#define S 1
#endif
#define K KH       /* square */
#define T TILES(K, S) /* windows that a column is in */

#define OUTSIDE(at, n) ((at) < 0 || (at) >= (n))

#define LEAD 16 /* lane blocks from where a row ends to what is asked for first */

/* A layer's maps. */
typedef struct maps {
    int multiple; /* M */
    int ih, iw, oh, ow;
    int py, px; /* padding above and left of the image */
} maps;

/* The steps of a walk from begin to before end; those from inner to before inner_end meet
 * no edge. */
typedef struct walk {
    int begin, end, inner, inner_end;
} walk;

/* Where the steps end that are as the one at s. */
INLINE int run_end(const walk w, const int s, const int inside)
{
    return inside ? w.inner_end : s < w.inner ? min(w.inner, w.end) : w.end;
}

INLINE int is_inside(const walk w, const int s)
{
    return s >= w.inner && s < w.inner_end;
}
