/* out[c] = in[c] factors[c] for channels of size pixels; out may be in. */
static void scale(float *out, const float *in, const float *factors, int nchannels,
                  int size)
{
    for (int i = 0; i < nchannels * size; i++)
        out[i] = in[i] * factors[i / size];
}
