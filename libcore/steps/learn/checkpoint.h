/* The state of a training on disk: a safetensors file of weights and moments. */
#ifndef AMKD_STEPS_LEARN_CHECKPOINT_H
#define AMKD_STEPS_LEARN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_checkpoint {
    float *parameters; /* [nparameters] */
    float *moments;    /* [2 * ntrained] of the optimizer */
    size_t nparameters, ntrained;
    uint64_t step; /* steps taken */
} amkd_checkpoint;

/* training: text that names all the training depends on; a checkpoint resumes only the
 * training it is from. */
int amkd_checkpoint_save(const amkd_checkpoint *checkpoint, const char *path,
                         const char *training);

/* Fills parameters and moments, whose sizes are the caller's, and step. */
int amkd_checkpoint_load(amkd_checkpoint *checkpoint, const char *path,
                         const char *training);

#endif
