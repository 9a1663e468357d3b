/* Requests of any bytes, of both protocols: refused, or every image can be read and the
 * answer is one. The first byte says which protocol (1: TF-Serving's) and which input (2:
 * FP32), the next two how much of the rest is JSON, little-endian; 65535: all of it. */
#include "fuzz/target.h"
#include "serve/oip.h"
#include "serve/tfserving.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS = 2, HEIGHT = 1, WIDTH = 3, SIZE = 6, NCLASSES = 2, MAX_IMAGES = 3 };

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_images(const amkd_question *question)
{
    volatile int sum = 0;
    require(question->n > 0 && question->n <= MAX_IMAGES, "1 to MAX_IMAGES images");
    require(!question->pixels != !question->planes, "pixels or planes");
    for (size_t i = 0; i < question->n * SIZE; i++)
        if (question->pixels)
            sum += question->pixels[i];
        else
            require(question->planes[i] >= 0 && question->planes[i] <= 1, "0 to 1");
    (void)sum;
    require(question->noutputs > 0 && question->noutputs <= AMKD_NOUTPUTS, "outputs");
}

static void check_answer(const amkd_served *served, const amkd_question *question,
                         int tfserving)
{
    static const float values[MAX_IMAGES * NCLASSES] = {0.25f, 1e-30f, NAN, 1};
    const amkd_outputs outputs = {{values, values}};
    amkd_bytes answer = {0};
    size_t njson = 0, nbinary = 0;
    if (tfserving)
        amkd_tfserving_answer(&answer, served, question, &outputs);
    else
        amkd_oip_answer(&answer, &njson, served, question, &outputs);
    require(!answer.failed, "there is memory");
    for (size_t o = 0; o < question->noutputs; o++)
        nbinary +=
            question->outputs[o].binary ? question->n * NCLASSES * sizeof(float) : 0;
    require(nbinary ? answer.n == njson + nbinary : !njson, "its length is told");
    json_t *json =
        json_loadb(answer.data, answer.n - nbinary, JSON_REJECT_DUPLICATES, NULL);
    require(json_is_object(json), "the answer is JSON");
    json_decref(json);
    amkd_bytes_clear(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    if (nbytes < 3)
        return 0;
    const int tfserving = bytes[0] & 1;
    const amkd_served served = {.name = "m",
                                .version = "1",
                                .in = {CHANNELS, HEIGHT, WIDTH},
                                .nclasses = NCLASSES,
                                .floats = bytes[0] >> 1 & 1,
                                .max_images = MAX_IMAGES};
    const size_t told = bytes[1] | (size_t)bytes[2] << 8, n = nbytes - 3;
    /* A block of its own size, so that the sanitizer sees reads beyond it. */
    char *body = malloc(n ? n : 1);
    require(body != NULL, "there is memory");
    for (size_t i = 0; i < n; i++)
        body[i] = (char)bytes[3 + i];
    amkd_question question;
    if (!(tfserving ? amkd_tfserving_parse(&question, &served, body, n)
                    : amkd_oip_parse(&question, &served, body, n,
                                     told == UINT16_MAX ? n : told))) {
        check_images(&question);
        check_answer(&served, &question, tfserving);
        amkd_question_clear(&question);
    }
    free(body);
    return 0;
}
