/* TensorFlow Serving's REST API, which other servers speak too: its messages, apart from
 * how they are sent. Row form: {"instances": [...]} to {"predictions": [...]}; column
 * form:
 * {"inputs": ...} to {"outputs": ...}. */
#ifndef AMKD_TEACHER_TFSERVING_H
#define AMKD_TEACHER_TFSERVING_H

#include "teacher/input_tensor.h"
#include "teacher/remote.h"

typedef struct amkd_tfserving_model {
    char *signature; /* NULL: the server's default */
    char *output;    /* of several; NULL: the only one that comes */
    char datatype[8];
    amkd_input_tensor tensor;
    int columns;
} amkd_tfserving_model;

/* Takes the signature "serving_default", or the only one, from a model's metadata.
 * Without metadata (NULL) the images are [n,H,W,C] of FP32 unless options say otherwise.
 */
int amkd_tfserving_read_model(amkd_tfserving_model *model, const json_t *metadata,
                              const amkd_teacher_options *options);

/* Makes a request about n images. */
int amkd_tfserving_encode(amkd_bytes *body, const amkd_tfserving_model *model,
                          const uint8_t *pixels, size_t n);

/* Reads an answer, as amkd_protocol's decode. */
int amkd_tfserving_decode(amkd_values *values, const amkd_tfserving_model *model,
                          const amkd_http_answer *answer);

void amkd_tfserving_clear(amkd_tfserving_model *model);

#endif
