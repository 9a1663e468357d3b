/* A teacher that is a program: NPY arrays of images to its stdin, NPY arrays of
 * probabilities from its stdout. */
#include "base/error.h"
#include "base/memory.h"
#include "data/npy.h"
#include "teacher/backend.h"
#include "teacher/worker.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 1 << 20 }; /* guards against a header that claims the memory */

typedef struct exec_state {
    amkd_worker *worker;
    amkd_shape shape;
    int floats;
    json_t *identity; /* NULL where it is the command alone */
    double timeout;
    float *pixels;                    /* [n][c][h][w] of the request, [0, 1] */
    float *probs;                     /* [n][nclasses], the answer where it is aligned */
    size_t npixels_held, nprobs_held; /* room in them */
    size_t nclasses;                  /* 0: any number */
    uint64_t ticket;                  /* of the attempt under way */
    const uint8_t *asked;             /* its images */
    size_t nasked;                    /* how many; 0: none under way */
    size_t data_offset;               /* of the answer's data, once its header is read */
    int failed;                       /* an attempt did: there are no more */
} exec_state;

static int hold(float **block, size_t *held, size_t n, size_t each)
{
    if (n <= *held)
        return 0;
    float *larger = amkd_realloc(*block, n, each * sizeof **block);
    if (!larger)
        return -1;
    *block = larger;
    *held = n;
    return 0;
}

/* [n][h][w][c] of 0..255 to [n][c][h][w] of 0..1. */
static void to_planes(float *planes, const uint8_t *pixels, size_t n, amkd_shape shape)
{
    size_t area = shape.height * shape.width;
    for (size_t s = 0; s < n; s++)
        for (size_t c = 0; c < shape.channels; c++)
            for (size_t at = 0; at < area; at++)
                *planes++ = (float)pixels[(s * area + at) * shape.channels + c] / 255;
}

static int check_shape(const exec_state *state, const amkd_npy *npy)
{
    if (strcmp(npy->dtype, "<f4") != 0)
        return amkd_fail("answered with dtype '%s', expected '<f4' (float32)",
                         npy->dtype);
    if (npy->ndim != 2)
        return amkd_fail("answered with %zu dimensions, expected 2 ([images][classes])",
                         npy->ndim);
    if (npy->shape[0] != state->nasked)
        return amkd_fail("answered with %zu rows for %zu images", npy->shape[0],
                         state->nasked);
    if (npy->shape[1] < 2 || npy->shape[1] > MOST_CLASSES)
        return amkd_fail("answered with %zu classes, expected 2 to %d", npy->shape[1],
                         MOST_CLASSES);
    if (state->nclasses && npy->shape[1] != state->nclasses)
        return amkd_fail("answered with %zu classes, expected %zu", npy->shape[1],
                         state->nclasses);
    return 0;
}

static int measure(void *context, size_t *needed, const void *bytes, size_t nbytes)
{
    exec_state *state = context;
    amkd_npy npy;
    int rc = amkd_npy_parse(&npy, needed, bytes, nbytes);
    if (rc < 0)
        return amkd_fail_in("answered with no NPY array");
    if (rc == 0)
        return 0;
    if (check_shape(state, &npy))
        return -1;
    state->nclasses = npy.shape[1];
    state->data_offset = *needed;
    *needed += npy.nbytes;
    return 1;
}

static int make_request(exec_state *state, amkd_request *request, char **head)
{
    amkd_shape shape = state->shape;
    const uint8_t *pixels = state->asked;
    size_t n = state->nasked;
    size_t size = shape.channels * shape.height * shape.width;
    const size_t planes[] = {n, shape.channels, shape.height, shape.width};
    const size_t rows[] = {n, shape.height, shape.width, shape.channels};
    if (state->floats) {
        if (hold(&state->pixels, &state->npixels_held, n, size))
            return -1;
        to_planes(state->pixels, pixels, n, shape);
    }
    if (amkd_npy_print(head, &request->head_nbytes, state->floats ? "<f4" : "|u1",
                       state->floats ? planes : rows, 4))
        return -1;
    request->head = *head;
    request->body = state->floats ? (const void *)state->pixels : pixels;
    request->body_nbytes = n * size * (state->floats ? sizeof(float) : 1);
    request->timeout = state->timeout;
    request->measure = measure;
    request->context = state;
    return 0;
}

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    exec_state *state = backend->state;
    if (state->failed)
        return amkd_fail("failed before, and is not asked again");
    state->ticket = ticket;
    state->asked = pixels;
    state->nasked = n;
    return 0;
}

/* Has the images of the attempt under way answered into state->probs. */
static int ask(exec_state *state, const amkd_request *request)
{
    const void *answer;
    size_t nbytes;
    if (amkd_worker_ask(state->worker, &answer, &nbytes, request) ||
        hold(&state->probs, &state->nprobs_held, state->nasked, state->nclasses))
        return -1;
    memcpy(state->probs, (const char *)answer + state->data_offset,
           nbytes - state->data_offset);
    return 0;
}

/* A worker that failed once has lost the rhythm of requests and answers: it is ended,
 * here because several then end side by side. What it was asked may have cost money all
 * the same. */
static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    exec_state *state = backend->state;
    amkd_request request = {0};
    char *head = NULL;
    (void)timeout;
    if (!state->nasked)
        return 0;
    *reply = (amkd_reply){.ticket = state->ticket,
                          .outcome = AMKD_ANSWERED,
                          .retry_after = -1,
                          .n = state->nasked};
    if (make_request(state, &request, &head))
        reply->outcome = AMKD_REFUSED;
    else if (ask(state, &request))
        reply->outcome = AMKD_UNREADABLE;
    free(head);
    state->nasked = 0;
    state->failed = reply->outcome != AMKD_ANSWERED;
    if (state->failed) {
        snprintf(reply->message, sizeof reply->message, "%s", amkd_error());
        amkd_worker_close(state->worker);
        state->worker = NULL;
        return 1;
    }
    backend->nclasses = reply->nvalues = state->nclasses;
    reply->values = state->probs;
    return 1;
}

static void close_exec(amkd_backend *backend)
{
    exec_state *state = backend->state;
    amkd_worker_close(state->worker);
    json_decref(state->identity);
    free(state->pixels);
    free(state->probs);
    free(state);
}

int amkd_backend_open_exec(amkd_backend *backend, const char *command,
                           const amkd_teacher_options *options)
{
    const char *dtype = options->dtype ? options->dtype : "uint8";
    int floats = strcmp(dtype, "float32") == 0;
    if (!floats && strcmp(dtype, "uint8") != 0)
        return amkd_fail("cannot send '%s', expected uint8 or float32", dtype);
    exec_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    state->shape = options->shape;
    state->floats = floats;
    state->timeout = options->timeout;
    state->nclasses = options->nclasses;
    state->identity = floats ? json_pack("{s:s}", "datatype", dtype) : NULL;
    *backend = (amkd_backend){.state = state,
                              .identity = state->identity,
                              .capacity = 1,
                              .submit = submit,
                              .wait = wait_for,
                              .close = close_exec};
    if (floats && !state->identity)
        return amkd_fail("out of memory");
    return amkd_worker_open(&state->worker, command);
}
