/* A teacher that is a model file of amkd's own, run on the device. */
#include "base/error.h"
#include "base/memory.h"
#include "net/predict.h"
#include "teacher/backend.h"
#include <stdlib.h>

typedef struct model_state {
    amkd_predictor *predictor;
    json_t *class_names;
    float *probs; /* [capacity][nclasses] */
    size_t capacity;
} model_state;

static int ask(amkd_backend *backend, const float **probs, const uint8_t *pixels,
               size_t n)
{
    model_state *state = backend->state;
    if (n > state->capacity) {
        float *block = amkd_realloc(state->probs, n, backend->nclasses * sizeof *block);
        if (!block)
            return -1;
        state->probs = block;
        state->capacity = n;
    }
    *probs = state->probs;
    return amkd_predictor_run(state->predictor, state->probs, pixels, n);
}

static void close_model(amkd_backend *backend)
{
    model_state *state = backend->state;
    amkd_predictor_free(state->predictor);
    json_decref(state->class_names);
    free(state->probs);
    free(state);
}

static int check_shape(amkd_shape model, amkd_shape images)
{
    if (model.channels == images.channels && model.height == images.height &&
        model.width == images.width)
        return 0;
    return amkd_fail("takes %zux%zux%zu images (channels, height, width), these are "
                     "%zux%zux%zu",
                     model.channels, model.height, model.width, images.channels,
                     images.height, images.width);
}

int amkd_backend_open_model(amkd_backend *backend, const char *path,
                            const amkd_teacher_options *options)
{
    model_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    *backend = (amkd_backend){.state = state, .ask = ask, .close = close_model};
    amkd_model *model = NULL;
    int rc = amkd_model_load(&model, path);
    if (rc == 0)
        rc = check_shape(model->arch.in, options->shape);
    if (rc == 0) {
        backend->nclasses = model->arch.nclasses;
        backend->class_names = state->class_names = json_incref(model->class_names);
        rc = amkd_predictor_new(&state->predictor, options->device, model);
    }
    amkd_model_free(model);
    return rc;
}
