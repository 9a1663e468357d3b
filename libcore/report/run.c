/* A run of amkd-distill, read from its directory. */
#include "report/run.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images.h"
#include "data/images_refs.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_NBYTES = 1 << 20 };

char *amkd_run_path(const amkd_run *run, size_t round, const char *file)
{
    return amkd_format("%s/round-%zu/%s", run->dir, round, file);
}

int amkd_run_note(amkd_run *run, const char *format, ...)
{
    char *note = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int n = vasprintf(&note, format, arguments);
    va_end(arguments);
    if (n < 0)
        return amkd_fail("out of memory");
    char **grown = amkd_realloc(run->notes, run->nnotes + 1, sizeof *grown);
    if (!grown) {
        free(note);
        return -1;
    }
    run->notes = grown;
    run->notes[run->nnotes++] = note;
    return 0;
}

const amkd_round *amkd_run_measured(const amkd_run *run)
{
    for (size_t r = run->nrounds; r-- > 0;)
        if (run->rounds[r].student.known)
            return &run->rounds[r];
    return NULL;
}

const amkd_round *amkd_run_assisted(const amkd_run *run)
{
    for (size_t r = run->nrounds; r-- > 0;)
        if (run->rounds[r].assistant.known)
            return &run->rounds[r];
    return NULL;
}

const amkd_round *amkd_run_held_out(const amkd_run *run)
{
    for (size_t r = run->nrounds; r-- > 0;)
        if (run->rounds[r].held_out.n)
            return &run->rounds[r];
    return NULL;
}

const amkd_figures *amkd_run_teacher(const amkd_run *run)
{
    for (size_t r = run->nrounds; r-- > 0;) {
        const amkd_round *round = &run->rounds[r];
        if (round->student.known || round->assistant.known)
            return round->student.known ? &round->student.teacher
                                        : &round->assistant.teacher;
    }
    return NULL;
}

/* --------------------------------------------------------------------- the answers */

static int count_rows(size_t *n, amkd_reader *reader)
{
    const size_t nbytes = amkd_reader_header(reader)->row_nbytes;
    const size_t most = CHUNK_NBYTES / nbytes + 1;
    void *rows = amkd_alloc(most, nbytes);
    ssize_t got = -1;
    *n = 0;
    while (rows && (got = amkd_reader_read(reader, rows, most)) > 0)
        *n += (size_t)got;
    free(rows);
    return got ? -1 : 0;
}

static int name_classes(amkd_run *run, const json_t *names, size_t n)
{
    run->nclasses = n;
    run->class_names = amkd_alloc(n, sizeof *run->class_names);
    if (!run->class_names)
        return -1;
    for (size_t c = 0; c < n; c++) {
        const char *name = json_string_value(json_array_get(names, c));
        run->class_names[c] = name && *name ? amkd_strdup(name) : amkd_format("%zu", c);
        if (!run->class_names[c])
            return -1;
    }
    return 0;
}

/* Real images: of views, those that they are of. Sets of the same ones count once. */
static int count_images(size_t *n, const amkd_header *header)
{
    amkd_images_named set, before;
    *n = 0;
    for (size_t k = 0; k < amkd_images_refs_count(header); k++) {
        if (amkd_images_refs_get(&set, header, k))
            return -1;
        int seen = 0;
        for (size_t b = 0; b < k; b++)
            seen |= !amkd_images_refs_get(&before, header, b) &&
                    !strcmp(before.source_digest, set.source_digest);
        *n += seen ? 0 : (size_t)set.source_rows;
    }
    return *n ? 0 : amkd_fail("the header names no image set");
}

/* What the header of the answers about the real images says of the whole run. */
static int take_header(amkd_run *run, const amkd_header *header, size_t nclasses)
{
    const char *teacher = amkd_header_teacher(header);
    if (count_images(&run->nimages, header) ||
        name_classes(run, amkd_header_class_names(header), nclasses))
        return -1;
    run->teacher = amkd_strdup(teacher ? teacher : "an unnamed teacher");
    return run->teacher ? 0 : -1;
}

