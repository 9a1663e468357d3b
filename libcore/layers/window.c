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

/* The padding behind an image: what the last window reaches beyond it. */
static size_t behind(const amkd_moving *m, size_t in, size_t out, size_t before)
{
    const size_t end = (out - 1) * m->stride + (m->kernel - 1) * m->dilation + 1;
    return end > in + before ? end - in - before : 0;
}

void amkd_moving_onnx(const amkd_moving *m, const amkd_layer *layer, amkd_onnx *onnx)
{
    const size_t bottom = behind(m, layer->in.height, layer->out.height, m->top);
    const size_t right = behind(m, layer->in.width, layer->out.width, m->left);
    amkd_onnx_numbers(onnx, "kernel_shape", (size_t[]){m->kernel, m->kernel}, 2);
    amkd_onnx_numbers(onnx, "strides", (size_t[]){m->stride, m->stride}, 2);
    amkd_onnx_numbers(onnx, "pads", (size_t[]){m->top, m->left, bottom, right}, 4);
    if (m->dilation != 1)
        amkd_onnx_numbers(onnx, "dilations", (size_t[]){m->dilation, m->dilation}, 2);
}

void amkd_moving_c99(char *text, const amkd_moving *m, const amkd_layer *layer,
                     size_t kernel_height, size_t kernel_width)
{
    snprintf(text, AMKD_WINDOW_NBYTES,
             "&(struct window){{%zu, %zu, %zu}, {%zu, %zu, %zu},\n"
             "                           .kernel_height = %zu, .kernel_width = %zu,\n"
             "                           .stride = %zu, .dilation = %zu, .top = %zu, "
             ".left = %zu}",
             layer->in.channels, layer->in.height, layer->in.width, layer->out.channels,
             layer->out.height, layer->out.width, kernel_height, kernel_width, m->stride,
             m->dilation, m->top, m->left);
}
