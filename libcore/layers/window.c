/* A window that moves over an image. */
#include "layers/window.h"
#include "base/error.h"
#include <stdio.h>

/* One side: what comes out, and the padding before it. */
static int side_of(size_t *out, size_t *before, const amkd_moving *m, size_t in,
                   amkd_shape shape, const char *where)
{
    const size_t reach = (m->kernel - 1) * m->dilation + 1;
    size_t padding = 2 * m->padding;
    *before = m->padding;
    if (m->same) {
        const size_t n = (in + m->stride - 1) / m->stride;
        const size_t needed = (n - 1) * m->stride + reach;
        padding = needed > in ? needed - in : 0;
        *before = padding / 2;
    }
    if (reach > in + padding)
        return amkd_fail("%s: a kernel of %zu is larger than its input of %zux%zu%s",
                         where, reach, shape.height, shape.width,
                         padding ? " with its padding" : "");
    *out = (in + padding - reach) / m->stride + 1;
    return 0;
}

int amkd_moving_shape(amkd_moving *moving, size_t *height, size_t *width, amkd_shape in,
                      const char *where)
{
    if (!moving->kernel || !moving->stride || !moving->dilation)
        return amkd_fail("%s: kernel, stride and dilation must be 1 or more", where);
    if (moving->same && moving->padding)
        return amkd_fail("%s: 'same' says the padding", where);
    if (moving->padding >= (moving->kernel - 1) * moving->dilation + 1)
        return amkd_fail("%s: the padding must be below the kernel size", where);
    return side_of(height, &moving->top, moving, in.height, in, where) ||
                   side_of(width, &moving->left, moving, in.width, in, where)
               ? -1
               : 0;
}

ptrdiff_t amkd_moving_pixel(const amkd_moving *m, amkd_shape in, size_t y, size_t x,
                            size_t ky, size_t kx)
{
    const size_t in_y = y * m->stride + ky * m->dilation;
    const size_t in_x = x * m->stride + kx * m->dilation;
    if (in_y < m->top || in_y - m->top >= in.height || in_x < m->left ||
        in_x - m->left >= in.width)
        return -1;
    return (ptrdiff_t)((in_y - m->top) * in.width + in_x - m->left);
}

int amkd_moving_print(char *text, size_t nbytes, const amkd_moving *m, size_t stride)
{
    int n = 0;
    text[0] = 0;
    if (m->stride != stride)
        n += snprintf(text + n, nbytes - (size_t)n, " s%zu", m->stride);
    if (m->padding)
        n += snprintf(text + n, nbytes - (size_t)n, " p%zu", m->padding);
    if (m->same)
        n += snprintf(text + n, nbytes - (size_t)n, " same");
    if (m->dilation != 1)
        n += snprintf(text + n, nbytes - (size_t)n, " d%zu", m->dilation);
    return n;
}
