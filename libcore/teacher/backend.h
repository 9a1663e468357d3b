/* What a kind of teacher does. teacher.c chooses one by the spec's prefix, checks what it
 * answers and puts the spec before its errors. */
#ifndef AMKD_TEACHER_BACKEND_H
#define AMKD_TEACHER_BACKEND_H

#include "teacher/teacher.h"

typedef struct amkd_backend {
    void *state;
    size_t nclasses;            /* 0 until the first answer when not known before */
    struct json_t *class_names; /* borrowed from the state; NULL when unknown */

    /* *probs becomes [n][backend->nclasses], owned by the backend until the next call. */
    int (*ask)(struct amkd_backend *backend, const float **probs, const uint8_t *pixels,
               size_t n);
    void (*close)(struct amkd_backend *backend);
} amkd_backend;

/* model:FILE */
int amkd_backend_open_model(amkd_backend *backend, const char *path,
                            const amkd_teacher_options *options);

/* exec:CMD */
int amkd_backend_open_exec(amkd_backend *backend, const char *command,
                           const amkd_teacher_options *options);

#endif
