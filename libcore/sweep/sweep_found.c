/* Launcher of cl/sweep_found.cl. */
#include "base/memory.h"
#include "sweep/sweep_internal.h"
#include <math.h>
#include <stdlib.h>

extern const char amkd_cl_sweep_found[];

struct amkd_found {
    amkd_device *device;
    cl_program program;
    cl_kernel kernel;
};

int amkd_found_new(amkd_found **out, amkd_device *device, size_t group)
{
    const char *sources[] = {amkd_cl_sweep_found};
    amkd_found *found = amkd_alloc(1, sizeof *found);
    char *options = found ? amkd_format("-DGROUP=%zu", group) : NULL;
    int rc = options ? 0 : -1;
    if (!rc) {
        found->device = device;
        rc = amkd_program_build(&found->program, device, "sweep_found", sources, 1,
                                options);
    }
    if (!rc)
        rc = amkd_kernel_new(&found->kernel, found->program, "sweep_found");
    free(options);
    if (rc) {
        amkd_found_free(found);
        return -1;
    }
    *out = found;
    return 0;
}

int amkd_found_run(amkd_found *found, cl_mem result, cl_mem scores, size_t ngroups,
                   float threshold)
{
    const amkd_arg args[] = {AMKD_ARG(result), AMKD_ARG(scores), AMKD_ARG(threshold)};
    if (threshold < INFINITY &&
        amkd_buffer_zero(found->device, result, sizeof(amkd_sweep_score)))
        return -1;
    return amkd_kernel_run(found->device, found->kernel, args, 3, 1, &ngroups, NULL);
}

void amkd_found_free(amkd_found *found)
{
    if (!found)
        return;
    amkd_kernel_free(found->kernel);
    amkd_program_free(found->program);
    free(found);
}
