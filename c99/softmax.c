/* values[k] becomes exp(values[k]) / sum_j exp(values[j]). */
static void softmax(float *values)
{
    float most = values[0], sum = 0;
    for (int k = 1; k < CLASSES; k++)
        most = fmaxf(most, values[k]);
    for (int k = 0; k < CLASSES; k++)
        sum += values[k] = expf(values[k] - most);
    for (int k = 0; k < CLASSES; k++)
        values[k] /= sum;
}
