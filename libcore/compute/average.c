/* Launcher of cl/average.cl. */
#include "compute/average.h"
#include "base/memory.h"
#include "compute/program.h"
#include <stdlib.h>

extern const char amkd_cl_average[];

enum { GROUP_ITEMS = 64 };

struct amkd_average {
    amkd_device *device;
    size_t nparameters;
    cl_program program;
    cl_kernel step;
    cl_mem mean;
};

int amkd_average_new(amkd_average **out, amkd_device *device, size_t nparameters)
{
    const char *sources[] = {amkd_cl_average};
    const size_t nbytes = nparameters * sizeof(float);
    amkd_average *average = amkd_alloc(1, sizeof *average);
    if (!average)
        return -1;
    average->device = device;
    average->nparameters = nparameters;
    if (amkd_program_build(&average->program, device, sources, 1, "") ||
        amkd_kernel_new(&average->step, average->program, "average_step") ||
        amkd_buffer_new(&average->mean, device, CL_MEM_READ_WRITE, nbytes, NULL) ||
        amkd_buffer_zero(device, average->mean, nbytes)) {
        amkd_average_free(average);
        return -1;
    }
    *out = average;
    return 0;
}

int amkd_average_add(amkd_average *average, cl_mem parameters, uint64_t count)
{
    const cl_uint n = (cl_uint)average->nparameters;
    const float share = (float)(1 / (double)count);
    const amkd_arg args[] = {AMKD_ARG(parameters), AMKD_ARG(average->mean), AMKD_ARG(n),
                             AMKD_ARG(share)};
    const size_t group = GROUP_ITEMS;
    const size_t global = (average->nparameters + group - 1) / group * group;
    return amkd_kernel_run(average->device, average->step, args, 4, 1, &global, &group);
}

cl_mem amkd_average_mean(const amkd_average *average)
{
    return average->mean;
}

void amkd_average_free(amkd_average *average)
{
    if (!average)
        return;
    amkd_buffer_free(average->mean);
    amkd_kernel_free(average->step);
    amkd_program_free(average->program);
    free(average);
}
