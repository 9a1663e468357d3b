/* The teacher that a spec names, and the checks that every answer passes. */
#include "teacher/teacher.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/backend.h"
#include "teacher/probabilities.h"
#include "teacher/replay_files.h"
#include "teacher/url.h"
#include "teacher/values.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct amkd_teacher {
    amkd_backend backend;
    char *spec, *identity;
    size_t npixels;      /* of an image */
    amkd_values answers; /* put together where a request takes fewer images */
};

static const struct {
    const char *prefix;
    amkd_backend_open *open;
    int needs_device;
    int (*check)(const char *rest); /* of what stands behind it; NULL: all will do */
} kinds[] = {
    {"model:", amkd_backend_open_model, 1, NULL},
    {"exec:", amkd_backend_open_exec, 0, NULL},
    {"replay:", amkd_backend_open_replay, 0, amkd_replay_list_check},
};

int amkd_teacher_needs_device(const char *spec)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strncmp(spec, kinds[k].prefix, strlen(kinds[k].prefix)) == 0)
            return kinds[k].needs_device;
    return 0;
}

/* Without what the spec is about, which stands before it in the message. */
static int check_kind(const char *spec, int templated)
{
    if (amkd_url_is(spec))
        return templated || amkd_url_protocol(spec) != AMKD_OTHER_API
                   ? 0
                   : amkd_fail(
                         "expected the path /v2/models/NAME or /v1/models/NAME, either "
                         "with /versions/V behind it, or --request and --response for an "
                         "API of its own");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const size_t length = strlen(kinds[k].prefix);
        if (strncmp(spec, kinds[k].prefix, length) != 0)
            continue;
        if (!spec[length])
            return amkd_fail("nothing behind '%s'", kinds[k].prefix);
        return kinds[k].check ? kinds[k].check(spec + length) : 0;
    }
    return amkd_fail("expected model:FILE, exec:CMD, replay:FILES or a URL of http or "
                     "https");
}

int amkd_teacher_spec_check(const char *spec, int templated)
{
    if (amkd_url_is(spec) && amkd_url_check(spec))
        return -1; /* said without the spec, which may hold a password */
    return check_kind(spec, templated) ? amkd_fail_in("teacher '%s'", spec) : 0;
}

int amkd_backend_expect_shape(const char *verb, amkd_shape known, amkd_shape asked)
{
    if (known.channels == asked.channels && known.height == asked.height &&
        known.width == asked.width)
        return 0;
    return amkd_fail("%s %zux%zux%zu images (channels, height, width), these are "
                     "%zux%zux%zu",
                     verb, known.channels, known.height, known.width, asked.channels,
                     asked.height, asked.width);
}

static int open_url(amkd_backend *backend, const char *url,
                    const amkd_teacher_options *options)
{
    if (options->http.request || options->http.response)
        return amkd_backend_open_template(backend, url, options);
    return amkd_url_protocol(url) == AMKD_OIP
               ? amkd_backend_open_oip(backend, url, options)
               : amkd_backend_open_tfserving(backend, url, options);
}

/* The spec is one (amkd_teacher_spec_check). */
static int open_backend(amkd_backend *backend, const char *spec,
                        const amkd_teacher_options *options)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t length = strlen(kinds[k].prefix);
        if (strncmp(spec, kinds[k].prefix, length) != 0)
            continue;
        if (options->nworkers > 1)
            return amkd_backend_open_pool(backend, options->nworkers, kinds[k].open,
                                          spec + length, options);
        return kinds[k].open(backend, spec + length, options);
    }
    return open_url(backend, spec, options);
}

static int name_identity(amkd_teacher *teacher)
{
    const json_t *identity = teacher->backend.identity;
    char *text = identity ? json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    teacher->identity =
        amkd_format("%s%s%s", teacher->spec, text ? " " : "", text ? text : "");
    free(text);
    return teacher->identity ? 0 : -1;
}

