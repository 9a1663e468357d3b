/* The state of a training on disk: a safetensors file of weights and the optimizer's
 * state. */
#ifndef AMKD_STEPS_LEARN_CHECKPOINT_H
#define AMKD_STEPS_LEARN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_checkpoint {
    float *parameters; /* [nparameters] */
    float *states;     /* [nstates][ntrained] of the optimizer */
    size_t nparameters, ntrained, nstates;
    uint64_t step; /* steps taken */
} amkd_checkpoint;

/* training: text that names all the training depends on; a checkpoint resumes only the
 * training it is from. */
int amkd_checkpoint_save(const amkd_checkpoint *checkpoint, const char *path,
                         const char *training);

/* Fills parameters and states, whose sizes are the caller's, and step, which is one of a
 * training of nsteps. */
int amkd_checkpoint_load(amkd_checkpoint *checkpoint, uint64_t nsteps, const char *path,
                         const char *training);

#endif
