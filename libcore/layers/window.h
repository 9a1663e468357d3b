/* A window that moves over an image: what convolutions and pools share. */
#ifndef AMKD_LAYERS_WINDOW_H
#define AMKD_LAYERS_WINDOW_H

#include "layers/layer.h"
#include "layers/words.h"

typedef struct amkd_moving {
    size_t kernel, stride, padding; /* square; the padding on each side */
    size_t dilation;
    int same;         /* padding as TensorFlow's "SAME": out = in / stride, rounded up */
    size_t top, left; /* the padding that comes first, set by amkd_moving_shape */
} amkd_moving;

/* Sets the output's sides, floor((in + padding - reach) / stride) + 1 with reach =
 * (kernel - 1) dilation + 1. Fails where the window is no window, or larger than its
 * input. */
int amkd_moving_shape(amkd_moving *moving, size_t *height, size_t *width, amkd_shape in,
                      const char *where);

/* For output (y, x) and offset (ky, kx) in its window: the input pixel, -1 in the
 * padding. */
ptrdiff_t amkd_moving_pixel(const amkd_moving *moving, amkd_shape in, size_t y, size_t x,
                            size_t ky, size_t kx);

/* Writes what is not the default: " s2 p1 d2", " same". */
int amkd_moving_print(char *text, size_t nbytes, const amkd_moving *moving,
                      size_t stride);

/* Adds the window to the ONNX node that is open: sizes, strides, padding. */
void amkd_moving_onnx(const amkd_moving *moving, const amkd_layer *layer,
                      amkd_onnx *onnx);

enum { AMKD_WINDOW_NBYTES = 320 };

/* Writes the window, of kernel_height * kernel_width, as an argument of a C program's
 * call, in text[AMKD_WINDOW_NBYTES]. */
void amkd_moving_c99(char *text, const amkd_moving *moving, const amkd_layer *layer,
                     size_t kernel_height, size_t kernel_width);

#endif
