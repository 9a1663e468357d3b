/* A teacher that hands on answers bought before, found by the exact pixels they are
 * about: whatever order, selection or budget asks for them, they cost nothing again. */
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include "teacher/answer_map.h"
#include "teacher/backend.h"
#include "teacher/journal_answers.h"
#include "teacher/replay_files.h"
#include "teacher/values.h"
#include <stdlib.h>
#include <string.h>

/* Answers whose keys were made with one identity: those of a journal, or of all labels
 * files together, whose identity is empty. */
typedef struct source {
    char *identity;
    amkd_answer_map map;
} source;

typedef struct replay_state {
    amkd_shape shape; /* of the images */
    source *sources; /* [nsources] in the order of their files: earlier ones come first */
    size_t nsources;
    json_t *origin, *class_names;
    amkd_values answers; /* of the attempt under way */
    uint64_t ticket;
    const uint8_t *pixels;
    size_t n; /* 0: none under way */
} replay_state;

/* --------------------------------------------------------------------- what is known --
 */

static source *add_source(replay_state *state, const char *identity)
{
    for (size_t s = 0; s < state->nsources; s++)
        if (strcmp(state->sources[s].identity, identity) == 0)
            return &state->sources[s];
    source *sources =
        amkd_realloc(state->sources, state->nsources + 1, sizeof *state->sources);
    if (!sources)
        return NULL;
    state->sources = sources;
    source *fresh = &sources[state->nsources];
    *fresh = (source){.identity = amkd_strdup(identity)};
    state->nsources += fresh->identity != NULL;
    return fresh->identity ? fresh : NULL;
}

/* Whose answers a file holds, each teacher once. */
static int note_origin(replay_state *state, const amkd_header *header)
{
    json_t *whose =
        json_pack("{s:s*, s:O*, s:O*}", "teacher", amkd_header_teacher(header), "answers",
                  amkd_labels_rule(header), "origin", amkd_labels_origin(header));
    const int rc = whose ? 0 : -1;
    for (size_t o = 0; !rc && o < json_array_size(state->origin); o++)
        if (json_equal(json_array_get(state->origin, o), whose)) {
            json_decref(whose);
            return 0;
        }
    if (rc || json_array_append_new(state->origin, whose))
        return amkd_fail("no memory for a header");
    return 0;
}

static int set_nclasses(amkd_backend *backend, size_t nclasses)
{
    if (backend->nclasses && backend->nclasses != nclasses)
        return amkd_fail("has %zu classes, the files before it have %zu", nclasses,
                         backend->nclasses);
    backend->nclasses = nclasses;
    return 0;
}

static int take_rows(replay_state *state, const uint8_t *rows, size_t n, size_t nclasses,
                     const amkd_images *images)
{
    enum { ROWS = 256 };
    const size_t npixels = amkd_images_npixels(images);
    const size_t row_nbytes = sizeof(amkd_label_key) + nclasses * sizeof(float);
    const size_t chunk = amkd_images_chunk(images, ROWS);
    source *labels = add_source(state, "");
    uint8_t *pixels = amkd_alloc(chunk, npixels);
    amkd_label_key *keys = amkd_alloc(chunk, sizeof *keys);
    float *p = amkd_alloc(nclasses, sizeof *p);
    int rc = labels && pixels && keys && p ? 0 : -1;
    for (size_t done = 0; !rc && done < n; done += chunk) {
        const size_t count = n - done < chunk ? n - done : chunk;
        for (size_t r = 0; r < count; r++)
            memcpy(&keys[r], rows + (done + r) * row_nbytes, sizeof *keys);
        rc = amkd_images_mix(pixels, images, keys, count);
        for (size_t r = 0; !rc && r < count; r++) {
            memcpy(p, rows + (done + r) * row_nbytes + sizeof *keys,
                   nclasses * sizeof *p);
            rc = amkd_answer_map_add(
                &labels->map, amkd_question_key_of("", pixels + r * npixels, npixels), p,
                nclasses);
        }
    }
    free(pixels);
    free(keys);
    free(p);
    return rc;
}

