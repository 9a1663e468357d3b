/* Scoring of mixes that were bought: each at the lambda it was asked with, of the pixels
 * that the teacher saw, so that a replay of them has an answer to whatever is picked. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "net/predict.h"
#include "steps/ask/asked.h"
#include "steps/learn/dataset.h"
#include "steps/select/score.h"
#include "steps/select/score_header.h"
#include "steps/select/selection.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A stream of the seed; the most mixes scored at once. */
enum { BOUGHT_STREAM = 0x626f7567, CHUNK = 4096 };

typedef struct scoring {
    const amkd_score_options *options;
    amkd_score_counts *counts;
    amkd_dataset bought;
    amkd_header header; /* of the first labels */
    amkd_asked asked;
    amkd_device *device;   /* NULL for random, but for diverse picks */
    amkd_diverse *diverse; /* NULL without */
    amkd_predictor *student;
    size_t chunk;    /* mixes scored at once */
    uint8_t *pixels; /* [chunk][h][w][c] */
    float *probs;    /* [chunk][nclasses] */
    amkd_pick *picks;
    amkd_selection *selection;
    amkd_progress *progress;
} scoring;

static int read_labels(scoring *s, const char *path)
{
    const amkd_score_options *o = s->options;
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "labels", o->nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = 0;
    if (!s->header.kind[0])
        rc = amkd_header_copy(&s->header, header);
    else if (amkd_images_same_refs(&s->header, header))
        rc = amkd_fail_in("'%s'", path);
    if (!rc)
        rc = amkd_dataset_read(&s->bought, reader, path, o->images, o->nimages,
                               o->nthreads);
    amkd_reader_close(reader);
    return rc;
}

static int open_student(scoring *s)
{
    const amkd_score_options *o = s->options;
    const amkd_images *images = s->bought.images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_model *model;
    if (amkd_model_load(&model, o->student))
        return -1;
    const size_t nclasses = model->graph.nclasses;
    int rc =
        amkd_model_expect(model, shape, nclasses) ? amkd_fail_in("'%s'", o->student) : 0;
    if (!rc)
        rc = amkd_predictor_new(&s->student, s->device, model);
    amkd_model_free(model);
    s->pixels = amkd_alloc(s->chunk, amkd_images_npixels(images));
    s->probs = amkd_alloc(s->chunk, nclasses * sizeof *s->probs);
    if (rc || !s->pixels || !s->probs)
        return -1;
    amkd_score_share *share = &s->counts->shares[0];
    s->counts->ndevices = 1;
    share->index = s->device->index;
    snprintf(share->device, sizeof share->device, "%s", s->device->name);
    share->engine = "layered";
    return 0;
}

static int open_selection(scoring *s)
{
    const amkd_score_options *o = s->options;
    const amkd_images *images = s->bought.images;
    const amkd_selection_options selection = {
        .k = o->k,
        .max_per_image = o->max_per_image,
        .nimages = images->n,
        .sources = images->sources,
        .nsources = images->nsources,
        .diverse = s->diverse,
        .nlowest = (uint64_t)ceil(o->diverse * (double)o->k),
        .output = o->output,
        .nthreads = o->nthreads};
    amkd_header header = {0};
    int rc = amkd_output_probe(o->output, "a picks stream");
    if (!rc)
        rc = amkd_score_header(&header, o, NULL, &s->header);
    if (!rc)
        rc = amkd_selection_open(&s->selection, &header, &selection);
    amkd_header_clear(&header);
    return rc;
}

static int open_all(scoring *s)
{
    const amkd_score_options *o = s->options;
    for (size_t b = 0; b < o->nbought; b++)
        if (read_labels(s, o->bought[b]))
            return -1;
    s->chunk = amkd_images_chunk(s->bought.images, CHUNK);
    s->picks = amkd_alloc(s->chunk, sizeof *s->picks);
    if (!s->picks ||
        amkd_asked_load(&s->asked, o->exclude, o->nexclude, &s->header, o->nthreads))
        return -1;
    const int chance = o->by == AMKD_BY_RANDOM, diverse = o->diverse > 0;
    return ((!chance || diverse) && amkd_device_open(&s->device, o->device)) ||
                   (diverse && amkd_diverse_new(&s->diverse, s->device, o->student,
                                                s->bought.images, o->quiet)) ||
                   (!chance && open_student(s)) || open_selection(s)
               ? -1
               : 0;
}

/* As a sweep scores a mix at a single lambda. */
static double score_of(amkd_score_by by, const float *p, size_t nclasses)
{
    double first = 0, second = 0, entropy = 0;
    for (size_t c = 0; c < nclasses; c++) {
        if (p[c] > first) {
            second = first;
            first = p[c];
        } else if (p[c] > second) {
            second = p[c];
        }
        entropy += p[c] > 0 ? p[c] * log(p[c]) : 0;
    }
    return by == AMKD_BY_MARGIN    ? first - second
           : by == AMKD_BY_ENTROPY ? entropy
                                   : first;
}

static int score_rows(scoring *s, size_t first, size_t n)
{
    const amkd_score_options *o = s->options;
    const amkd_label_key *keys = s->bought.keys + first;
    const size_t nclasses = s->bought.nclasses;
    size_t npicks = 0;
    if (s->student) {
        if (amkd_dataset_pixels(&s->bought, s->pixels, first, n) ||
            amkd_predictor_run(s->student, s->probs, s->pixels, n))
            return -1;
        s->counts->shares[0].nmixes += n;
    }
    for (size_t r = 0; r < n; r++) {
        const amkd_label_key *key = &keys[r];
        const uint64_t index = (uint64_t)key->i << 32 | key->j;
        if (amkd_asked_has(&s->asked, (amkd_pair){key->i, key->j})) {
            s->counts->asked++;
            continue;
        }
        const double score = s->student
                                 ? score_of(o->by, s->probs + r * nclasses, nclasses)
                                 : amkd_random_uniform(o->seed, BOUGHT_STREAM, index);
        s->picks[npicks++] = (amkd_pick){key->i, key->j, key->lambda, (float)score};
    }
    amkd_progress_add(s->progress, n);
    return amkd_selection_add(s->selection, s->picks, npicks);
}

static int run(scoring *s)
{
    const size_t n = s->bought.n;
    int rc = 0;
    s->progress = amkd_progress_new("amkd-score", "mixes", n, s->options->quiet);
    for (size_t done = 0; !rc && done < n; done += s->chunk)
        rc = score_rows(s, done, n - done < s->chunk ? n - done : s->chunk);
    amkd_progress_free(s->progress);
    s->counts->pairs = n;
    if (!rc) {
        rc = amkd_selection_close(s->selection, &s->counts->picks, s->counts->asked);
        s->selection = NULL;
    }
    return rc;
}

int amkd_score_bought(amkd_score_counts *counts, const amkd_score_options *options)
{
    scoring s = {.options = options, .counts = counts};
    *counts = (amkd_score_counts){0};
    const int rc = open_all(&s) ? -1 : run(&s);
    amkd_selection_discard(s.selection);
    amkd_diverse_free(s.diverse);
    amkd_predictor_free(s.student);
    amkd_device_close(s.device);
    amkd_dataset_clear(&s.bought);
    amkd_header_clear(&s.header);
    amkd_asked_clear(&s.asked);
    free(s.pixels);
    free(s.probs);
    free(s.picks);
    return rc;
}
