/* What a request asks of the model, whatever protocol it came by; and the model as
 * clients see it. */
#ifndef AMKD_SERVE_QUESTION_H
#define AMKD_SERVE_QUESTION_H

#include "graph/graph.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* The model as it is served. Borrowed by everything that speaks of it. */
typedef struct amkd_served {
    const char *name, *version;
    amkd_shape in;
    size_t nclasses;
    const json_t *class_names; /* array of nclasses strings, or NULL */
    int floats;                /* the metadata's input is FP32, not UINT8 */
    size_t max_images;         /* of one request */
} amkd_served;

#define AMKD_INPUT_NAME "image"

typedef enum amkd_output_kind {
    AMKD_OUTPUT_PROBS,
    AMKD_OUTPUT_LOGITS,
    AMKD_NOUTPUTS,
} amkd_output_kind;

extern const char *const amkd_output_names[AMKD_NOUTPUTS];

typedef struct amkd_question {
    size_t n;
    const uint8_t *pixels; /* [n][height][width][channels], in the request or in block */
    const float *planes;   /* [n][channels][height][width], 0..1, in block; then pixels
                              are NULL */
    void *block;           /* owned */
    size_t noutputs;       /* the outputs wanted, in turn */
    struct {
        amkd_output_kind kind;
        int binary; /* as bytes behind the JSON, not as text in it */
    } outputs[AMKD_NOUTPUTS];
    char *id;    /* given back in the answer; owned; NULL without */
    int columns; /* TF-Serving's column form */
} amkd_question;

/* The values of one kind of output, [n][nclasses], an item for each amkd_output_kind;
 * those not wanted are NULL. */
typedef struct amkd_outputs {
    const float *values[AMKD_NOUTPUTS];
} amkd_outputs;

int amkd_question_wants(const amkd_question *question, amkd_output_kind kind);

/* Fails unless n images may be asked about at once. */
int amkd_question_count(const amkd_served *served, uint64_t n);

/* Takes values [n][channels][height][width] as the question's images: each must be within
 * 0..1. Where all are k/255 (to 1e-6) they become pixels, so that the answer does not
 * depend on how the images came. values is the question's block from here on, also on
 * failure. */
int amkd_question_take_planes(amkd_question *question, const amkd_served *served,
                              float *values, size_t n);

void amkd_question_clear(amkd_question *question); /* a zeroed one is fine */

#endif
