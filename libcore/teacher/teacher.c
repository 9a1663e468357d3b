/* The teacher that a spec names, and the checks that every answer passes. */
#include "teacher/teacher.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/backend.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SUM_TOLERANCE = 1e-3;

struct amkd_teacher {
    amkd_backend backend;
    char *spec;
};

static const struct {
    const char *prefix;
    int (*open)(amkd_backend *backend, const char *rest,
                const amkd_teacher_options *options);
    int needs_device;
} kinds[] = {
    {"model:", amkd_backend_open_model, 1},
    {"exec:", amkd_backend_open_exec, 0},
};

int amkd_teacher_needs_device(const char *spec)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strncmp(spec, kinds[k].prefix, strlen(kinds[k].prefix)) == 0)
            return kinds[k].needs_device;
    return 0;
}

static int open_backend(amkd_backend *backend, const char *spec,
                        const amkd_teacher_options *options)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t length = strlen(kinds[k].prefix);
        if (strncmp(spec, kinds[k].prefix, length) != 0)
            continue;
        if (spec[length] == '\0')
            return amkd_fail("nothing behind '%s'", kinds[k].prefix);
        return kinds[k].open(backend, spec + length, options);
    }
    return amkd_fail("expected model:FILE or exec:CMD");
}

int amkd_teacher_open(amkd_teacher **out, const char *spec,
                      const amkd_teacher_options *options)
{
    amkd_teacher *teacher = amkd_alloc(1, sizeof *teacher);
    if (!teacher)
        return -1;
    teacher->spec = amkd_strdup(spec);
    if (!teacher->spec) {
        amkd_teacher_close(teacher);
        return -1;
    }
    if (open_backend(&teacher->backend, spec, options)) {
        amkd_teacher_close(teacher);
        return amkd_fail_in("teacher '%s'", spec);
    }
    size_t nclasses = teacher->backend.nclasses;
    if (options->nclasses && nclasses && nclasses != options->nclasses) {
        amkd_teacher_close(teacher);
        return amkd_fail("teacher '%s': knows %zu classes, expected %zu", spec, nclasses,
                         options->nclasses);
    }
    *out = teacher;
    return 0;
}

size_t amkd_teacher_nclasses(const amkd_teacher *teacher)
{
    return teacher->backend.nclasses;
}

struct json_t *amkd_teacher_class_names(const amkd_teacher *teacher)
{
    return teacher->backend.class_names;
}

static int check_answer(const float *p, size_t nclasses)
{
    double sum = 0;
    for (size_t y = 0; y < nclasses; y++) {
        if (!isfinite(p[y]))
            return amkd_fail("class %zu: %g is not a probability", y, p[y]);
        if (p[y] < 0)
            return amkd_fail("class %zu: probability %g is negative", y, p[y]);
        sum += p[y];
    }
    if (fabs(sum - 1) > SUM_TOLERANCE)
        return amkd_fail("the probabilities sum to %g, expected 1", sum);
    return 0;
}

/* One attempt, waited for to its end. */
static int attempt(amkd_reply *reply, amkd_backend *backend, const uint8_t *pixels,
                   size_t n)
{
    int rc = backend->submit(backend, 0, pixels, n) ? -1 : 0;
    while (rc == 0)
        rc = backend->wait(backend, reply, 1);
    if (rc < 0)
        return -1;
    if (reply->outcome != AMKD_ANSWERED)
        return amkd_fail("%s", reply->message);
    return 0;
}

int amkd_teacher_ask(amkd_teacher *teacher, const float **probs, const uint8_t *pixels,
                     size_t n)
{
    amkd_reply reply;
    if (attempt(&reply, &teacher->backend, pixels, n))
        return amkd_fail_in("teacher '%s'", teacher->spec);
    for (size_t s = 0; s < n; s++)
        if (check_answer(reply.values + s * reply.nvalues, reply.nvalues))
            return amkd_fail_in("teacher '%s': answer %zu of %zu", teacher->spec, s, n);
    *probs = reply.values;
    return 0;
}

void amkd_teacher_close(amkd_teacher *teacher)
{
    if (!teacher)
        return;
    if (teacher->backend.close)
        teacher->backend.close(&teacher->backend);
    free(teacher->spec);
    free(teacher);
}
