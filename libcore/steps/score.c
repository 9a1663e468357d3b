/* The pairs go by in chunks: while the device sweeps one, the one before it is selected
 * from and the one behind it is read. */
#include "steps/score.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "steps/asked.h"
#include "steps/selection.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Streams of the seed: scores and lambdas of random picks. RANDOM_CHUNK pairs at once. */
enum { SCORE_STREAM = 0x73636f72, LAMBDA_STREAM = 0x6c616d62, RANDOM_CHUNK = 1 << 16 };

typedef struct scoring {
    const amkd_score_options *options;
    amkd_score_counts *counts;
    amkd_reader *reader;
    uint64_t nimages;
    amkd_asked asked;
    float *lambdas;
    amkd_device *device;
    amkd_sweep *sweep; /* NULL for random */
    size_t chunk;      /* pairs at once */
    amkd_pair *pairs;  /* [chunk] */
    amkd_pick *picks;  /* [chunk], by C1 [chunk][nlambdas] */
    amkd_selection *selection;
    amkd_progress *progress;
} scoring;

const char *amkd_score_by_name(amkd_score_by by)
{
    static const char *const names[] = {"c2", "c1", "random", "margin", "entropy"};
    return (size_t)by < sizeof names / sizeof *names ? names[by] : NULL;
}

/* ---------------------------------------------------------------- what is opened once --
 */