static int add_labels(amkd_backend *backend, amkd_reader *reader, const char *path)
{
    replay_state *state = backend->state;
    const amkd_header *header = amkd_reader_header(reader);
    amkd_images *images = NULL;
    amkd_check check;
    void *rows = NULL;
    size_t n, nclasses;
    if (amkd_labels_check(header, &nclasses) || set_nclasses(backend, nclasses) ||
        amkd_check_init(&check, header))
        return amkd_fail_in("'%s'", path);
    if (amkd_images_load_refs(&images, header, path, NULL, 0, 0))
        return -1;
    const amkd_shape shape = {images->channels, images->height, images->width};
    int rc = amkd_backend_expect_shape("is about", shape, state->shape)
                 ? amkd_fail_in("'%s'", path)
                 : amkd_reader_read_all(reader, &rows, &n);
    if (!rc && amkd_check_rows(&check, rows, n, 0))
        rc = amkd_fail_in("'%s'", path);
    if (!rc)
        rc = take_rows(state, rows, n, nclasses, images);
    json_t *names = amkd_header_class_names(header);
    if (!state->class_names && json_array_size(names) == nclasses)
        backend->class_names = state->class_names = json_incref(names);
    free(rows);
    amkd_images_free(images);
    return rc;
}

static int add_journal(amkd_backend *backend, amkd_reader *reader, const char *path)
{
    const amkd_header *header = amkd_reader_header(reader);
    const char *identity = amkd_header_teacher(header);
    const amkd_field *values;
    if (!identity)
        return amkd_fail("'%s': its header names no teacher", path);
    if (amkd_header_expect(&values, header, "values", "<f4", 1) ||
        set_nclasses(backend, values->nitems))
        return amkd_fail_in("'%s'", path);
    source *journal = add_source(backend->state, identity);
    return journal ? amkd_journal_read_answers(&journal->map, reader) : -1;
}

static int add_stream(void *context, const char *path)
{
    amkd_backend *backend = context;
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, NULL, 0))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc;
    if (strcmp(header->kind, "labels") == 0)
        rc = add_labels(backend, reader, path);
    else if (strcmp(header->kind, "answers") == 0)
        rc = add_journal(backend, reader, path);
    else
        rc =
            amkd_fail("'%s': holds %s, expected labels or a journal", path, header->kind);
    if (!rc)
        rc = note_origin(backend->state, header);
    amkd_reader_close(reader);
    return rc;
}

/* ------------------------------------------------------------------------- answering --
 */

static const float *find(const replay_state *state, const uint8_t *pixels)
{
    const size_t npixels = amkd_shape_size(state->shape);
    const float *values = NULL;
    for (size_t s = 0; !values && s < state->nsources; s++)
        values = amkd_answer_map_find(
            &state->sources[s].map,
            amkd_question_key_of(state->sources[s].identity, pixels, npixels));
    return values;
}

static size_t count_known(const amkd_backend *backend, const uint8_t *pixels, size_t n)
{
    const replay_state *state = backend->state;
    size_t nknown = 0;
    for (size_t r = 0; r < n; r++)
        nknown += find(state, pixels + r * amkd_shape_size(state->shape)) != NULL;
    return nknown;
}

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    replay_state *state = backend->state;
    state->ticket = ticket;
    state->pixels = pixels;
    state->n = n;
    return amkd_values_reserve(&state->answers, n, backend->nclasses);
}

static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    replay_state *state = backend->state;
    const size_t n = state->n, nclasses = backend->nclasses;
    (void)timeout;
    if (!n)
        return 0;
    state->n = 0;
    *reply = (amkd_reply){.ticket = state->ticket,
                          .outcome = AMKD_ANSWERED,
                          .retry_after = -1,
                          .values = state->answers.at,
                          .n = n,
                          .nvalues = nclasses};
    const size_t nknown = count_known(backend, state->pixels, n);
    if (nknown < n) {
        reply->outcome = AMKD_REFUSED;
        snprintf(reply->message, sizeof reply->message,
                 "knows %zu of %zu images asked about", nknown, n);
        return 1;
    }
    for (size_t r = 0; r < n; r++)
        memcpy(state->answers.at + r * nclasses,
               find(state, state->pixels + r * amkd_shape_size(state->shape)),
               nclasses * sizeof(float));
    return 1;
}

static void close_replay(amkd_backend *backend)
{
    replay_state *state = backend->state;
    for (size_t s = 0; s < state->nsources; s++) {
        free(state->sources[s].identity);
        amkd_answer_map_clear(&state->sources[s].map);
    }
    free(state->sources);
    json_decref(state->origin);
    json_decref(state->class_names);
    amkd_values_clear(&state->answers);
    free(state);
}

int amkd_backend_open_replay(amkd_backend *backend, const char *list,
                             const amkd_teacher_options *options)
{
    replay_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    state->shape = options->shape;
    *backend = (amkd_backend){.state = state,
                              .capacity = 1,
                              .count_known = count_known,
                              .submit = submit,
                              .wait = wait_for,
                              .close = close_replay};
    backend->origin = state->origin = json_array();
    if (!state->origin)
        return amkd_fail("no memory for a header");
    return amkd_replay_files(list, add_stream, backend);
}
