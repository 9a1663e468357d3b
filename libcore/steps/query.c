/* The one place where teachers are asked and budgets kept. */
#include "steps/query.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "compute/mixer.h"
#include "data/check.h"
#include "steps/questions.h"
#include "stream/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct query {
    const amkd_query_options *options;
    amkd_questions questions;
    amkd_label_key *answered; /* [nanswered] keys that the output holds already */
    size_t nanswered;
    size_t nclasses; /* of those; 0 without */
    amkd_device *device;
    amkd_mixer *mixer; /* NULL where the images are asked as they are */
    amkd_teacher *teacher;
    uint8_t *pixels;     /* [batch][h][w][c] */
    char *rows;          /* [batch] rows of the output */
    amkd_writer *writer; /* NULL until it is known how many classes there are */
} query;

/* ------------------------------------------------------------ what is answered already
 * -- */

/* Whether the output exists and holds something. */
static int has_answers(int *yes, const char *path)
{
    struct stat status;
    *yes = 0;
    if (stat(path, &status))
        return errno == ENOENT ? 0 : amkd_fail_errno("'%s'", path);
    if (!S_ISREG(status.st_mode))
        return amkd_fail("'%s': answers can be added to a regular file only", path);
    *yes = status.st_size > 0;
    return 0;
}

static int check_answered(query *q, amkd_header *header, const char *path)
{
    const json_t *teacher = json_object_get(header->more, "teacher");
    if (amkd_labels_check(header, &q->nclasses) ||
        amkd_images_same_refs(header, &q->questions.header))
        return amkd_fail_in("'%s'", path);
    if (!json_is_string(teacher) ||
        strcmp(json_string_value(teacher), q->options->teacher) != 0)
        return amkd_fail("'%s': holds answers of teacher '%s', not of '%s'", path,
                         json_is_string(teacher) ? json_string_value(teacher) : "?",
                         q->options->teacher);
    if (json_object_get(header->more, "rows"))
        return amkd_fail("'%s': its header promises a number of rows, no answers can be "
                         "added to it",
                         path);
    return 0;
}

/* Makes a file that a kill cut short whole again. */
static int mend(const char *path, const amkd_header *header)
{
    amkd_writer *writer;
    uint64_t nrows;
    if (amkd_writer_append(&writer, path, header, &nrows))
        return -1;
    return amkd_writer_close(writer);
}

static int read_keys(query *q, const char *path)
{
    amkd_reader *reader;
    amkd_check check;
    char *rows = NULL;
    size_t n = 0;
    if (amkd_reader_open(&reader, path, "labels", q->options->nthreads))
        return -1;
    size_t row_nbytes = amkd_reader_header(reader)->row_nbytes;
    int rc = amkd_reader_read_all(reader, (void **)&rows, &n);
    if (rc == 0 && (amkd_check_init(&check, amkd_reader_header(reader)) ||
                    amkd_check_rows(&check, rows, n, 0)))
        rc = amkd_fail_in("'%s'", path);
    amkd_reader_close(reader);
    if (rc == 0) {
        q->answered = amkd_alloc(n ? n : 1, sizeof *q->answered);
        rc = q->answered ? 0 : -1;
    }
    for (size_t r = 0; rc == 0 && r < n; r++)
        memcpy(&q->answered[r], rows + r * row_nbytes, sizeof *q->answered);
    q->nanswered = n;
    free(rows);
    return rc;
}

/* Opens the output, which is locked from then on when it is one to add to. */
static int open_file(query *q, const amkd_header *header)
{
    const char *path = q->options->output;
    uint64_t nrows;
    q->rows = amkd_alloc(q->options->batch, header->row_nbytes);
    if (!q->rows)
        return -1;
    if (!q->options->append)
        return amkd_writer_open(&q->writer, path, header, q->options->nthreads);
    if (amkd_writer_append(&q->writer, path, header, &nrows))
        return -1;
    if (nrows != q->nanswered)
        return amkd_fail("'%s': another process added rows meanwhile", path);
    return 0;
}

static int read_answered(query *q)
{
    const char *path = q->options->output;
    amkd_reader *reader;
    amkd_header header = {0};
    int yes;
    if (has_answers(&yes, path))
        return -1;
    if (!yes)
        return 0;
    if (amkd_reader_open(&reader, path, "labels", 0))
        return -1;
    int rc = amkd_header_copy(&header, amkd_reader_header(reader));
    amkd_reader_close(reader);
    if (rc == 0)
        rc = check_answered(q, &header, path);
    if (rc == 0)
        rc = mend(path, &header);
    if (rc == 0)
        rc = read_keys(q, path);
    if (rc == 0)
        rc = open_file(q, &header);
    amkd_header_clear(&header);
    return rc;
}

/* ------------------------------------------------------------------ what will be asked
 * -- */

static int choose_questions(query *q, amkd_query_counts *counts)
{
    size_t nread = q->questions.n;
    if (amkd_questions_skip(&q->questions, q->answered, q->nanswered))
        return -1;
    counts->skipped = nread - q->questions.n;
    if (!q->options->budget)
        return 0;
    uint64_t room =
        q->options->budget > q->nanswered ? q->options->budget - q->nanswered : 0;
    if (q->questions.n > room) {
        counts->left = q->questions.n - room;
        q->questions.n = (size_t)room;
    }
    return 0;
}

