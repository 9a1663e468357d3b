/* The Open Inference Protocol (KServe, Triton, MLServer, OpenVINO Model Server): its
 * messages, apart from how they are sent. */
#ifndef AMKD_TEACHER_OIP_H
#define AMKD_TEACHER_OIP_H

#include "teacher/input_tensor.h"
#include "teacher/remote.h"

typedef struct amkd_oip_model {
    char *input;         /* the tensor that takes images */
    char *output;        /* the tensor of the answers; NULL: the only one that comes */
    json_t *class_names; /* array of strings, as amkd-serve tells them, or NULL */
    size_t nclasses;     /* by the metadata, 0 where these do not tell */
    char datatype[8];
    amkd_input_tensor tensor;
    int binary; /* by the binary tensor data extension */
} amkd_oip_model;

/* Reads a model's metadata: its one input, of which the options tell what is not there
 * (without any description of it FP32 of [n,H,W,C] is assumed), and of its outputs the
 * one that options->http.answer names, else the only one that can hold answers of
 * options->kind, else the only one of these with "prob" or "softmax", for logits "logit",
 * in its name.
 */
int amkd_oip_read_model(amkd_oip_model *model, const json_t *metadata,
                        const amkd_teacher_options *options);

/* Whether a server's metadata list an extension. */
int amkd_oip_has_extension(const json_t *server, const char *name);

/* Heeds "max_batch_size" of a model's configuration. */
void amkd_oip_read_config(amkd_oip_model *model, const json_t *config);

/* Makes a request about n images; *json_nbytes is the length of its JSON part, 0 when
 * that is all. */
int amkd_oip_encode(amkd_bytes *body, size_t *json_nbytes, const amkd_oip_model *model,
                    uint64_t ticket, const uint8_t *pixels, size_t n);

/* Reads an answer, as amkd_protocol's decode. */
int amkd_oip_decode(amkd_values *values, const amkd_oip_model *model,
                    const amkd_http_answer *answer);

void amkd_oip_clear(amkd_oip_model *model);

#endif
