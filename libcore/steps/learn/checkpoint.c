/* The state of a training on disk. */
#include "steps/learn/checkpoint.h"
#include "base/error.h"
#include "net/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static amkd_tensor tensor(const char *name, float *data, size_t rows, size_t columns)
{
    amkd_tensor tensor = {.ndim = rows > 1 ? 2 : 1, .data = data};
    snprintf(tensor.name, sizeof tensor.name, "%s", name);
    tensor.shape[0] = rows > 1 ? rows : columns;
    tensor.shape[1] = columns;
    return tensor;
}

int amkd_checkpoint_save(const amkd_checkpoint *checkpoint, const char *path,
                         const char *training)
{
    const size_t n = checkpoint->nparameters;
    char step[24];
    snprintf(step, sizeof step, "%llu", (unsigned long long)checkpoint->step);
    amkd_tensor parts[] = {
        tensor("parameters", checkpoint->parameters, 1, n),
        tensor("moments", checkpoint->states, checkpoint->nstates, checkpoint->ntrained)};
    amkd_tensors file = {.n = 2, .tensors = parts};
    file.metadata = json_pack("{s:s, s:s}", "amkd.step", step, "amkd.training", training);
    if (!file.metadata)
        return amkd_fail("out of memory");
    const int rc = amkd_tensors_write(&file, path);
    json_decref(file.metadata);
    return rc;
}

static int load_part(float *out, const amkd_tensors *file, const char *name, size_t n)
{
    const amkd_tensor *part = amkd_tensors_find(file, name);
    size_t found = part ? 1 : 0;
    for (size_t d = 0; part && d < part->ndim; d++)
        found *= part->shape[d];
    if (found != n)
        return amkd_fail("tensor '%s' has %zu values, expected %zu", name, found, n);
    if (!part->data)
        return amkd_fail("tensor '%s' holds no floating-point numbers", name);
    for (size_t v = 0; v < n; v++)
        if (!isfinite(part->data[v]))
            return amkd_fail("tensor '%s' holds a value that is not finite", name);
    memcpy(out, part->data, n * sizeof *out);
    return 0;
}

static int load_step(uint64_t *step, uint64_t nsteps, const amkd_tensors *file,
                     const char *training)
{
    const char *text = json_string_value(json_object_get(file->metadata, "amkd.step"));
    const char *of = json_string_value(json_object_get(file->metadata, "amkd.training"));
    char *end;
    if (!text || !of)
        return amkd_fail("not a checkpoint of amkd-train");
    if (strcmp(of, training))
        return amkd_fail("the checkpoint is of another training:\n  %s\nnot of\n  %s", of,
                         training);
    *step = strtoull(text, &end, 10);
    if (*end || end == text || *step > nsteps)
        return amkd_fail("step '%s': expected a number, %llu at most", text,
                         (unsigned long long)nsteps);
    return 0;
}

int amkd_checkpoint_load(amkd_checkpoint *checkpoint, uint64_t nsteps, const char *path,
                         const char *training)
{
    const size_t n = checkpoint->nparameters;
    amkd_tensors file;
    if (amkd_tensors_read(&file, path))
        return -1;
    int rc = load_step(&checkpoint->step, nsteps, &file, training) ||
             load_part(checkpoint->parameters, &file, "parameters", n) ||
             load_part(checkpoint->states, &file, "moments",
                       checkpoint->nstates * checkpoint->ntrained);
    amkd_tensors_clear(&file);
    return rc ? amkd_fail_in("'%s'", path) : 0;
}
