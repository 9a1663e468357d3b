/* Safetensors files of any bytes: refused, or every value can be read; and a model made
 * of one is finite and can be saved. */
#include "fuzz/target.h"
#include "net/model.h"
#include "net/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void read_tensors(const char *path)
{
    amkd_tensors tensors;
    volatile float sum = 0;
    if (amkd_tensors_read(&tensors, path))
        return;
    for (size_t t = 0; t < tensors.n; t++) {
        size_t n = 1;
        for (size_t d = 0; d < tensors.tensors[t].ndim; d++)
            n *= tensors.tensors[t].shape[d];
        for (size_t i = 0; tensors.tensors[t].data && i < n; i++)
            sum += tensors.tensors[t].data[i];
    }
    amkd_tensors_clear(&tensors);
}

static void load_model(const char *path)
{
    amkd_model *model;
    if (amkd_model_load(&model, path))
        return;
    for (size_t p = 0; p < model->graph.nparameters; p++)
        require(isfinite(model->parameters[p]), "parameters are finite");
    require(!amkd_model_save(model, "/dev/null"), "what was loaded can be saved");
    amkd_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    static int file = -1;
    static char path[64];
    if (file < 0) {
        file = memfd_create("model", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    require(file >= 0 && !ftruncate(file, 0) &&
                pwrite(file, bytes, nbytes, 0) == (ssize_t)nbytes,
            "the file can be written");
    read_tensors(path);
    load_model(path);
    return 0;
}
