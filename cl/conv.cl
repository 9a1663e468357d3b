/* Two-dimensional convolution (as torch.nn.Conv2d: cross-correlation), and its gradients:
 * what its passes have in common, a file each behind this one.
 *
 *     y[o][v][u]     = act(b[o] + sum_{i,a,c} w[o][i][a][c] x[i][v S - PY + a][u S - PX + c])
 *     dx[i][r][q]    = act'(x) sum_{o,a,c: r = v S - PY + a, q = u S - PX + c} w[o][i][a][c] dy[o][v][u]
 *     dw[o][i][a][c] = sum_{samples,v,u} dy[o][v][u] x[i][v S - PY + a][u S - PX + c]
 *
 * Activations lie as in common.cl, weights as in PyTorch, [o][i][a][c]. dy is the gradient
 * by what y was before its act; dx is handed on as that of the layer before.
 *
 * Tiles of channels overlap where their number is not a multiple; the later one then
 * leaves what the earlier one writes.
 *
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 1 /* input channels, height, width */
#define IH 8
#define IW 8
#define OC 4 /* output */
#define OH 6
#define OW 6
#define KH 3 /* kernel size, stride */
#define S 1
#define PY 0 /* padding above and left of the image */
#define PX 0
#define BIAS 1 /* whether there is one */
#define SUM 0  /* whether a forward pass adds another map before the activation */
#endif
#define K KH /* square */
#ifndef KT
#define KT K
#endif

#define OUTSIDE(at, n) ((at) < 0 || (at) >= (n))
/* Whether c, one of KT taps in a row, is one of the kernel's. */
#define IS_TAP(c) (K % KT == 0 || (c) < K)

/* Floats of the rows below a row of tiles that are still near when the next channels'
 * tiles read them. */
#define NEAR_NFLOATS (128 << 10)

/* Where a tile is: which of the channels' tiles, which row, which of the row's tiles. */
typedef struct place {
    int channel_tile, row, row_tile;
} place;

/* Which tile comes first matters to memory alone. In lockstep, tiles side by side are a
 * work-group and load the same pixels for different channels. Otherwise a row is read for
 * all channels while it is near, and written from end to end: with few input channels and
 * many output channels that is most of the work (forward, 3 to 64 on 32x32: 1.2 times as
 * fast; backward, 64 to 3: 1.3 times). Of rows too long for that, nread floats for a row
 * of tiles, a tile's pixels are.
 * tile is signed because LLVM would switch on an unsigned remainder by its few bits alone,
 * and Oclgrind, which knows whole bytes alone, would take the wrong branch. */
INLINE place place_of(const int tile, const int channel_tiles, const int rows,
                      const int row_tiles, const int nread)
{
    if (VW == 1 || nread > NEAR_NFLOATS)
        return (place){tile % channel_tiles, tile / channel_tiles % rows,
                       tile / (channel_tiles * rows)};
    return (place){tile / row_tiles % channel_tiles, tile / (row_tiles * channel_tiles),
                   tile % row_tiles};
}
