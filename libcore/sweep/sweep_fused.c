/* The fused engine of the sweep: one kernel, written for the student (sweep_source.c), in
 * which a work-item runs all of it. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "sweep/sweep_internal.h"
#include <stdlib.h>
#include <string.h>

extern const char amkd_cl_common[];

struct amkd_fused {
    const amkd_sweep_inputs *inputs;
    cl_program program;
    cl_kernel kernel;
};

static int write_source(char **source, const amkd_stages *stages, const char *defines)
{
    size_t nbytes;
    FILE *file = open_memstream(source, &nbytes);
    if (!file)
        return amkd_fail_errno("the source of the sweep kernel");
    amkd_stages_write(file, stages, defines);
    const int failed = ferror(file);
    if (fclose(file) || failed) {
        free(*source);
        return amkd_fail("no memory for the source of the sweep kernel");
    }
    return 0;
}

int amkd_fused_dump(const amkd_sweep_inputs *inputs, const amkd_stages *stages)
{
    const char *directory = getenv("AMKD_DUMP_KERNELS");
    char *source = NULL;
    if (!directory || !*directory)
        return 0;
    if (write_source(&source, stages, inputs->defines))
        return -1;
    char *path = amkd_format("%s/sweep_fused.cl", directory);
    char *text = path ? amkd_format("%s%s", amkd_cl_common, source) : NULL;
    const int rc = text ? amkd_file_write(path, text, strlen(text)) : -1;
    free(source);
    free(path);
    free(text);
    return rc ? amkd_fail_in("AMKD_DUMP_KERNELS") : 0;
}

int amkd_fused_new(amkd_fused **out, const amkd_sweep_inputs *inputs,
                   const amkd_stages *stages)
{
    char *source = NULL;
    if (write_source(&source, stages, inputs->defines))
        return -1;
    const char *sources[] = {amkd_cl_common, source};
    amkd_fused *fused = amkd_alloc(1, sizeof *fused);
    int rc = fused ? 0 : -1;
    if (!rc) {
        fused->inputs = inputs;
        rc = amkd_program_build(&fused->program, inputs->device, "sweep_fused", sources,
                                2, NULL);
    }
    if (!rc)
        rc = amkd_kernel_new(&fused->kernel, fused->program, "sweep_fused");
    free(source);
    if (rc) {
        amkd_fused_free(fused);
        return -1;
    }
    *out = fused;
    return 0;
}

int amkd_fused_run(amkd_fused *fused, cl_mem scores, cl_mem pairs, size_t npairs)
{
    const amkd_sweep_inputs *in = fused->inputs;
    const cl_uint n = (cl_uint)npairs;
    const amkd_arg args[] = {AMKD_ARG(scores),
                             AMKD_ARG(in->maps),
                             AMKD_ARG(pairs),
                             AMKD_ARG(n),
                             AMKD_ARG(in->lambda_table),
                             AMKD_ARG(in->slot_table),
                             AMKD_ARG(in->parameters)};
    const size_t width = in->device->vector_width;
    /* In lockstep a lane block is a work-group; a vector program is one by itself. */
    const size_t local = width > 1 ? 1 : in->device->nlanes;
    const size_t items = (npairs * in->nlambdas + width - 1) / width;
    const size_t global = (items + local - 1) / local * local;
    return amkd_kernel_run(in->device, fused->kernel, args, 7, 1, &global, &local);
}

void amkd_fused_free(amkd_fused *fused)
{
    if (!fused)
        return;
    amkd_kernel_free(fused->kernel);
    amkd_program_free(fused->program);
    free(fused);
}