static int open_pairs(scoring *s)
{
    const amkd_score_options *options = s->options;
    if (amkd_reader_open(&s->reader, options->pairs, "pairs", options->nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(s->reader);
    if (amkd_pairs_check(header) || amkd_images_refs_rows(&s->nimages, header))
        return amkd_fail_in("'%s'", amkd_reader_name(s->reader));
    return amkd_asked_load(&s->asked, options->exclude, options->nexclude, header,
                           options->nthreads);
}

static int new_sweep(scoring *s, const amkd_model *model, const amkd_images *images)
{
    const amkd_score_options *options = s->options;
    const amkd_sweep_options sweep = {
        .measure = options->by == AMKD_BY_MARGIN    ? AMKD_MARGIN
                   : options->by == AMKD_BY_ENTROPY ? AMKD_ENTROPY
                                                    : AMKD_CONFIDENCE,
        .lambdas = s->lambdas,
        .nlambdas = options->nlambdas,
        .every = options->by == AMKD_BY_C1,
        .engine = options->engine};
    if (amkd_sweep_new(&s->sweep, s->device, model, images, &sweep))
        return amkd_fail_in("'%s'", options->student);
    s->chunk = amkd_sweep_max_pairs(s->sweep);
    s->counts->engine = amkd_sweep_engine(s->sweep);
    return 0;
}

static int open_sweep(scoring *s)
{
    const amkd_score_options *options = s->options;
    amkd_model *model = NULL;
    amkd_images *images = NULL;
    int rc = amkd_model_load(&model, options->student);
    if (!rc)
        rc = amkd_images_load_refs(&images, amkd_reader_header(s->reader), options->pairs,
                                   options->images, options->nimages, options->nthreads);
    if (!rc)
        rc = amkd_device_open(&s->device, options->device);
    if (!rc)
        rc = new_sweep(s, model, images);
    amkd_images_free(images);
    amkd_model_free(model);
    return rc;
}

static int put(amkd_header *header, const char *key, json_t *value)
{
    if (json_object_set_new(header->more, key, value))
        return amkd_fail("no memory for the header");
    return 0;
}

/* What the pairs' header says of their origin goes on into the picks'. */
static int copy_origin(amkd_header *header, const amkd_header *pairs)
{
    static const char *const keys[] = {"shard", "pool", "provenance"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *value = json_object_get(pairs->more, keys[k]);
        if (value && put(header, keys[k], json_deep_copy(value)))
            return -1;
    }
    return amkd_images_copy_refs(header, pairs);
}

static int make_header(amkd_header *header, const scoring *s)
{
    const amkd_score_options *options = s->options;
    json_t *lambdas = json_array();
    for (size_t l = 0; lambdas && l < options->nlambdas; l++)
        if (json_array_append_new(lambdas, json_real(options->lambdas[l]))) {
            json_decref(lambdas);
            return amkd_fail("no memory for the header");
        }
    if (put(header, "lambdas", lambdas) ||
        put(header, "by", json_string(amkd_score_by_name(options->by))) ||
        copy_origin(header, amkd_reader_header(s->reader)))
        return -1;
    return amkd_header_add_provenance(header, "amkd-score", options->command, NULL);
}

/* Whether k picks can come of so many pairs, said before they are scored. A shard may
 * have fewer: the others have the rest. */
static int check_k(const scoring *s)
{
    const amkd_score_options *options = s->options;
    const json_t *more = amkd_reader_header(s->reader)->more;
    const json_t *rows = json_object_get(more, "rows");
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (!rows || json_object_get(more, "shard") ||
        options->k <= (uint64_t)json_integer_value(rows) * neach)
        return 0;
    return amkd_fail("cannot pick %" PRIu64 ": the pool has %" PRIu64 " candidates",
                     options->k, (uint64_t)json_integer_value(rows) * neach);
}

static int open_selection(scoring *s)
{
    const amkd_score_options *options = s->options;
    const amkd_selection_options selection = {
        .k = options->k,
        .max_per_image = options->max_per_image,
        .nimages = s->nimages,
        .shard = json_object_get(amkd_reader_header(s->reader)->more, "shard") != NULL,
        .output = options->output,
        .nthreads = options->nthreads};
    amkd_header header = {0};
    int rc = check_k(s) || amkd_output_probe(options->output, "a picks stream")
                 ? -1
                 : amkd_picks_header(&header);
    if (!rc)
        rc = make_header(&header, s);
    if (!rc)
        rc = amkd_selection_open(&s->selection, &header, &selection);
    amkd_header_clear(&header);
    return rc;
}

static int open_all(scoring *s)
{
    const size_t nlambdas = s->options->nlambdas;
    s->chunk = RANDOM_CHUNK;
    s->lambdas = amkd_alloc(nlambdas, sizeof *s->lambdas);
    if (!s->lambdas)
        return -1;
    for (size_t l = 0; l < nlambdas; l++)
        s->lambdas[l] = (float)s->options->lambdas[l];
    if (open_pairs(s) || (s->options->by != AMKD_BY_RANDOM && open_sweep(s)) ||
        open_selection(s))
        return -1;
    s->pairs = amkd_alloc(s->chunk, sizeof *s->pairs);
    s->picks = amkd_alloc(s->chunk, (s->options->by == AMKD_BY_C1 ? nlambdas : 1) *
                                        sizeof *s->picks);
    return s->pairs && s->picks ? 0 : -1;
}

/* ------------------------------------------------------------------ pairs to picks -- */

static int check_pairs(const scoring *s, const amkd_pair *pairs, size_t n)
{
    for (size_t p = 0; p < n; p++)
        if (pairs[p].i >= pairs[p].j || pairs[p].j >= s->nimages)
            return amkd_fail("'%s': row %" PRIu64 ": pair (%" PRIu32 ", %" PRIu32
                             "), expected two images, the first below the second, of "
                             "0 to %" PRIu64,
                             amkd_reader_name(s->reader),
                             amkd_reader_row(s->reader) - n + p, pairs[p].i, pairs[p].j,
                             s->nimages - 1);
    return 0;
}

/* Fills s->pairs with pairs not asked before: *n is the chunk's size but at the end. */
static int read_chunk(scoring *s, size_t *n)
{
    *n = 0;
    while (*n < s->chunk) {
        amkd_pair *fresh = s->pairs + *n;
        const ssize_t nread = amkd_reader_read(s->reader, fresh, s->chunk - *n);
        if (nread <= 0)
            return nread ? -1 : 0;
        if (check_pairs(s, fresh, (size_t)nread))
            return -1;
        const size_t left = amkd_asked_drop(&s->asked, fresh, (size_t)nread);
        s->counts->pairs += (uint64_t)nread;
        s->counts->asked += (uint64_t)nread - left;
        amkd_progress_add(s->progress, (uint64_t)nread - left);
        *n += left;
    }
    return 0;
}

/* Selects from the older chunk under way, if there is one. */
static int take_result(scoring *s)
{
    amkd_sweep_result result;
    const int rc = amkd_sweep_finish(s->sweep, &result);
    if (rc <= 0)
        return rc;
    const size_t neach = result.scores ? s->options->nlambdas : 1;
    const size_t n = result.n * neach;
    for (size_t p = 0; p < n; p++) {
        const amkd_pair pair = result.pairs[p / neach];
        const float score = result.scores ? result.scores[p] : result.lowest[p].score;
        const size_t lambda = result.scores ? p % neach : result.lowest[p].lambda;
        if (!isfinite(score))
            return amkd_fail("'%s': the score of pair (%" PRIu32 ", %" PRIu32
                             ") is not a number: the student's sums overflow",
                             s->options->student, pair.i, pair.j);
        s->picks[p] = (amkd_pick){pair.i, pair.j, s->lambdas[lambda], score};
    }
    amkd_progress_add(s->progress, result.n);
    return amkd_selection_add(s->selection, s->picks, n);
}

static int score_by_student(scoring *s)
{
    size_t n;
    for (size_t nstarted = 0;; nstarted++) {
        if (read_chunk(s, &n))
            return -1;
        if (!n)
            return take_result(s);
        if (amkd_sweep_start(s->sweep, s->pairs, n) || (nstarted && take_result(s)))
            return -1;
    }
}

static int score_by_chance(scoring *s)
{
    const amkd_score_options *options = s->options;
    size_t n;
    for (;;) {
        if (read_chunk(s, &n))
            return -1;
        if (!n)
            return 0;
        for (size_t p = 0; p < n; p++) {
            const amkd_pair pair = s->pairs[p];
            const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
            const size_t lambda =
                amkd_random_u64(options->seed, LAMBDA_STREAM, index) % options->nlambdas;
            s->picks[p] = (amkd_pick){
                pair.i, pair.j, s->lambdas[lambda],
                (float)amkd_random_uniform(options->seed, SCORE_STREAM, index)};
        }
        amkd_progress_add(s->progress, n);
        if (amkd_selection_add(s->selection, s->picks, n))
            return -1;
    }
}

static int run(scoring *s)
{
    const json_t *rows = json_object_get(amkd_reader_header(s->reader)->more, "rows");
    s->progress = amkd_progress_new(
        "amkd-score", "pairs", (uint64_t)json_integer_value(rows), s->options->quiet);
    int rc = s->sweep ? score_by_student(s) : score_by_chance(s);
    if (!rc) {
        rc = amkd_selection_close(s->selection, &s->counts->picks, s->counts->asked);
        s->selection = NULL;
    }
    amkd_progress_free(s->progress);
    return rc;
}

int amkd_score(amkd_score_counts *counts, const amkd_score_options *options)
{
    scoring s = {.options = options, .counts = counts};
    *counts = (amkd_score_counts){.engine = "none"};
    const int rc = open_all(&s) ? -1 : run(&s);
    amkd_selection_discard(s.selection);
    amkd_sweep_free(s.sweep);
    amkd_device_close(s.device);
    amkd_reader_close(s.reader);
    amkd_asked_clear(&s.asked);
    free(s.lambdas);
    free(s.pairs);
    free(s.picks);
    return rc;
}
