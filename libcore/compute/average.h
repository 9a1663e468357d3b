/* The running mean of weights, on the device (cl/average.cl). */
#ifndef AMKD_COMPUTE_AVERAGE_H
#define AMKD_COMPUTE_AVERAGE_H

#include "compute/device.h"

typedef struct amkd_average amkd_average;

/* For nparameters; the mean is 0 while nothing was added. */
int amkd_average_new(amkd_average **out, amkd_device *device, size_t nparameters);

/* Adds parameters, float [nparameters], as the count-th weights, from 1 on. */
int amkd_average_add(amkd_average *average, cl_mem parameters, uint64_t count);

/* The mean, float [nparameters]; written for what goes on from a checkpoint. Borrowed. */
cl_mem amkd_average_mean(const amkd_average *average);

void amkd_average_free(amkd_average *average); /* NULL is fine */

#endif