static int read_answers(amkd_run *run, amkd_round *round, const char *path,
                        size_t nthreads)
{
    amkd_reader *reader;
    size_t nclasses;
    if (amkd_reader_open(&reader, path, "labels", nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = amkd_labels_check(header, &nclasses);
    if (!rc && !run->class_names)
        rc = take_header(run, header, nclasses);
    else if (!rc && nclasses != run->nclasses)
        rc = amkd_fail("has %zu classes, those before have %zu", nclasses, run->nclasses);
    if (rc)
        amkd_fail_in("'%s'", path);
    if (!rc)
        rc = count_rows(&round->nanswers, reader);
    if (!rc)
        round->provenance = json_incref(amkd_header_provenance(header));
    amkd_reader_close(reader);
    return rc;
}

/* ---------------------------------------------------------------------- a round */

static int is_there(const char *path)
{
    return !access(path, F_OK);
}

/* Reads what a network of a round is worth, if that is there. */
static int read_result(amkd_run *run, amkd_test_result *result, size_t round,
                       const char *file)
{
    char *path = amkd_run_path(run, round, file);
    int rc = path ? 0 : -1;
    if (!rc && is_there(path) && amkd_test_result_read(result, run->nclasses, path))
        rc = amkd_run_note(run, "The figures of round %zu cannot be read: %s.", round,
                           amkd_error());
    free(path);
    return rc;
}

static int read_held_out(amkd_run *run, amkd_round *round)
{
    char *path = amkd_run_path(run, round->number, "held-out.json");
    int rc = path ? 0 : -1;
    if (!rc && is_there(path) && amkd_held_out_read(&round->held_out, path))
        rc = amkd_run_note(run,
                           "The agreement of round %zu on answers held out cannot be "
                           "read: %s.",
                           round->number, amkd_error());
    free(path);
    return rc;
}

static int read_results(amkd_run *run, amkd_round *round)
{
    char *times = amkd_run_path(run, round->number, "times.tsv");
    char *student = amkd_run_path(run, round->number, "student.safetensors");
    char *assistant = amkd_run_path(run, round->number, "assistant.safetensors");
    const int assisted = amkd_run_has_assistants(run);
    int rc = times && student && assistant ? 0 : -1;
    if (!rc)
        rc = read_result(run, &round->student, round->number, "eval.json");
    if (!rc && assisted)
        rc = read_result(run, &round->assistant, round->number, "assistant.json");
    if (!rc && amkd_run_holds_out(run))
        rc = read_held_out(run, round);
    if (!rc && amkd_times_read(&round->times, times))
        rc = amkd_run_note(run, "The times of round %zu cannot be read: %s.",
                           round->number, amkd_error());
    round->has_student = !rc && is_there(student);
    round->has_assistant = !rc && assisted && is_there(assistant);
    free(times);
    free(student);
    free(assistant);
    return rc;
}

/* Returns 1 for a round, 0 if there is none that can be read, -1 without memory. */
static int read_round(amkd_run *run, size_t number, size_t nthreads)
{
    amkd_round round = {.number = number};
    char *path = amkd_run_path(run, number, "labels.amkd");
    if (!path)
        return -1;
    int rc = is_there(path);
    if (rc && read_answers(run, &round, path, nthreads))
        rc = amkd_run_note(run,
                           "The answers of round %zu cannot be read, and no round "
                           "from there on is shown: %s.",
                           number, amkd_error());
    free(path);
    amkd_round *grown =
        rc == 1 ? amkd_realloc(run->rounds, run->nrounds + 1, sizeof round) : NULL;
    if (!grown) {
        json_decref(round.provenance);
        return rc == 1 ? -1 : rc;
    }
    run->rounds = grown;
    round.total =
        round.nanswers + (number ? grown[run->nrounds - 1].total : run->held_out.n);
    grown[run->nrounds++] = round;
    return read_results(run, &grown[number]) ? -1 : 1;
}

/* ------------------------------------------------------------------- the whole run */

static int read_test(amkd_run *run)
{
    char *labels = amkd_format("%s/test/labels.amkd", run->dir);
    char *times = amkd_format("%s/test/times.tsv", run->dir);
    char *own_times = amkd_format("%s/times.tsv", run->dir);
    amkd_reader *reader = NULL;
    int rc = labels && times && own_times ? 0 : -1;
    if (!rc && is_there(labels) &&
        (amkd_reader_open(&reader, labels, "labels", 0) ||
         count_rows(&run->ntest, reader)))
        rc = amkd_run_note(run, "The answers about test images cannot be read: %s.",
                           amkd_error());
    amkd_reader_close(reader);
    if (!rc && (amkd_times_read(&run->test_times, times) ||
                amkd_times_read(&run->times, own_times)))
        rc = amkd_run_note(run, "Times of the run or its test cannot be read: %s.",
                           amkd_error());
    free(own_times);
    free(labels);
    free(times);
    return rc;
}

/* Answers that measure, and teach nobody. */
static int read_apart(amkd_run *run)
{
    char *labels = amkd_format("%s/held-out/labels.amkd", run->dir);
    char *times = amkd_format("%s/held-out/times.tsv", run->dir);
    amkd_apart *apart = &run->held_out;
    amkd_reader *reader = NULL;
    int rc = labels && times ? 0 : -1;
    if (!rc && is_there(labels) && amkd_run_holds_out(run)) {
        if (amkd_reader_open(&reader, labels, "labels", 0) ||
            count_rows(&apart->n, reader) || amkd_times_read(&apart->times, times))
            rc = amkd_run_note(run, "The answers held out cannot be read: %s.",
                               amkd_error());
        else
            apart->provenance =
                json_incref(amkd_header_provenance(amkd_reader_header(reader)));
    }
    amkd_reader_close(reader);
    free(labels);
    free(times);
    return rc;
}

/* Whether amkd-distill was ever at work in dir. */
static int expect_run(const char *dir)
{
    struct stat status;
    if (stat(dir, &status))
        return amkd_fail_errno("'%s'", dir);
    if (!S_ISDIR(status.st_mode))
        return amkd_fail("'%s': expected a directory of amkd-distill", dir);
    char *answers = amkd_format("%s/round-0", dir);
    char *options = amkd_format("%s/query.options", dir);
    int rc = !answers || !options ? -1
             : is_there(answers) || is_there(options)
                 ? 0
                 : amkd_fail("'%s': no run of amkd-distill (there is no round-0)", dir);
    free(answers);
    free(options);
    return rc;
}

int amkd_run_open(amkd_run *run, const char *dir, size_t nthreads)
{
    *run = (amkd_run){0};
    if (expect_run(dir))
        return -1;
    run->dir = amkd_strdup(dir);
    run->parameters = json_object();
    if (!run->dir || !run->parameters)
        return amkd_fail("out of memory");
    for (size_t n = strlen(run->dir); n > 1 && run->dir[n - 1] == '/'; n--)
        run->dir[n - 1] = 0;
    size_t most;
    int rc =
        amkd_run_read_settled(run) || amkd_run_find_end(&most, run) || read_apart(run)
            ? -1
            : 1;
    while (rc == 1 && run->nrounds < most)
        rc = read_round(run, run->nrounds, nthreads);
    if (rc < 0)
        return -1;
    if (run->nrounds &&
        (amkd_run_read_commands(run) || amkd_run_read_student(run) || read_test(run)))
        return -1;
    return amkd_run_note_missing(run, most);
}

static void close_round(amkd_round *round)
{
    amkd_test_result_clear(&round->student);
    amkd_test_result_clear(&round->assistant);
    free(round->times.tools);
    json_decref(round->provenance);
}

void amkd_run_close(amkd_run *run)
{
    for (size_t r = 0; r < run->nrounds; r++)
        close_round(&run->rounds[r]);
    for (size_t c = 0; run->class_names && c < run->nclasses; c++)
        free(run->class_names[c]);
    for (size_t n = 0; n < run->nnotes; n++)
        free(run->notes[n]);
    free(run->rounds);
    free(run->class_names);
    free(run->notes);
    free(run->dir);
    free(run->teacher);
    free(run->arch);
    amkd_graph_clear(&run->network);
    free(run->test_times.tools);
    free(run->times.tools);
    free(run->held_out.times.tools);
    json_decref(run->held_out.provenance);
    json_decref(run->settled);
    json_decref(run->assistant);
    json_decref(run->training);
    json_decref(run->parameters);
    *run = (amkd_run){0};
}
