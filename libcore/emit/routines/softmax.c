/* values[k] becomes exp(values[k] / temperature) / sum_j exp(values[j] / temperature). */
static void softmax(float *values, float temperature)
{
    float most = values[0], sum = 0;
    for (int k = 1; k < CLASSES; k++)
        most = fmaxf(most, values[k]);
    for (int k = 0; k < CLASSES; k++)
        sum += values[k] = expf((values[k] - most) / temperature);
    for (int k = 0; k < CLASSES; k++)
        values[k] /= sum;
}
