/* What a round picked, and what the teacher answered about some of it. */
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "report/detail.h"
#include "steps/learn/evaluate.h"
#include "stream/keys.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All rows of a stream of this kind, checked. */
typedef struct table {
    amkd_reader *reader;
    const amkd_header *header;
    uint8_t *rows;
    size_t n;
} table;

static void close_table(table *t)
{
    free(t->rows);
    amkd_reader_close(t->reader);
    *t = (table){0};
}

static int read_table(table *t, const char *path, const char *kind, size_t nthreads)
{
    amkd_check check;
    void *rows;
    if (amkd_reader_open(&t->reader, path, kind, nthreads))
        return -1;
    t->header = amkd_reader_header(t->reader);
    if (amkd_check_init(&check, t->header))
        return amkd_fail_in("'%s'", path);
    if (amkd_reader_read_all(t->reader, &rows, &t->n))
        return -1;
    t->rows = rows;
    return amkd_check_rows(&check, t->rows, t->n, 0) ? amkd_fail_in("'%s'", path) : 0;
}

/* Row r begins as a pick does; without a score in labels. */
static amkd_pick pick_of(const table *t, size_t r)
{
    amkd_pick pick = {.score = NAN};
    const size_t nbytes =
        strcmp(t->header->kind, "picks") ? sizeof(amkd_label_key) : sizeof pick;
    memcpy(&pick, t->rows + r * t->header->row_nbytes, nbytes);
    return pick;
}

/* With noise on the scores they are not in their order. */
static int by_score(const void *a, const void *b)
{
    const amkd_pick *first = a, *second = b;
    if (first->score != second->score)
        return first->score < second->score ? -1 : 1;
    if (first->i != second->i)
        return first->i < second->i ? -1 : 1;
    return (first->j > second->j) - (first->j < second->j);
}

static int take_picks(amkd_picked *picked, const table *t)
{
    const char *by = amkd_picks_by(t->header);
    picked->picks = amkd_alloc(t->n ? t->n : 1, sizeof *picked->picks);
    if (!picked->picks)
        return -1;
    picked->n = t->n;
    picked->pool = (size_t)amkd_header_pool(t->header);
    snprintf(picked->by, sizeof picked->by, "%s", by ? by : "");
    for (size_t r = 0; r < t->n; r++)
        picked->picks[r] = pick_of(t, r);
    if (!strcmp(t->header->kind, "picks"))
        qsort(picked->picks, picked->n, sizeof *picked->picks, by_score);
    return 0;
}

/* ------------------------------------------------------------------------ answers */

static const float *answer_in(const table *labels, size_t r)
{
    return (const float *)(const void *)(labels->rows + r * labels->header->row_nbytes +
                                         sizeof(amkd_label_key));
}

/* The answer about a pick, most often in the same row; NULL: there is none. */
static const float *answer_about(const table *labels, const amkd_pick *pick, size_t rank)
{
    for (size_t k = 0; k <= labels->n; k++) {
        const size_t r = k ? k - 1 : rank;
        if (r >= labels->n)
            continue;
        const amkd_pick other = pick_of(labels, r);
        if (other.i == pick->i && other.j == pick->j && other.lambda == pick->lambda)
            return answer_in(labels, r);
    }
    return NULL;
}

/* Half of those shown are the lowest, the others spread over the rest; those of no score
 * and those drawn by chance are all spread. */
static int choose_shown(amkd_picked *picked, const table *labels, size_t nclasses,
                        size_t nshown)
{
    const int spread = !*picked->by || !strcmp(picked->by, "random");
    const size_t n = picked->n < nshown ? picked->n : nshown;
    picked->nlowest = spread ? 0 : picked->n <= nshown ? n : n / 2;
    for (size_t s = 0; s < n; s++) {
        const size_t low = picked->nlowest;
        const size_t rank = s < low ? s : low + (picked->n - low) * (s - low) / (n - low);
        const float *answer = answer_about(labels, &picked->picks[rank], rank);
        if (answer && amkd_shown_add(&picked->shown, &picked->nshown, rank,
                                     &picked->picks[rank], answer, nclasses))
            return -1;
    }
    if (picked->nlowest > picked->nshown)
        picked->nlowest = picked->nshown;
    return 0;
}

