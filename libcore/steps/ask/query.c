/* Questions go by in their order: those that the journal answers are done, the others are
 * asked; rows are written as soon as all before them are. */
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "device/profile.h"
#include "steps/ask/price.h"
#include "steps/ask/query_internal.h"
#include "teacher/backend.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- what will be asked -- */

static int open_student(query *q)
{
    amkd_model *model;
    if (amkd_model_load(&model, q->options->student))
        return -1;
    const amkd_images *images = q->questions.images;
    const amkd_shape in = model->graph.in;
    int rc = 0;
    if (in.channels != images->channels || in.height != images->height ||
        in.width != images->width)
        rc = amkd_fail("'%s': does not take these images", q->options->student);
    if (rc == 0)
        rc = amkd_predictors_new(&q->student, q->devices, q->ndevices, model);
    amkd_model_free(model);
    return rc;
}

static int open_teacher(query *q)
{
    const amkd_images *images = q->questions.images;
    const amkd_query_options *o = q->options;
    if (amkd_query_needs_device(o) &&
        amkd_devices_open(q->devices, &q->ndevices, o->device))
        return -1;
    for (size_t d = 0; d < q->ndevices; d++)
        if (amkd_profile_attach(o->profile, q->devices[d]))
            return -1;
    if (!o->quiet)
        amkd_devices_watch(q->devices, q->ndevices, "amkd-query, compiling");
    const amkd_teacher_options options = {
        .shape = {images->channels, images->height, images->width},
        .nclasses = q->output.nclasses,
        .dtype = o->dtype,
        .kind = o->rule.kind,
        .timeout = o->timeout,
        .devices = q->devices,
        .ndevices = q->ndevices,
        .nworkers = o->nworkers,
        .http = o->http,
    };
    q->asked = amkd_alloc(q->questions.n ? q->questions.n : 1, sizeof *q->asked);
    if (!q->asked || amkd_teacher_open(&q->teacher, o->teacher, &options))
        return -1;
    if (o->student && open_student(q))
        return -1;
    amkd_devices_unwatch(q->devices, q->ndevices);
    return 0;
}

/* ------------------------------------------------------------------------ asking -- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void show_costs(query *q)
{
    const amkd_query_options *o = q->options;
    char price[AMKD_PRICE_SIZE], left[40] = "";
    const uint64_t spent = amkd_budget_spent(&q->budget);
    amkd_price_print(price, o->price * (double)spent);
    if (o->budget)
        snprintf(left, sizeof left, ", %" PRIu64 " left", amkd_budget_room(&q->budget));
    amkd_progress_note(q->progress, "spent %" PRIu64 "%s%s%s%s", spent,
                       o->price > 0 ? " (" : "", o->price > 0 ? price : "",
                       o->price > 0 ? ")" : "", left);
}

static int take_answers(void *context, size_t n)
{
    query *q = context;
    show_costs(q);
    amkd_progress_add(q->progress, n);
    return amkd_query_write_answers(q, 0);
}

static int open_asker(query *q)
{
    const amkd_query_options *o = q->options;
    const amkd_asker_options options = {.batch = o->batch,
                                        .image_nbytes =
                                            amkd_images_npixels(q->questions.images),
                                        .rule = o->rule,
                                        .retry = o->retry,
                                        .rate = o->rate,
                                        .budget = &q->budget,
                                        .answered = take_answers,
                                        .context = q};
    return amkd_asker_new(&q->asker, q->teacher, q->journal, &options);
}

/* Asks what is new among the next n questions. */
static int ask_chunk(query *q, size_t n)
{
    const size_t npixels = amkd_images_npixels(q->questions.images), first = q->nasked;
    for (size_t r = 0; r < n; r++) {
        const amkd_question_key question = q->asked[q->nasked++];
        const int fresh = amkd_journal_claim(q->journal, question);
        if (fresh < 0)
            return -1;
        q->counts->known += !fresh;
        q->counts->fresh += fresh;
        if (!fresh || q->options->dry_run)
            continue;
        const uint8_t *pixels = amkd_query_pixels(q, &q->made, first, n);
        if (!pixels || amkd_asker_add(q->asker, question, pixels + r * npixels) < 0)
            return -1;
    }
    return 0;
}

static int ask_all(query *q)
{
    const size_t total = q->questions.n;
    int rc = 0;
    while (rc == 0 && q->nasked < total && !amkd_interrupted())
        rc = ask_chunk(q, smaller(total - q->nasked, CHUNK));
    if (!q->asker)
        return rc;
    char *why = rc ? amkd_strdup(amkd_error()) : NULL;
    if (amkd_asker_finish(q->asker))
        rc = -1;
    else if (why)
        amkd_fail("%s", why);
    free(why);
    const amkd_asker_counts counts = amkd_asker_count(q->asker);
    q->counts->asked = counts.answered;
    q->counts->retries = counts.retries;
    return rc;
}

static int fail_interrupted(const query *q)
{
    const amkd_query_options *o = q->options;
    const char *kept = o->journal ? o->journal : o->output;
    return amkd_fail("stopped by a signal; %" PRIu64 " answers of this run are in '%s', "
                     "and the same command goes on from there",
                     q->counts->asked, kept);
}

/* Finds all questions' keys; and that every one is known to a teacher that only hands on
 * answers, or none is asked. */
