/* A teacher that is a model file of amkd's own, run on one device or several. */
#include "base/error.h"
#include "base/memory.h"
#include "net/predictors.h"
#include "teacher/backend.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct model_state {
    amkd_predictors *predictors;
    json_t *class_names, *identity;
    float *probs; /* [capacity][nclasses] */
    size_t capacity;
    uint64_t ticket; /* of the attempt under way */
    const uint8_t *pixels;
    size_t n; /* 0: none under way */
} model_state;

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    model_state *state = backend->state;
    if (n > state->capacity) {
        float *block = amkd_realloc(state->probs, n, backend->nclasses * sizeof *block);
        if (!block)
            return -1;
        state->probs = block;
        state->capacity = n;
    }
    state->ticket = ticket;
    state->pixels = pixels;
    state->n = n;
    return 0;
}

static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    model_state *state = backend->state;
    (void)timeout;
    if (!state->n)
        return 0;
    if (amkd_predictors_run(state->predictors, state->probs, state->pixels, state->n))
        return -1;
    *reply = (amkd_reply){.ticket = state->ticket,
                          .outcome = AMKD_ANSWERED,
                          .retry_after = -1,
                          .values = state->probs,
                          .n = state->n,
                          .nvalues = backend->nclasses};
    state->n = 0;
    return 1;
}

static void close_model(amkd_backend *backend)
{
    model_state *state = backend->state;
    amkd_predictors_free(state->predictors);
    json_decref(state->class_names);
    json_decref(state->identity);
    free(state->probs);
    free(state);
}

/* A file may be replaced by another one of the same name. */
static int identify(model_state *state, const amkd_model *model)
{
    char text[33];
    XXH3_state_t *digest = XXH3_createState();
    if (!digest)
        return amkd_fail("out of memory");
    XXH3_128bits_reset(digest);
    XXH3_128bits_update(digest, model->graph.text, strlen(model->graph.text));
    XXH3_128bits_update(digest, model->parameters,
                        model->graph.nparameters * sizeof *model->parameters);
    const size_t scales_nbytes = amkd_model_nscales(model) * sizeof *model->mean;
    XXH3_128bits_update(digest, model->mean, scales_nbytes);
    XXH3_128bits_update(digest, model->std, scales_nbytes);
    if (model->temperature != 1)
        XXH3_128bits_update(digest, &model->temperature, sizeof model->temperature);
    const XXH128_hash_t hash = XXH3_128bits_digest(digest);
    XXH3_freeState(digest);
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    state->identity = json_pack("{s:s}", "weights", text);
    return state->identity ? 0 : amkd_fail("out of memory");
}

int amkd_backend_open_model(amkd_backend *backend, const char *path,
                            const amkd_teacher_options *options)
{
    model_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    *backend = (amkd_backend){.state = state,
                              .capacity = 1,
                              .submit = submit,
                              .wait = wait_for,
                              .close = close_model};
    amkd_model *model = NULL;
    int rc = amkd_model_load(&model, path);
    if (rc == 0)
        rc = amkd_backend_expect_shape("takes", model->graph.in, options->shape);
    if (rc == 0)
        rc = identify(state, model);
    if (rc == 0) {
        backend->identity = state->identity;
        backend->nclasses = model->graph.nclasses;
        backend->class_names = state->class_names = json_incref(model->class_names);
        rc = amkd_predictors_new(&state->predictors, options->devices, options->ndevices,
                                 model);
    }
    amkd_model_free(model);
    return rc;
}