int amkd_teacher_open(amkd_teacher **out, const char *spec,
                      const amkd_teacher_options *options)
{
    if (amkd_teacher_spec_check(spec, options->http.request || options->http.response))
        return -1;
    amkd_teacher *teacher = amkd_alloc(1, sizeof *teacher);
    if (!teacher)
        return -1;
    teacher->npixels = amkd_shape_size(options->shape);
    teacher->spec = amkd_strdup(spec);
    if (!teacher->spec) {
        amkd_teacher_close(teacher);
        return -1;
    }
    if (open_backend(&teacher->backend, spec, options)) {
        amkd_teacher_close(teacher);
        return amkd_fail_in("teacher '%s'", spec);
    }
    if (name_identity(teacher)) {
        amkd_teacher_close(teacher);
        return -1;
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

const char *amkd_teacher_identity(const amkd_teacher *teacher)
{
    return teacher->identity;
}

struct amkd_backend *amkd_teacher_backend(amkd_teacher *teacher)
{
    return &teacher->backend;
}

int amkd_teacher_fail_in(const amkd_teacher *teacher)
{
    return amkd_fail_in("teacher '%s'", teacher->spec);
}

size_t amkd_teacher_nclasses(const amkd_teacher *teacher)
{
    return teacher->backend.nclasses;
}

struct json_t *amkd_teacher_class_names(const amkd_teacher *teacher)
{
    return teacher->backend.class_names;
}

struct json_t *amkd_teacher_origin(const amkd_teacher *teacher)
{
    return teacher->backend.origin;
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

/* Asks in as many attempts as the backend needs; *probs becomes [n][nclasses]. */
static int ask_all(amkd_teacher *teacher, const float **probs, const uint8_t *pixels,
                   size_t n)
{
    amkd_backend *backend = &teacher->backend;
    amkd_values *answers = &teacher->answers;
    size_t most = backend->max_images ? backend->max_images : n;
    for (size_t done = 0; done < n; done += most) {
        amkd_reply reply;
        size_t count = n - done < most ? n - done : most;
        if (attempt(&reply, backend, pixels + done * teacher->npixels, count))
            return -1;
        *probs = reply.values;
        if (count == n)
            return 0;
        if (done == 0 && amkd_values_reserve(answers, n, reply.nvalues))
            return -1;
        memcpy(answers->at + done * reply.nvalues, reply.values,
               count * reply.nvalues * sizeof *reply.values);
    }
    *probs = answers->at;
    return 0;
}

/* Scales answers that were rounded, in memory of the teacher's own. */
static int scale(amkd_teacher *teacher, const float **probs, size_t n)
{
    const amkd_answer_rule rule = {.kind = AMKD_PROBS};
    const size_t nclasses = teacher->backend.nclasses;
    amkd_values *answers = &teacher->answers;
    int any = 0;
    for (size_t s = 0; s < n; s++)
        any |= amkd_answer_is_rounded(&rule, *probs + s * nclasses, nclasses);
    if (!any)
        return 0;
    if (*probs != answers->at) {
        if (amkd_values_reserve(answers, n, nclasses))
            return -1;
        memcpy(answers->at, *probs, n * nclasses * sizeof **probs);
        *probs = answers->at;
    }
    for (size_t s = 0; s < n; s++) {
        float *p = answers->at + s * nclasses;
        amkd_answer_probabilities(p, &rule, p, NULL, nclasses);
    }
    return 0;
}

int amkd_teacher_ask(amkd_teacher *teacher, const float **probs, const uint8_t *pixels,
                     size_t n)
{
    if (ask_all(teacher, probs, pixels, n))
        return amkd_teacher_fail_in(teacher);
    const amkd_answer_rule rule = {.kind = AMKD_PROBS};
    size_t nclasses = teacher->backend.nclasses;
    for (size_t s = 0; s < n; s++)
        if (amkd_answer_check(&rule, *probs + s * nclasses, nclasses))
            return amkd_fail_in("teacher '%s': answer %zu of %zu", teacher->spec, s, n);
    return scale(teacher, probs, n) ? amkd_teacher_fail_in(teacher) : 0;
}

void amkd_teacher_close(amkd_teacher *teacher)
{
    if (!teacher)
        return;
    if (teacher->backend.close)
        teacher->backend.close(&teacher->backend);
    amkd_values_clear(&teacher->answers);
    free(teacher->spec);
    free(teacher->identity);
    free(teacher);
}
