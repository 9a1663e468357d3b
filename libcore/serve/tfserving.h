/* TF-Serving's REST protocol, version 1: its bodies as pure functions of bytes. Requests
 * are JSON, by rows or by columns:
 *
 *   {"instances": [image, image...]}   or   {"instances": [{"image": image}...]}
 *   {"inputs": [image, image...]}      or   {"inputs": {"image": [image...]}}
 *
 * An image is nested [height][width][channels] or [channels][height][width], told apart
 * by its shape (the first where both fit), of pixels 0..255 or, for a model served with
 * FP32 input, of 0..1. */
#ifndef AMKD_SERVE_TFSERVING_H
#define AMKD_SERVE_TFSERVING_H

#include "base/bytes.h"
#include "serve/question.h"

/* Reads a :predict request. On failure (the request is to blame) the question is left
 * cleared. */
int amkd_tfserving_parse(amkd_question *question, const amkd_served *served,
                         const char *body, size_t nbytes);

/* Adds the answer, {"predictions": ...} or, by columns, {"outputs": ...}. */
void amkd_tfserving_answer(amkd_bytes *answer, const amkd_served *served,
                           const amkd_question *question, const amkd_outputs *outputs);

/* Add the model's status and its metadata. */
void amkd_tfserving_status(amkd_bytes *answer, const amkd_served *served);
void amkd_tfserving_metadata(amkd_bytes *answer, const amkd_served *served);

#endif
