/* A closer look at one run. */
#include "report/detail.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t amkd_detail_nsources(const amkd_images *images)
{
    return images->sources ? images->nsources : images->n;
}

int amkd_detail_pixels(uint8_t *pixels, const amkd_images *images, const amkd_pick *pick)
{
    const amkd_label_key key = {pick->i, pick->j, pick->lambda};
    return amkd_images_mix(pixels, images, &key, 1);
}

int amkd_shown_add(amkd_shown **shown, size_t *n, size_t rank, const amkd_pick *pick,
                   const float *teacher, size_t nclasses)
{
    amkd_shown *grown = amkd_realloc(*shown, *n + 1, sizeof *grown);
    float *copy = grown ? amkd_alloc(nclasses, sizeof *copy) : NULL;
    if (grown)
        *shown = grown;
    if (!copy)
        return -1;
    memcpy(copy, teacher, nclasses * sizeof *copy);
    grown[(*n)++] = (amkd_shown){.rank = rank, .pick = *pick, .teacher = copy};
    return 0;
}

/* ------------------------------------------------------------------- image sets */

/* Where a set may be that a stream names by path: there; of the same name in the run; or
 * seen from where the run's directory stands. */
static char *find_set(const amkd_run *run, const char *path)
{
    const char *slash = strrchr(path, '/'), *end = strrchr(run->dir, '/');
    char *candidates[] = {
        amkd_format("%s/%s", run->dir, slash ? slash + 1 : path),
        amkd_strdup(path),
        amkd_format("%.*s%s", end ? (int)(end - run->dir + 1) : 0, run->dir, path),
    };
    enum { N = sizeof candidates / sizeof *candidates };
    size_t found = N;
    for (size_t k = 0; k < N; k++)
        if (found == N && candidates[k] && !access(candidates[k], R_OK))
            found = k;
    char *chosen = found < N ? candidates[found] : amkd_strdup(path);
    for (size_t k = 0; k < N; k++)
        if (k != found)
            free(candidates[k]);
    return chosen;
}

static int load_sets(amkd_images **images, const amkd_run *run, const amkd_header *header,
                     const char *stream, size_t nthreads)
{
    const size_t n = amkd_images_refs_count(header);
    char **paths = amkd_alloc(n ? n : 1, sizeof *paths);
    int rc = paths ? 0 : -1;
    for (size_t k = 0; !rc && k < n; k++) {
        amkd_images_named named = {0};
        if (!amkd_images_refs_get(&named, header, k) && named.path)
            paths[k] = find_set(run, named.path);
        if (!paths[k])
            rc = amkd_fail("'%s' does not say where its images are", stream);
    }
    if (!rc)
        rc = amkd_images_load_refs(images, header, stream, (const char *const *)paths, n,
                                   nthreads);
    for (size_t k = 0; paths && k < n; k++)
        free(paths[k]);
    free(paths);
    return rc;
}

int amkd_detail_load_images(amkd_images **images, const amkd_run *run, const char *stream,
                            size_t nthreads)
{
    amkd_reader *reader;
    *images = NULL;
    if (amkd_reader_open(&reader, stream, NULL, nthreads))
        return -1;
    int rc = load_sets(images, run, amkd_reader_header(reader), stream, nthreads);
    if (!rc && (*images)->channels != 1 && (*images)->channels != 3) {
        rc = amkd_fail("'%s': images of %zu channels cannot be drawn", stream,
                       (*images)->channels);
        amkd_images_free(*images);
        *images = NULL;
    }
    amkd_reader_close(reader);
    return rc;
}

/* ------------------------------------------------------------------------ the whole */

static int open_images(amkd_detail *detail, size_t nthreads)
{
    amkd_run *run = detail->run;
    char *labels = amkd_run_path(run, 0, "labels.amkd");
    if (!labels)
        return -1;
    int rc = amkd_detail_load_images(&detail->images, run, labels, nthreads);
    free(labels);
    if (rc) {
        amkd_images_free(detail->images);
        detail->images = NULL;
        return amkd_run_note(run, "The images cannot be shown: %s.", amkd_error());
    }
    detail->uses = amkd_alloc(amkd_detail_nsources(detail->images), sizeof *detail->uses);
    detail->said = amkd_alloc(detail->images->n, sizeof *detail->said);
    if (!detail->uses || !detail->said)
        return -1;
    for (size_t i = 0; i < detail->images->n; i++)
        detail->said[i] = AMKD_NOT_ASKED;
    return 0;
}

/* Whether both sets' sources number the same images. */
static int same_sources(const amkd_images *a, const amkd_images *b)
{
    return amkd_detail_nsources(a) == amkd_detail_nsources(b) &&
           !strcmp(a->refs[0].source_digest, b->refs[0].source_digest);
}

static void count_uses(amkd_detail *detail)
{
    for (size_t r = 0; r < detail->nrounds; r++) {
        const amkd_picked *picked = &detail->rounds[r];
        if (!picked->n || !same_sources(detail->images, picked->images))
            continue;
        for (size_t p = 0; p < picked->n; p++) {
            const amkd_pick *pick = &picked->picks[p];
            const size_t i = amkd_images_source(picked->images, pick->i);
            const size_t j = amkd_images_source(picked->images, pick->j);
            if (r || i != j) {
                detail->uses[i]++;
                detail->uses[j] += i != j;
            }
        }
    }
}

int amkd_detail_open(amkd_detail *detail, amkd_run *run,
                     const amkd_detail_options *options)
{
    *detail = (amkd_detail){.run = run};
    if (!run->nrounds)
        return 0;
    if (open_images(detail, options->nthreads))
        return -1;
    if (!detail->images)
        return 0;
    detail->rounds = amkd_alloc(run->nrounds, sizeof *detail->rounds);
    if (!detail->rounds)
        return -1;
    detail->nrounds = run->nrounds;
    for (size_t r = 0; r < run->nrounds; r++)
        if (amkd_detail_read_picks(detail, r, options))
            return -1;
    count_uses(detail);
    return options->nshown ? amkd_detail_ask(detail, options) : 0;
}

static void free_shown(amkd_shown *shown, size_t n)
{
    for (size_t s = 0; s < n; s++) {
        free(shown[s].teacher);
        free(shown[s].network);
    }
    free(shown);
}

void amkd_detail_close(amkd_detail *detail)
{
    for (size_t r = 0; r < detail->nrounds; r++) {
        free_shown(detail->rounds[r].shown, detail->rounds[r].nshown);
        free(detail->rounds[r].picks);
        if (detail->rounds[r].owned)
            amkd_images_free(detail->rounds[r].images);
    }
    free_shown(detail->disputed, detail->nshown);
    free(detail->rounds);
    free(detail->uses);
    free(detail->said);
    amkd_images_free(detail->images);
    amkd_images_free(detail->test);
    *detail = (amkd_detail){0};
}
