/* What a request asks of the model: the images, checked, and the outputs wanted. */
#include "serve/question.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>

const char *const amkd_output_names[AMKD_NOUTPUTS] = {"probabilities", "logits"};

int amkd_question_wants(const amkd_question *question, amkd_output_kind kind)
{
    for (size_t o = 0; o < question->noutputs; o++)
        if (question->outputs[o].kind == kind)
            return 1;
    return 0;
}

int amkd_question_count(const amkd_served *served, uint64_t n)
{
    if (!n)
        return amkd_fail("no images");
    if (n > served->max_images)
        return amkd_fail("%llu images in one request, at most %zu are taken",
                         (unsigned long long)n, served->max_images);
    return 0;
}

/* The pixel that a value stands for, -1 if none does. */
static int pixel_of(float value)
{
    const float pixel = rintf(value * 255);
    return fabsf(value - pixel / 255) <= 1e-6f ? (int)pixel : -1;
}

static int check_range(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(values[i] >= 0 && values[i] <= 1))
            return amkd_fail("value %zu is %.9g, expected 0 to 1", i, (double)values[i]);
    return 0;
}

/* Writes rows of interleaved channels. Returns whether every value is a pixel. */
static int round_planes(uint8_t *pixels, const float *values, size_t n, amkd_shape in)
{
    const size_t plane = in.height * in.width;
    for (size_t s = 0; s < n; s++, pixels += plane * in.channels)
        for (size_t c = 0; c < in.channels; c++)
            for (size_t p = 0; p < plane; p++) {
                const int pixel = pixel_of(*values++);
                if (pixel < 0)
                    return 0;
                pixels[p * in.channels + c] = (uint8_t)pixel;
            }
    return 1;
}

int amkd_question_take_planes(amkd_question *question, const amkd_served *served,
                              float *values, size_t n)
{
    const size_t nvalues = n * amkd_shape_size(served->in);
    question->block = values;
    question->n = n;
    if (check_range(values, nvalues))
        return -1;
    uint8_t *pixels = amkd_alloc(nvalues, 1);
    if (!pixels)
        return -1;
    if (round_planes(pixels, values, n, served->in)) {
        free(values);
        question->block = pixels;
        question->pixels = pixels;
    } else {
        free(pixels);
        question->planes = values;
    }
    return 0;
}

void amkd_question_clear(amkd_question *question)
{
    free(question->block);
    free(question->id);
    *question = (amkd_question){0};
}
