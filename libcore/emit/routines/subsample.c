/* Every stride-th row and column of height * width pixels, behind as many channels of
 * zeros as before says, and in front of others up to out_channels. */
static void subsample(float *out, const float *in, int out_channels, int before,
                      int channels, int height, int width, int stride)
{
    for (int o = 0; o < out_channels; o++)
        for (int y = 0; y < height; y += stride)
            for (int x = 0; x < width; x += stride) {
                const int c = o - before;
                *out++ = c >= 0 && c < channels ? in[(c * height + y) * width + x] : 0;
            }
}
