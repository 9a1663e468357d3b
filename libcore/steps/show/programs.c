/* Training, prediction and sweep of a network with made-up images, for the programs that
 * they build. */
#include "steps/show/programs.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/view_options.h"
#include "device/listing.h"
#include "device/pretend.h"
#include "net/predict.h"
#include "net/published.h"
#include "steps/learn/train.h"
#include "steps/learn/train_room.h"
#include "sweep/sweep.h"
#include <math.h>
#include <stdlib.h>

/* The lambdas of a sweep: as many as amkd-score has when nobody says it. */
enum { NLAMBDAS = 11 };

typedef struct work {
    amkd_device *device;
    amkd_model *model;
    amkd_dataset dataset; /* a batch of black images of class 0 */
} work;

static int make_dataset(work *w, amkd_shape in, size_t n, size_t nclasses)
{
    amkd_dataset *d = &w->dataset;
    *d = (amkd_dataset){.n = n, .nclasses = nclasses};
    d->keys = amkd_alloc(n, sizeof *d->keys);
    d->targets = amkd_alloc(n, nclasses * sizeof *d->targets); /* zeroed */
    if (!d->keys || !d->targets ||
        amkd_images_new(&d->images, n, in.height, in.width, in.channels, nclasses))
        return -1;
    for (uint32_t r = 0; r < n; r++) {
        d->keys[r] = (amkd_label_key){r, r, 1};
        d->targets[r * nclasses] = 1;
    }
    return 0;
}

static int make_model(work *w, const amkd_programs_options *options)
{
    amkd_shape in;
    amkd_graph graph = {0};
    if (amkd_shape_parse(&in, options->input))
        return amkd_fail_in("--input");
    if (amkd_graph_parse(&graph, options->arch, in, options->nclasses) ||
        amkd_model_check(&graph))
        return -1;
    const int rc = amkd_model_init(&w->model, &graph, 1);
    amkd_graph_clear(&graph);
    return rc ? -1 : make_dataset(w, in, options->batch, options->nclasses);
}

static int train(work *w, const amkd_view_options *views)
{
    amkd_train_options options = {
        .optimizer = {.kind = AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = {.rate = 1e-3},
        .temperature = 1,
        .batch = w->dataset.n,
        .nsteps = 1,
        .views = views,
    };
    const amkd_train_data data = {.n = w->dataset.n, .nimages = w->dataset.n};
    int chosen;
    return amkd_train_fit(&options, &chosen, w->device, &w->model->graph, &data) ||
                   amkd_train(w->model, w->device, &w->dataset, &options, NULL, NULL)
               ? -1
               : 0;
}

/* By both kinds of outputs. */
static int predict(const work *w)
{
    amkd_predictor *predictor;
    if (amkd_predictor_new(&predictor, w->device, w->model))
        return -1;
    float *outputs = amkd_alloc(2 * w->dataset.nclasses, sizeof *outputs);
    const amkd_prediction wanted = {.pixels = w->dataset.images->pixels,
                                    .probs = outputs,
                                    .logits = outputs + w->dataset.nclasses};
    const int rc = outputs ? amkd_predictor_predict(predictor, &wanted, 1) : -1;
    free(outputs);
    amkd_predictor_free(predictor);
    return rc;
}

static int sweep(const work *w)
{
    static const amkd_pair pair = {0, 1};
    float lambdas[NLAMBDAS];
    for (size_t l = 0; l < NLAMBDAS; l++)
        lambdas[l] = 0.3f + 0.04f * (float)l;
    const amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = NLAMBDAS};
    amkd_sweep *sweep;
    amkd_sweep_result result;
    if (amkd_sweep_new(&sweep, w->device, w->model, w->dataset.images, &options))
        return -1;
    const int rc = amkd_sweep_start(sweep, &pair, 1, INFINITY) ||
                           amkd_sweep_finish(sweep, &result) < 0
                       ? -1
                       : 0;
    amkd_sweep_free(sweep);
    return rc;
}

static int run(work *w)
{
    amkd_view_options views = {0};
    return amkd_view_options_parse(&views, "--shift 0.05") || train(w, NULL) ||
                   train(w, &views) || predict(w) || sweep(w)
               ? -1
               : 0;
}

/* A folder is made once it is known what for. */
static int list(size_t *nprograms, work *w, const char *folder)
{
    amkd_listing *listing;
    if (amkd_listing_new(&listing, folder))
        return -1;
    amkd_listing_attach(listing, w->device);
    const int rc = run(w) || amkd_listing_write(listing, nprograms) ? -1 : 0;
    amkd_listing_attach(NULL, w->device);
    amkd_listing_free(listing);
    return rc;
}

int amkd_programs_write(size_t *nprograms, amkd_device *device,
                        const amkd_programs_options *options)
{
    work w = {.device = device};
    const int rc = (options->as && amkd_device_pretend(device, options->as)) ||
                           make_model(&w, options) || list(nprograms, &w, options->folder)
                       ? -1
                       : 0;
    amkd_model_free(w.model);
    amkd_dataset_clear(&w.dataset);
    return rc;
}
