/* What both criteria share is the pixels of the candidates, a chunk at a time. */
#include "steps/shortlist.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "compute/farthest.h"
#include "data/mix.h"
#include "net/predict.h"
#include "steps/divergence.h"
#include <math.h>
#include <stdlib.h>

/* Candidates mixed at once: whole lane blocks on any device. */
enum { CHUNK = 4096 };

struct amkd_shortlist {
    amkd_shortlist_options options;
    amkd_model **models; /* [nmodels]: the student, then those of the disagreement */
    size_t nmodels;
};

static int load_model(amkd_shortlist *shortlist, const char *path)
{
    const amkd_images *images = shortlist->options.images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_model **model = &shortlist->models[shortlist->nmodels];
    if (amkd_model_load(model, path))
        return -1;
    shortlist->nmodels++;
    if (amkd_model_expect(*model, shape, shortlist->models[0]->arch.nclasses))
        return amkd_fail_in("'%s'", path);
    return 0;
}

int amkd_shortlist_new(amkd_shortlist **out, const amkd_shortlist_options *options)
{
    amkd_shortlist *shortlist = amkd_alloc(1, sizeof *shortlist);
    if (!shortlist)
        return -1;
    shortlist->options = *options;
    shortlist->models = amkd_alloc(1 + options->ndisagreement, sizeof *shortlist->models);
    int rc = shortlist->models ? load_model(shortlist, options->student) : -1;
    for (size_t m = 0; !rc && m < options->ndisagreement; m++)
        rc = load_model(shortlist, options->disagreement[m]);
    if (rc) {
        amkd_shortlist_free(shortlist);
        return -1;
    }
    *out = shortlist;
    return 0;
}

static void mix(uint8_t *pixels, const amkd_images *images, const amkd_pick *picks,
                size_t n)
{
    const size_t npixels = amkd_images_npixels(images);
    for (size_t p = 0; p < n; p++)
        amkd_mix_u8(pixels + p * npixels, images->pixels + picks[p].i * npixels,
                    images->pixels + picks[p].j * npixels,
                    amkd_mix_weight(picks[p].lambda), npixels);
}

/* ------------------------------------------------------------------------- diversity --
 */

static int fill_features(const amkd_shortlist *shortlist, cl_mem features,
                         amkd_predictor *student, const amkd_pick *candidates, size_t n)
{
    const amkd_images *images = shortlist->options.images;
    uint8_t *pixels = amkd_alloc(CHUNK, amkd_images_npixels(images));
    int rc = pixels ? 0 : -1;
    for (size_t done = 0; !rc && done < n; done += CHUNK) {
        const size_t count = n - done < CHUNK ? n - done : CHUNK;
        mix(pixels, images, candidates + done, count);
        rc = amkd_predictor_features(student, features, done, pixels, count);
    }
    free(pixels);
    return rc;
}

static int choose_diverse(const amkd_shortlist *shortlist, unsigned char *is_chosen,
                          size_t k, const amkd_pick *candidates, size_t n, size_t nfirst)
{
    amkd_device *device = shortlist->options.device;
    amkd_predictor *student = NULL;
    cl_mem features = NULL;
    uint32_t *centres = amkd_alloc(k, sizeof *centres);
    const size_t nlanes = device->nlanes, npadded = (n + nlanes - 1) / nlanes * nlanes;
    int rc = centres ? amkd_predictor_new(&student, device, shortlist->models[0]) : -1;
    const size_t nfeatures = rc ? 0 : amkd_predictor_nfeatures(student);
    if (!rc)
        rc = amkd_buffer_new(&features, device, CL_MEM_READ_WRITE,
                             npadded * nfeatures * sizeof(float), NULL);
    if (!rc)
        rc = fill_features(shortlist, features, student, candidates, n);
    amkd_predictor_free(student);
    if (!rc) {
        amkd_progress *progress = amkd_progress_new("amkd-score, diverse", "picks", k,
                                                    shortlist->options.quiet);
        rc = amkd_farthest(centres, device, features, nfeatures, n, nfirst ? nfirst : 1,
                           k, progress);
        amkd_progress_free(progress);
    }
    for (size_t c = 0; !rc && c < k; c++)
        is_chosen[centres[c]] = 1;
    amkd_buffer_free(features);
    free(centres);
    return rc;
}

