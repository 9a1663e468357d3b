/* out[o] = scales[o] sum_i weights[o][i] in[i] + biases[o]; scales and biases: NULL for
 * none. */
static void fc(float *out, const float *in, const weight *weights, const float *scales,
               const float *biases, int nout, int nin)
{
    for (int o = 0; o < nout; o++, weights += nin) {
        float sum = 0;
        for (int i = 0; i < nin; i++)
            sum += (float)weights[i] * in[i];
        out[o] = sum * (scales ? scales[o] : 1) + (biases ? biases[o] : 0);
    }
}