/* What was answered about single real images. */
static void take_said(amkd_detail *detail, const table *labels)
{
    for (size_t r = 0; r < labels->n; r++) {
        const amkd_pick pick = pick_of(labels, r);
        if (pick.i == pick.j)
            detail->said[pick.i] =
                (uint32_t)amkd_top_class(answer_in(labels, r), detail->run->nclasses);
    }
}

/* What each of the picks is. */
static const char *kind_of(const amkd_picked *picked)
{
    size_t nsingle = 0;
    for (size_t p = 0; p < picked->n; p++)
        nsingle += picked->picks[p].i == picked->picks[p].j;
    return !nsingle                  ? "mix"
           : nsingle < picked->n     ? "question"
           : picked->images->sources ? "view"
                                     : "image";
}

/* Round 0 asks about all real images or about picks, which say so themselves: picks of an
 * earlier run may lie there, too. */
static int is_about_picks(const table *labels, size_t round)
{
    const json_t *provenance = amkd_header_provenance(labels->header);
    for (size_t k = 0; k < json_array_size(provenance); k++) {
        const char *tool =
            json_string_value(json_object_get(json_array_get(provenance, k), "tool"));
        if (tool && !strcmp(tool, "amkd-score"))
            return 1;
    }
    return round > 0;
}

/* Whether a stream speaks of the sets that images are of. */
static int speaks_of(const amkd_images *images, const amkd_header *header)
{
    amkd_images_named named;
    if (amkd_images_refs_count(header) != images->nrefs)
        return 0;
    for (size_t k = 0; k < images->nrefs; k++)
        if (amkd_images_refs_get(&named, header, k) ||
            strcmp(named.digest, images->refs[k].digest) ||
            named.rows != images->refs[k].rows)
            return 0;
    return 1;
}

/* The images of the first answers, of an earlier round, or others: views, say. */
static int find_images(amkd_detail *detail, size_t r, const table *t, const char *path,
                       size_t nthreads)
{
    amkd_picked *picked = &detail->rounds[r];
    if (speaks_of(detail->images, t->header))
        picked->images = detail->images;
    for (size_t k = 0; !picked->images && k < r; k++)
        if (detail->rounds[k].images && speaks_of(detail->rounds[k].images, t->header))
            picked->images = detail->rounds[k].images;
    if (picked->images)
        return 0;
    picked->owned = 1;
    return amkd_detail_load_images(&picked->images, detail->run, path, nthreads);
}

static int read_round(amkd_detail *detail, size_t r, const char *picks_path,
                      const char *labels_path, const amkd_detail_options *options)
{
    amkd_picked *picked = &detail->rounds[r];
    table picks = {0}, labels = {0};
    int rc = read_table(&labels, labels_path, "labels", options->nthreads);
    const int has_picks = !rc && is_about_picks(&labels, r) && !access(picks_path, F_OK);
    if (!rc && has_picks)
        rc = read_table(&picks, picks_path, "picks", options->nthreads);
    if (!rc && has_picks && amkd_images_same_refs(labels.header, picks.header))
        rc = amkd_fail_in("'%s' and '%s'", picks_path, labels_path);
    if (!rc)
        rc = find_images(detail, r, &labels, labels_path, options->nthreads);
    if (!rc)
        rc = take_picks(picked, has_picks ? &picks : &labels);
    if (!rc && picked->images == detail->images)
        take_said(detail, &labels);
    if (!rc) {
        picked->asked = kind_of(picked);
        rc = choose_shown(picked, &labels, detail->run->nclasses, options->nshown);
    }
    close_table(&picks);
    close_table(&labels);
    return rc;
}

int amkd_detail_read_picks(amkd_detail *detail, size_t round,
                           const amkd_detail_options *options)
{
    char *picks = amkd_run_path(detail->run, round, "picks.amkd");
    char *labels = amkd_run_path(detail->run, round, "labels.amkd");
    int rc = picks && labels ? 0 : -1;
    if (!rc && read_round(detail, round, picks, labels, options))
        rc = amkd_run_note(detail->run, "What round %zu picked cannot be shown: %s.",
                           round, amkd_error());
    free(picks);
    free(labels);
    return rc;
}
