/* Reading metadata by the Open Inference Protocol, for oip_model.c and oip_output.c. */
#ifndef AMKD_TEACHER_OIP_METADATA_H
#define AMKD_TEACHER_OIP_METADATA_H

#include "teacher/oip.h"

/* A tensor's member that is a text, "" where there is none. */
const char *amkd_oip_text(const json_t *tensor, const char *key);

/* A tensor's shape, -1 for any number. */
int amkd_oip_shape(int64_t dims[AMKD_INPUT_TENSOR_DIMS], size_t *ndim,
                   const json_t *tensor);

/* Sets model->output; see amkd_oip_read_model. */
int amkd_oip_choose_output(amkd_oip_model *model, const json_t *metadata,
                           const amkd_teacher_options *options);

#endif
