/* What a kind of teacher does. teacher.c chooses one by the spec's prefix, checks what it
 * answers and puts the spec before its errors.
 *
 * Backends are asynchronous: attempts are begun by submit and end, in any order, as
 * replies of wait. A backend makes one attempt of each submit and never tries again: what
 * a failure costs and whether to ask once more is decided above it. */
#ifndef AMKD_TEACHER_BACKEND_H
#define AMKD_TEACHER_BACKEND_H

#include "teacher/teacher.h"

/* How an attempt ended, by what it means for a teacher that costs money. */
typedef enum amkd_outcome {
    AMKD_ANSWERED,   /* values for all images */
    AMKD_UNSENT,     /* surely not processed (connection refused, 429, 503 ...): costs
                        nothing */
    AMKD_DOUBTFUL,   /* may have been processed (timed out, lost after sending or amid its
                        answer, 500, 502, 504): counted as spent */
    AMKD_REFUSED,    /* a no (400, 401, 404, a certificate that is not trusted ...): costs
                        nothing, and is final unless the retry rules name its status */
    AMKD_UNREADABLE, /* a whole answer that cannot be used, a program that failed or was
                        too slow: counted as spent, and final unless it has a status that
                        the retry rules name */
} amkd_outcome;

typedef struct amkd_reply {
    uint64_t ticket; /* as given to submit */
    amkd_outcome outcome;
    int status;          /* the HTTP status, 0 without one */
    double retry_after;  /* seconds the server asks to wait, negative when it does not */
    const float *values; /* ANSWERED: [n][nvalues], the backend's until its next wait. NaN
                            is a class that a list of the best leaves out */
    size_t n, nvalues;
    char message[512]; /* not ANSWERED: why */
} amkd_reply;

typedef struct amkd_backend {
    void *state;
    size_t nclasses;            /* 0 until the first answer when not known before */
    struct json_t *class_names; /* borrowed from the state; NULL when unknown */
    int named; /* answers are by the class_names, which decide what values are of */
    struct json_t *identity; /* what decides the answers beside the spec, an object;
                                borrowed from the state; NULL for nothing */
    struct json_t *origin;   /* whose answers it hands on where they are not its own;
                                borrowed from the state; NULL: its own */
    size_t capacity;         /* attempts under way at once at most */
    size_t max_images;       /* images an attempt at most; 0: any number */

    /* How many of the images pixels [n][h][w][c] it has answers to; NULL: it answers
     * about any. */
    size_t (*count_known)(const struct amkd_backend *backend, const uint8_t *pixels,
                          size_t n);
    /* Begins an attempt. pixels [n][h][w][c] stay the caller's and unchanged until its
     * reply. Returns -1 when no attempt was made and none can be: nothing was sent. */
    int (*submit)(struct amkd_backend *backend, uint64_t ticket, const uint8_t *pixels,
                  size_t n);
    /* Waits for any reply, timeout seconds at most; a signal may end it earlier. A
     * backend that works in the calling thread takes as long as the answer takes. Returns
     * 1 with a reply, 0 without one, -1 when the backend is broken for good: every
     * attempt under way is then doubtful. */
    int (*wait)(struct amkd_backend *backend, amkd_reply *reply, double timeout);
    /* Attempts still under way are abandoned. */
    void (*close)(struct amkd_backend *backend);
} amkd_backend;

typedef int amkd_backend_open(amkd_backend *backend, const char *rest,
                              const amkd_teacher_options *options);

/* Fails unless what a teacher "takes", or "is about", are images of the shape asked
 * about.
 */
int amkd_backend_expect_shape(const char *verb, amkd_shape known, amkd_shape asked);

/* nmembers backends, each opened by open and served by a thread of its own, as one that
 * has so many attempts under way. */
int amkd_backend_open_pool(amkd_backend *backend, size_t nmembers,
                           amkd_backend_open *open, const char *rest,
                           const amkd_teacher_options *options);

/* model:FILE */
int amkd_backend_open_model(amkd_backend *backend, const char *path,
                            const amkd_teacher_options *options);

/* exec:CMD */
int amkd_backend_open_exec(amkd_backend *backend, const char *command,
                           const amkd_teacher_options *options);

/* replay:FILES */
int amkd_backend_open_replay(amkd_backend *backend, const char *list,
                             const amkd_teacher_options *options);

/* http(s)://HOST/v2/models/NAME: the Open Inference Protocol */
int amkd_backend_open_oip(amkd_backend *backend, const char *url,
                          const amkd_teacher_options *options);

/* http(s)://HOST/v1/models/NAME: TensorFlow Serving */
int amkd_backend_open_tfserving(amkd_backend *backend, const char *url,
                                const amkd_teacher_options *options);

/* Any other URL, by a request template */
int amkd_backend_open_template(amkd_backend *backend, const char *url,
                               const amkd_teacher_options *options);

#endif
