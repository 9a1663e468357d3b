/* The Open Inference Protocol, version 2 (KServe, Triton): its bodies as pure functions
 * of bytes. A request is JSON, by the binary tensor extension with the tensors' bytes
 * behind:
 *
 *   {"id": "7", "inputs": [{"name": "image", "datatype": "UINT8",
 *    "shape": [n, height, width, channels], "data": [...]}],
 *    "outputs": [{"name": "probabilities", "parameters": {"binary_data": true}}]}
 *
 * or, for FP32, "shape": [n, channels, height, width] of values 0..1. */
#ifndef AMKD_SERVE_OIP_H
#define AMKD_SERVE_OIP_H

#include "base/bytes.h"
#include "serve/question.h"

/* Reads an inference request: json_nbytes of JSON, the rest tensors. The question may
 * point into body. On failure (the request is to blame) it is left cleared. */
int amkd_oip_parse(amkd_question *question, const amkd_served *served, const char *body,
                   size_t nbytes, size_t json_nbytes);

/* Adds the answer. json_nbytes is that of its JSON when an output is wanted in binary, or
 * 0 when all is JSON. */
void amkd_oip_answer(amkd_bytes *answer, size_t *json_nbytes, const amkd_served *served,
                     const amkd_question *question, const amkd_outputs *outputs);

/* Add the server's and the model's metadata. */
void amkd_oip_server_metadata(amkd_bytes *answer);
void amkd_oip_model_metadata(amkd_bytes *answer, const amkd_served *served);

#endif