static int open_teacher(query *q)
{
    const amkd_images *images = q->questions.images;
    int needs_device =
        q->questions.mixed || amkd_teacher_needs_device(q->options->teacher);
    if (needs_device && amkd_device_open(&q->device, q->options->device))
        return -1;
    if (q->questions.mixed && amkd_mixer_new(&q->mixer, q->device, images))
        return -1;
    const amkd_teacher_options options = {
        .shape = {images->channels, images->height, images->width},
        .nclasses = q->nclasses,
        .dtype = q->options->dtype,
        .timeout = q->options->timeout,
        .device = q->device,
        .http = q->options->http,
    };
    q->pixels = amkd_alloc(q->options->batch, amkd_images_npixels(images));
    if (!q->pixels)
        return -1;
    return amkd_teacher_open(&q->teacher, q->options->teacher, &options);
}

/* -------------------------------------------------------------------------- the output
 * -- */

static int make_header(amkd_header *header, const query *q, size_t nclasses)
{
    const json_t *provenance = json_object_get(q->questions.header.more, "provenance");
    json_t *names = amkd_teacher_class_names(q->teacher);
    if (amkd_labels_header(header, nclasses) ||
        amkd_images_copy_refs(header, &q->questions.header) ||
        amkd_header_put(header, "teacher", json_string(q->options->teacher)))
        return -1;
    if (names && amkd_header_put(header, "class_names", json_incref(names)))
        return -1;
    if (provenance && amkd_header_put(header, "provenance", json_deep_copy(provenance)))
        return -1;
    return amkd_header_add_provenance(header, "amkd-query", q->options->command, NULL);
}

static int open_output(query *q)
{
    amkd_header header = {0};
    size_t nclasses = amkd_teacher_nclasses(q->teacher);
    int rc = make_header(&header, q, nclasses);
    if (rc == 0)
        rc = open_file(q, &header);
    amkd_header_clear(&header);
    return rc;
}

static int write_answers(query *q, const amkd_label_key *keys, const float *probs,
                         size_t n)
{
    size_t p_nbytes = amkd_teacher_nclasses(q->teacher) * sizeof *probs;
    char *row = q->rows;
    for (size_t r = 0; r < n; r++) {
        memcpy(row, &keys[r], sizeof *keys);
        memcpy(row + sizeof *keys, (const char *)probs + r * p_nbytes, p_nbytes);
        row += sizeof *keys + p_nbytes;
    }
    if (amkd_writer_write(q->writer, q->rows, n))
        return -1;
    return q->options->append ? amkd_writer_flush(q->writer) : 0;
}

/* -------------------------------------------------------------------------- the asking
 * -- */

static int make_pixels(query *q, const amkd_label_key *keys, size_t n)
{
    if (q->mixer)
        return amkd_mixer_run(q->mixer, q->pixels, keys, n);
    const amkd_images *images = q->questions.images;
    size_t size = amkd_images_npixels(images);
    for (size_t r = 0; r < n; r++)
        memcpy(q->pixels + r * size, images->pixels + keys[r].i * size, size);
    return 0;
}

static int ask_batch(query *q, const amkd_label_key *keys, size_t n)
{
    const float *probs;
    if (make_pixels(q, keys, n) || amkd_teacher_ask(q->teacher, &probs, q->pixels, n))
        return -1;
    if (!q->writer && open_output(q))
        return -1;
    return write_answers(q, keys, probs, n);
}

static int ask_all(query *q, amkd_query_counts *counts)
{
    size_t total = q->questions.n, batch = q->options->batch;
    amkd_progress *progress =
        amkd_progress_new("amkd-query", "answers", total, q->options->quiet);
    int rc = 0;
    for (size_t done = 0; rc == 0 && done < total;) {
        size_t n = total - done < batch ? total - done : batch;
        rc = ask_batch(q, q->questions.keys + done, n);
        done += n;
        if (rc == 0) {
            counts->asked += n;
            amkd_progress_add(progress, n);
        }
    }
    amkd_progress_free(progress);
    return rc;
}

/* Answers that were appended stay, whatever happened after them. */
static int close_output(query *q, int rc)
{
    if (!q->writer)
        return rc;
    if (rc == 0 || q->options->append)
        return amkd_writer_close(q->writer) ? -1 : rc;
    amkd_writer_discard(q->writer);
    return rc;
}

int amkd_query_write(amkd_query_counts *counts, const amkd_query_options *options)
{
    query q = {.options = options};
    *counts = (amkd_query_counts){0};
    int rc = amkd_questions_read(&q.questions, options->input, options->images,
                                 options->nimages, options->nthreads);
    if (rc == 0 && options->append)
        rc = read_answered(&q);
    if (rc == 0)
        rc = choose_questions(&q, counts);
    if (rc == 0 && q.questions.n == 0 && !q.nanswered)
        rc = amkd_fail("there is nothing to ask: the input holds no rows");
    if (rc == 0 && q.questions.n) {
        /* The stream itself cannot be opened before an answer tells how many classes. */
        rc = amkd_output_probe(options->output, "a labels stream");
        if (rc == 0)
            rc = open_teacher(&q);
        if (rc == 0)
            rc = ask_all(&q, counts);
    }
    rc = close_output(&q, rc);
    amkd_teacher_close(q.teacher);
    amkd_mixer_free(q.mixer);
    amkd_device_close(q.device);
    amkd_questions_clear(&q.questions);
    free(q.answered);
    free(q.pixels);
    free(q.rows);
    return rc;
}