/* ---------------------------------------------------------------------- disagreement --
 */

typedef struct ranked {
    double divergence;
    size_t at; /* among the candidates */
} ranked;

/* The largest first, ties in the order of the candidates. */
static int compare_ranked(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->divergence != q->divergence)
        return p->divergence > q->divergence ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

typedef struct committee {
    amkd_predictor **members; /* [nmembers] */
    size_t nmembers, nclasses;
    uint8_t *pixels; /* [CHUNK][npixels] */
    float *probs;    /* [nmembers][CHUNK][nclasses] */
} committee;

static int open_committee(committee *c, const amkd_shortlist *shortlist)
{
    *c = (committee){.nclasses = shortlist->models[0]->arch.nclasses};
    c->members = amkd_alloc(shortlist->nmodels, sizeof *c->members);
    c->pixels = amkd_alloc(CHUNK, amkd_images_npixels(shortlist->options.images));
    c->probs = amkd_alloc(shortlist->nmodels * CHUNK, c->nclasses * sizeof *c->probs);
    if (!c->members || !c->pixels || !c->probs)
        return -1;
    for (; c->nmembers < shortlist->nmodels; c->nmembers++)
        if (amkd_predictor_new(&c->members[c->nmembers], shortlist->options.device,
                               shortlist->models[c->nmembers]))
            return -1;
    return 0;
}

static void close_committee(committee *c)
{
    for (size_t m = 0; m < c->nmembers; m++)
        amkd_predictor_free(c->members[m]);
    free(c->members);
    free(c->pixels);
    free(c->probs);
}

static int ask_committee(committee *c, const amkd_images *images, ranked *ranks,
                         const amkd_pick *candidates, size_t n)
{
    const size_t stride = CHUNK * c->nclasses;
    for (size_t done = 0; done < n; done += CHUNK) {
        const size_t count = n - done < CHUNK ? n - done : CHUNK;
        mix(c->pixels, images, candidates + done, count);
        for (size_t m = 0; m < c->nmembers; m++)
            if (amkd_predictor_run(c->members[m], c->probs + m * stride, c->pixels,
                                   count))
                return -1;
        for (size_t p = 0; p < count; p++)
            ranks[done + p] = (ranked){amkd_divergence(c->probs + p * c->nclasses, stride,
                                                       c->nmembers, c->nclasses),
                                       done + p};
    }
    return 0;
}

static int choose_disagreement(const amkd_shortlist *shortlist, unsigned char *is_chosen,
                               size_t k, const amkd_pick *candidates, size_t n,
                               size_t nfirst)
{
    committee c;
    ranked *ranks = amkd_alloc(n, sizeof *ranks);
    int rc = open_committee(&c, shortlist);
    if (!rc)
        rc = ranks ? ask_committee(&c, shortlist->options.images, ranks, candidates, n)
                   : -1;
    if (!rc) {
        for (size_t p = 0; p < nfirst; p++)
            ranks[p].divergence = (double)INFINITY;
        qsort(ranks, n, sizeof *ranks, compare_ranked);
        for (size_t p = 0; p < k; p++)
            is_chosen[ranks[p].at] = 1;
    }
    close_committee(&c);
    free(ranks);
    return rc;
}

/* ------------------------------------------------------------------------------ both --
 */

int amkd_shortlist_choose(const amkd_shortlist *shortlist, amkd_pick *chosen, size_t k,
                          const amkd_pick *candidates, size_t n, size_t nfirst)
{
    if (k < 1 || k > n)
        return amkd_fail("cannot choose %zu of a shortlist of %zu", k, n);
    unsigned char *is_chosen = amkd_alloc(n, 1);
    if (!is_chosen)
        return -1;
    nfirst = nfirst < k ? nfirst : k;
    const int rc = (shortlist->options.diverse ? choose_diverse : choose_disagreement)(
        shortlist, is_chosen, k, candidates, n, nfirst);
    for (size_t p = 0, at = 0; !rc && p < n; p++)
        if (is_chosen[p])
            chosen[at++] = candidates[p];
    free(is_chosen);
    return rc;
}

void amkd_shortlist_free(amkd_shortlist *shortlist)
{
    if (!shortlist)
        return;
    for (size_t m = 0; m < shortlist->nmodels; m++)
        amkd_model_free(shortlist->models[m]);
    free(shortlist->models);
    free(shortlist);
}
