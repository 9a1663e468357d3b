/* Each kind of teacher by what it shows: a model its file, bought answers their headers,
 * a server its metadata, a program nothing. */
#include "teacher/check.h"
#include "base/error.h"
#include "net/known.h"
#include "stream/stream.h"
#include "teacher/backend.h"
#include "teacher/replay_files.h"
#include "teacher/url.h"
#include <jansson.h>
#include <string.h>

typedef struct known_teacher {
    amkd_shape shape; /* of the images; zeros: any */
    size_t nclasses;
} known_teacher;

static int expect(known_teacher *teacher, const char *verb, amkd_shape shape,
                  size_t nclasses)
{
    if (teacher->shape.channels && shape.channels &&
        amkd_backend_expect_shape(verb, shape, teacher->shape))
        return -1;
    if (teacher->nclasses && teacher->nclasses != nclasses)
        return amkd_fail("has %zu classes, the files before it have %zu", nclasses,
                         teacher->nclasses);
    teacher->nclasses = nclasses;
    return 0;
}

static int check_model(known_teacher *teacher, const char *path)
{
    amkd_model *model;
    if (amkd_model_load(&model, path))
        return -1;
    const int rc = expect(teacher, "takes", model->graph.in, model->graph.nclasses);
    amkd_model_free(model);
    return rc;
}

static int check_journal(known_teacher *teacher, const amkd_header *header)
{
    const amkd_field *values;
    return amkd_header_expect(&values, header, "values", "<f4", 1)
               ? -1
               : expect(teacher, "is about", (amkd_shape){0}, values->nitems);
}

/* One file of a replay. */
static int check_file(void *context, const char *path)
{
    known_teacher *teacher = context;
    amkd_reader *reader;
    amkd_known known;
    if (amkd_reader_open(&reader, path, NULL, 0))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    const int is_journal = !strcmp(header->kind, "answers");
    int rc =
        is_journal && check_journal(teacher, header) ? amkd_fail_in("'%s'", path) : 0;
    amkd_reader_close(reader);
    if (rc || is_journal)
        return rc;
    if (amkd_known_read(&known, path, "labels"))
        return -1;
    return expect(teacher, "is about", known.shape, known.nclasses)
               ? amkd_fail_in("'%s'", path)
               : 0;
}

/* Opened as for questions. */
static int check_other(known_teacher *teacher, const char *spec,
                       const amkd_teacher_options *options)
{
    amkd_teacher *opened;
    if (amkd_teacher_open(&opened, spec, options))
        return -1;
    teacher->nclasses = amkd_teacher_nclasses(opened);
    if (!teacher->nclasses)
        teacher->nclasses = json_array_size(amkd_teacher_class_names(opened));
    amkd_teacher_close(opened);
    return 0;
}

int amkd_teacher_check(size_t *nclasses, const char *spec,
                       const amkd_teacher_options *options)
{
    known_teacher teacher = {.shape = options->shape};
    const char *rest = strchr(spec, ':');
    int rc = 0;
    *nclasses = 0;
    if (!rest || !rest[1] || amkd_url_is(spec))
        rc = check_other(&teacher, spec, options);
    else if (!strncmp(spec, "model:", 6))
        rc = check_model(&teacher, rest + 1) ? amkd_fail_in("teacher '%s'", spec) : 0;
    else if (!strncmp(spec, "replay:", 7))
        rc = amkd_replay_files(rest + 1, check_file, &teacher)
                 ? amkd_fail_in("teacher '%s'", spec)
                 : 0;
    else if (strncmp(spec, "exec:", 5))
        rc = check_other(&teacher, spec, options);
    *nclasses = teacher.nclasses;
    return rc;
}
