/* out[c] = in[c] factors[c] + shifts[c] for channels of size pixels; out may be in. */
static void bn(float *out, const float *in, const float *factors, const float *shifts,
               int nchannels, int size)
{
    for (int i = 0; i < nchannels * size; i++)
        out[i] = in[i] * factors[i / size] + shifts[i / size];
}
