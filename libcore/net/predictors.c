/* A predictor a device. What a device takes of the rows at a time is what it predicts at
 * a time. */
#include "net/predictors.h"
#include "base/memory.h"
#include "device/deal.h"
#include "net/network_plan.h"
#include "net/predict_device.h"
#include <stdlib.h>

struct amkd_predictors {
    size_t n;
    amkd_device *devices[AMKD_MAX_DEVICES];
    amkd_predictor *at[AMKD_MAX_DEVICES];
    size_t most[AMKD_MAX_DEVICES]; /* rows at a time */
    size_t step;                   /* a lane block of the device with the largest */
    size_t npixels, nclasses, nfeatures;
};

static int fill(amkd_predictors *predictors, amkd_device *const *devices, size_t ndevices,
                const amkd_model *model)
{
    predictors->npixels = amkd_shape_size(model->graph.in);
    predictors->nclasses = model->graph.nclasses;
    for (size_t d = 0; d < ndevices; d++) {
        amkd_predictor **at = &predictors->at[d];
        const size_t nlanes = devices[d]->nlanes;
        predictors->devices[d] = devices[d];
        predictors->n = d + 1;
        if (amkd_predictor_new(at, devices[d], model))
            return amkd_deal_fail(devices[d], ndevices);
        if (amkd_device_is_like(devices[d], devices[0]) &&
            amkd_network_copy_ways(amkd_predictor_network(*at),
                                   amkd_predictor_network(predictors->at[0])))
            return amkd_deal_fail(devices[d], ndevices);
        predictors->most[d] = amkd_predictor_nsamples(*at);
        predictors->step = nlanes > predictors->step ? nlanes : predictors->step;
    }
    predictors->nfeatures = amkd_predictor_nfeatures(predictors->at[0]);
    return 0;
}

int amkd_predictors_new(amkd_predictors **out, amkd_device *const *devices,
                        size_t ndevices, const amkd_model *model)
{
    amkd_predictors *predictors = amkd_alloc(1, sizeof *predictors);
    if (!predictors)
        return -1;
    if (fill(predictors, devices, ndevices, model)) {
        amkd_predictors_free(predictors);
        return -1;
    }
    *out = predictors;
    return 0;
}

int amkd_predictors_update(amkd_predictors *predictors, const amkd_model *model)
{
    for (size_t d = 0; d < predictors->n; d++)
        if (amkd_predictor_update(predictors->at[d], model))
            return amkd_deal_fail(predictors->devices[d], predictors->n);
    return 0;
}

/* What all devices are asked. */
typedef struct question {
    amkd_predictors *predictors;
    const amkd_prediction *wanted;
    int finite;      /* probs that are no numbers are a failure */
    float *features; /* [n][nfeatures] */
} question;

static int deal_out(amkd_predictors *predictors, question *q, size_t n,
                    int (*work)(void *context, size_t device, size_t first, size_t n))
{
    q->predictors = predictors;
    const amkd_deal deal = {.devices = predictors->devices,
                            .ndevices = predictors->n,
                            .most = predictors->most,
                            .step = predictors->step,
                            .work = work,
                            .context = q};
    return amkd_deal_out(&deal, n);
}

static int predict(void *context, size_t device, size_t first, size_t n)
{
    const question *q = context;
    const amkd_predictors *predictors = q->predictors;
    const size_t in = first * predictors->npixels, out = first * predictors->nclasses;
    amkd_prediction part = *q->wanted;
    part.pixels = part.pixels ? part.pixels + in : NULL;
    part.planes = part.planes ? part.planes + in : NULL;
    part.probs = part.probs ? part.probs + out : NULL;
    part.logits = part.logits ? part.logits + out : NULL;
    return q->finite
               ? amkd_predictor_run(predictors->at[device], part.probs, part.pixels, n)
               : amkd_predictor_predict(predictors->at[device], &part, n);
}

int amkd_predictors_run(amkd_predictors *predictors, float *probs, const uint8_t *pixels,
                        size_t n)
{
    const amkd_prediction wanted = {.pixels = pixels, .probs = probs};
    question q = {.wanted = &wanted, .finite = 1};
    return deal_out(predictors, &q, n, predict);
}

int amkd_predictors_predict(amkd_predictors *predictors, const amkd_prediction *wanted,
                            size_t n)
{
    question q = {.wanted = wanted};
    return deal_out(predictors, &q, n, predict);
}

/* rows[n][nfeatures] of blocks[block][feature][lane]. */
static void take_lanes(float *rows, const float *blocks, size_t n, size_t nfeatures,
                       size_t nlanes)
{
    for (size_t r = 0; r < n; r++) {
        const float *lane = blocks + r / nlanes * nlanes * nfeatures + r % nlanes;
        for (size_t f = 0; f < nfeatures; f++)
            rows[r * nfeatures + f] = lane[f * nlanes];
    }
}

static int find_features(void *context, size_t device, size_t first, size_t n)
{
    const question *q = context;
    const amkd_predictors *predictors = q->predictors;
    amkd_device *on = predictors->devices[device];
    const size_t nfeatures = predictors->nfeatures, nlanes = on->nlanes;
    const size_t nbytes = (n + nlanes - 1) / nlanes * nlanes * nfeatures * sizeof(float);
    cl_mem buffer = NULL;
    float *blocks = amkd_alloc(nbytes, 1);
    const int rc =
        !blocks || amkd_buffer_new(&buffer, on, CL_MEM_READ_WRITE, nbytes, NULL) ||
                amkd_predictor_features(predictors->at[device], buffer, 0,
                                        q->wanted->pixels + first * predictors->npixels,
                                        n) ||
                amkd_buffer_read(on, blocks, buffer, 0, nbytes)
            ? -1
            : 0;
    if (!rc)
        take_lanes(q->features + first * nfeatures, blocks, n, nfeatures, nlanes);
    amkd_buffer_free(buffer);
    free(blocks);
    return rc;
}

int amkd_predictors_features(amkd_predictors *predictors, float *features,
                             const uint8_t *pixels, size_t n)
{
    const amkd_prediction wanted = {.pixels = pixels};
    question q = {.wanted = &wanted, .features = features};
    return deal_out(predictors, &q, n, find_features);
}

size_t amkd_predictors_nfeatures(const amkd_predictors *predictors)
{
    return predictors->nfeatures;
}

void amkd_predictors_free(amkd_predictors *predictors)
{
    if (!predictors)
        return;
    for (size_t d = 0; d < predictors->n; d++)
        amkd_predictor_free(predictors->at[d]);
    free(predictors);
}
