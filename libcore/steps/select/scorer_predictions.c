/* A network's predictions as a scorer of mixes that have their lambdas. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include "device/deal.h"
#include "net/predict_device.h"
#include "steps/select/scorer.h"
#include <math.h>
#include <stdlib.h>

/* The most mixes scored at once. */
enum { CHUNK = 4096 };

typedef struct predictions {
    amkd_scorer_prediction options;
    amkd_device *device;
    amkd_predictor *student;
    const amkd_images *images;
    uint8_t *pixels; /* [most][h][w][c] */
    float *probs;    /* [most][nclasses] */
    amkd_pick *picks;
    size_t n; /* of picks, of the chunk under way; 0: none is */
} predictions;

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

static int start(amkd_scorer *scorer, const amkd_label_key *keys, size_t n,
                 float threshold)
{
    predictions *s = scorer->state;
    (void)threshold;
    const size_t nclasses = s->options.nclasses;
    if (amkd_images_mix(s->pixels, s->images, keys, n))
        return -1;
    if (amkd_predictor_run(s->student, s->probs, s->pixels, n))
        return amkd_deal_fail(s->device, s->options.ndevices);
    for (size_t p = 0; p < n; p++) {
        const double score = score_of(s->options.by, s->probs + p * nclasses, nclasses);
        s->picks[p] = (amkd_pick){keys[p].i, keys[p].j, keys[p].lambda, (float)score};
    }
    s->n = n;
    return 0;
}

static int finish(amkd_scorer *scorer, amkd_scored *scored)
{
    predictions *s = scorer->state;
    *scored = (amkd_scored){s->n, s->picks, s->n};
    scorer->nmixes += s->n;
    s->n = 0;
    return scored->n > 0;
}

static void close_predictions(amkd_scorer *scorer)
{
    predictions *s = scorer->state;
    amkd_predictor_free(s->student);
    free(s->pixels);
    free(s->probs);
    free(s->picks);
    free(s);
}

int amkd_scorer_open_predictions(amkd_scorer *scorer, amkd_device *device,
                                 const amkd_model *model, const amkd_images *images,
                                 const amkd_scorer_prediction *options)
{
    const amkd_shape shape = {images->channels, images->height, images->width};
    predictions *s = amkd_alloc(1, sizeof *s);
    if (!s)
        return -1;
    *s = (predictions){.options = *options, .device = device, .images = images};
    *scorer = (amkd_scorer){.state = s,
                            .most = amkd_images_chunk(images, CHUNK),
                            .nunderway = 1,
                            .engine = "layered",
                            .borrows = 1,
                            .start = start,
                            .finish = finish,
                            .close = close_predictions};
    const size_t nclasses = options->nclasses;
    if (amkd_model_expect(model, shape, nclasses))
        return amkd_fail_in("'%s'", options->student);
    s->pixels = amkd_alloc(scorer->most, amkd_images_npixels(images));
    s->probs = amkd_alloc(scorer->most, nclasses * sizeof *s->probs);
    s->picks = amkd_alloc(scorer->most, sizeof *s->picks);
    if (!s->pixels || !s->probs || !s->picks)
        return -1;
    if (amkd_predictor_new(&s->student, device, model))
        return amkd_deal_fail(device, options->ndevices);
    scorer->network = amkd_predictor_network(s->student);
    return 0;
}
