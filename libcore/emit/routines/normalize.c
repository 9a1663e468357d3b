/* out[c][i] = (pixels[i][c] / 255 - mean[c]) / std[c] */
static void normalize(float *out, const unsigned char *pixels, const float *mean,
                      const float *std)
{
    const int n = HEIGHT * WIDTH;
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < n; i++)
            out[c * n + i] = ((float)pixels[i * CHANNELS + c] / 255 - mean[c]) / std[c];
}