static int look_up(query *q)
{
    const amkd_backend *backend = amkd_teacher_backend(q->teacher);
    const char *identity = amkd_teacher_identity(q->teacher);
    const size_t total = q->questions.n,
                 npixels = amkd_images_npixels(q->questions.images);
    size_t nknown = 0;
    for (size_t done = 0; done < total; done += CHUNK) {
        const size_t n = smaller(total - done, CHUNK);
        const uint8_t *pixels = amkd_query_pixels(q, &q->made, done, n);
        if (!pixels)
            return -1;
        for (size_t r = 0; r < n; r++)
            q->asked[done + r] =
                amkd_question_key_of(identity, pixels + r * npixels, npixels);
        nknown += backend->count_known ? backend->count_known(backend, pixels, n) : n;
    }
    if (nknown == total)
        return 0;
    amkd_fail("knows %zu of the %zu images asked about", nknown, total);
    return amkd_teacher_fail_in(q->teacher);
}

/* A dry run makes no journal. */
static int open_journal(query *q)
{
    const amkd_query_options *o = q->options;
    const amkd_backend *backend = amkd_teacher_backend(q->teacher);
    const int none = o->dry_run && o->journal && !amkd_journal_exists(o->journal);
    if (amkd_journal_open(&q->journal, none ? NULL : o->journal,
                          amkd_teacher_identity(q->teacher)))
        return -1;
    q->budget.journal = q->journal;
    return backend->named && !o->dry_run
               ? amkd_journal_name_classes(q->journal, backend->class_names)
               : 0;
}

static void count_costs(query *q)
{
    q->counts->spent = amkd_budget_spent(&q->budget);
    q->counts->room = amkd_budget_room(&q->budget);
    q->counts->left = q->budget.nleft;
    q->counts->doubtful = amkd_budget_promised(&q->budget);
}

/* What was answered is added to the output also when the asking failed or was stopped,
 * those answers too that stand behind one that did not come. Returns -1, the message as
 * it was. */
static int keep_answers(query *q)
{
    char *why = amkd_strdup(amkd_error());
    if (q->options->append && !q->unwritable)
        amkd_query_write_answers(q, 1);
    amkd_fail("%s", why ? why : "out of memory");
    free(why);
    return -1;
}

/* Writes what the asking brought: rc is what became of it. */
static int end_asking(query *q, int rc)
{
    if (rc == 0 && amkd_interrupted())
        rc = fail_interrupted(q);
    if (rc)
        return keep_answers(q);
    if (amkd_query_write_answers(q, 1))
        return -1;
    return q->output.writer
               ? 0
               : amkd_fail("there is nothing to write: the budget of %" PRIu64
                           " images is spent, and these are not answered",
                           q->options->budget);
}

static int ask(query *q)
{
    const amkd_query_options *o = q->options;
    if (!o->dry_run && (o->journal || o->append))
        amkd_interrupt_catch();
    if (open_journal(q) || amkd_query_check_kept(q) || (!o->dry_run && open_asker(q)))
        return -1;
    q->progress = amkd_progress_new("amkd-query", "answers", q->questions.n, o->quiet);
    int rc = ask_all(q);
    if (!o->dry_run)
        rc = end_asking(q, rc);
    count_costs(q);
    amkd_progress_free(q->progress);
    return rc;
}

/* ------------------------------------------------------------------------- whole -- */

static int prepare(query *q)
{
    const amkd_query_options *o = q->options;
    int rc =
        amkd_questions_read(&q->questions, o->input, o->images, o->nimages, o->nthreads);
    if (rc == 0 && o->append)
        rc = amkd_query_output_read(&q->output);
    if (rc)
        return -1;
    const size_t nread = q->questions.n;
    if (amkd_questions_skip(&q->questions, q->output.answered, q->output.nanswered))
        return -1;
    q->counts->known = nread - q->questions.n;
    return nread || q->output.nanswered
               ? 0
               : amkd_fail("there is nothing to ask: the input holds no rows");
}

static int run(query *q)
{
    const amkd_query_options *o = q->options;
    if (prepare(q))
        return -1;
    q->budget =
        (amkd_budget){.limit = o->budget, .before = o->journal ? 0 : q->output.nanswered};
    count_costs(q);
    if (o->journal)
        q->counts->spent = UINT64_MAX;
    if (!q->counts->room)
        q->counts->left = q->questions.n;
    /* What the journal says is spent is part of a plan. */
    if ((!q->questions.n && !(o->dry_run && o->journal)) || !q->counts->room)
        return 0;
    /* The stream itself cannot be opened before an answer tells how many classes. */
    if (!o->dry_run && amkd_output_probe(o->output, "a labels stream"))
        return -1;
    return open_teacher(q) || look_up(q) || ask(q) ? -1 : 0;
}

int amkd_query_write(amkd_query_counts *counts, const amkd_query_options *options)
{
    query q = {.options = options,
               .counts = counts,
               .output = {.options = options, .questions = &q.questions, .locked = -1}};
    *counts = (amkd_query_counts){0};
    int rc = amkd_query_output_close(&q.output, run(&q));
    if (amkd_journal_close(q.journal))
        rc = -1;
    amkd_asker_free(q.asker);
    amkd_teacher_close(q.teacher);
    amkd_predictors_free(q.student);
    amkd_devices_close(q.devices, &q.ndevices);
    amkd_questions_clear(&q.questions);
    free(q.asked);
    free(q.made.pixels);
    free(q.again.pixels);
    free(q.student_probs);
    free(q.probs);
    return rc;
}
