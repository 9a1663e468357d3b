/* out[c][y][x] = the greatest pixel in the window there */
static void maxpool(float *out, const float *in, const struct window *w)
{
    for (int c = 0; c < w->out.channels; c++, in += w->in.height * w->in.width)
        for (int y = 0; y < w->out.height; y++)
            for (int x = 0; x < w->out.width; x++) {
                float most = -INFINITY;
                for (int ky = 0; ky < w->kernel_height; ky++)
                    for (int kx = 0; kx < w->kernel_width; kx++) {
                        const int in_y = y * w->stride + ky - w->top;
                        const int in_x = x * w->stride + kx - w->left;
                        if (in_y >= 0 && in_y < w->in.height && in_x >= 0 &&
                            in_x < w->in.width && in[in_y * w->in.width + in_x] > most)
                            most = in[in_y * w->in.width + in_x];
                    }
                *out++ = most;
            }
}
