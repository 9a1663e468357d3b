/* Adds a weight times the pixels that it meets to a channel of the output. */
static void add_tap(float *out, const float *in, float by, const struct window *w, int ky,
                    int kx)
{
    const int down = ky * w->dilation - w->top, right = kx * w->dilation - w->left;
    int first = 0, last = w->out.width;
    while (first < last && first * w->stride + right < 0)
        first++;
    while (last > first && (last - 1) * w->stride + right >= w->in.width)
        last--;
    for (int y = 0; y < w->out.height; y++) {
        const int in_y = y * w->stride + down;
        if (in_y < 0 || in_y >= w->in.height)
            continue;
        float *to = out + y * w->out.width;
        const float *from = in + in_y * w->in.width;
        for (int x = first; x < last; x++)
            to[x] += by * from[x * w->stride + right];
    }
}

/* out[o] = scales[o] sum_i weights[o][i] * in[i] + biases[o] over the channels i of its
 * group; scales and biases: NULL for none. */
static void conv(float *out, const float *in, const weight *weights, const float *scales,
                 const float *biases, int groups, const struct window *w)
{
    const int ntaps = w->kernel_height * w->kernel_width;
    const int nin = w->in.channels / groups, nout = w->out.channels / groups;
    const int in_size = w->in.height * w->in.width;
    const int out_size = w->out.height * w->out.width;
    for (int o = 0; o < w->out.channels; o++, out += out_size) {
        const float *group = in + o / nout * nin * in_size;
        for (int p = 0; p < out_size; p++)
            out[p] = 0;
        for (int i = 0; i < nin; i++)
            for (int tap = 0; tap < ntaps; tap++)
                add_tap(out, group + i * in_size, (float)*weights++, w,
                        tap / w->kernel_width, tap % w->kernel_width);
        for (int p = 0; p < out_size; p++)
            out[p] = out[p] * (scales ? scales[o] : 1) + (biases ? biases[o] : 0);
    }
}
