/* Whole networks, as people use them: what a prediction, a sweep and a step of a training
 * take. */
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "graph/reference.h"
#include "net/predict.h"
#include "step.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct network {
    const char *name, *arch; /* arch NULL: as name */
    size_t side;
    size_t nimages; /* of a prediction, which cuts them as it sees fit */
    size_t batch;   /* of a step */
} network;

static const network networks[] = {
    {"resnet20", NULL, 32, 2048, 128},
    {"alexnet-cifar-half", NULL, 32, 2048, 128},
    {"resnet18", NULL, 224, 128, 16},
    {"mobilenetv2", NULL, 224, 128, 16},
};

/* Of --quick: the others take minutes to compile. */
static const network quick_network = {
    "tiny", "conv 8 k3 p1 nobias | bn | relu | avgpool all | fc classes", 8, 64, 16};

static const network *network_at(const bench *b, size_t at)
{
    if (b->quick)
        return at ? NULL : &quick_network;
    return at < sizeof networks / sizeof *networks ? &networks[at] : NULL;
}

int bench_has_network(const bench *b, const char *name)
{
    const network *n;
    for (size_t at = 0; (n = network_at(b, at)); at++)
        if (!strcmp(n->name, name))
            return 1;
    return 0;
}

static int wanted(const bench *b, const network *n)
{
    for (size_t w = 0; w < b->networks.n; w++)
        if (!strcmp(b->networks.text[w], n->name))
            return 1;
    return !b->networks.n;
}

static const char *arch_of(const network *n)
{
    return n->arch ? n->arch : n->name;
}

static amkd_shape shape_of(const network *n)
{
    return (amkd_shape){3, n->side, n->side};
}

/* passes: a forward pass is one, and a step has two more of its size. */
static bench_row row_of(const network *n, size_t count, const char *what,
                        const amkd_graph *graph, int passes)
{
    bench_row row = {.unit = "images/s"};
    snprintf(row.section, sizeof row.section, "networks on 3x%zux%zu, %zu images",
             n->side, n->side, count);
    snprintf(row.name, sizeof row.name, "%s: %s", n->name, what);
    row.work = (double)count;
    row.flops = passes * 2 * amkd_graph_nmacs(graph) * row.work;
    return row;
}

/* --------------------------------------------------------------------- predictions -- */

/* Images in memory, and where what is said of them goes. */
typedef struct prediction {
    amkd_model *model;
    amkd_images *images;
    amkd_predictor *predictor;
    float *probs;
} prediction;

static int predict(void *context)
{
    const prediction *p = context;
    return amkd_predictor_run(p->predictor, p->probs, p->images->pixels, p->images->n);
}

static int new_prediction(prediction *p, amkd_device *device, const network *n)
{
    if (synthetic_model(&p->model, arch_of(n), shape_of(n)) ||
        synthetic_images(&p->images, shape_of(n), n->nimages) ||
        amkd_predictor_new(&p->predictor, device, p->model))
        return -1;
    p->probs = amkd_alloc(n->nimages * SYNTHETIC_NCLASSES, sizeof *p->probs);
    return p->probs ? 0 : -1;
}

/* -------------------------------------------------------------------------- errors -- */

/* Of a small image: plain loops in float64 take seconds over a large one. */
enum { SMALL_NPIXELS = 1 << 14 };

/* The image number at, as the network sees it. */
static void normalize(double *input, const amkd_model *model, const amkd_images *images,
                      size_t at)
{
    const amkd_shape in = model->graph.layers[0].in;
    const size_t npixels = in.height * in.width;
    const uint8_t *pixels = images->pixels + at * amkd_shape_size(in);
    for (size_t c = 0; c < in.channels; c++)
        for (size_t p = 0; p < npixels; p++)
            input[c * npixels + p] =
                (pixels[p * in.channels + c] / 255.0 - (double)model->mean[c]) /
                (double)model->std[c];
}

/* The greatest difference of an image's log-probabilities from those of its logits, over
 * the greatest logit. */
static double find_error(double *logits, const float *probs)
{
    double greatest = 0, error = 0;
    for (size_t k = 0; k < SYNTHETIC_NCLASSES; k++)
        greatest = fmax(greatest, fabs(logits[k]));
    amkd_reference_softmax(logits, logits, SYNTHETIC_NCLASSES);
    for (size_t k = 0; k < SYNTHETIC_NCLASSES; k++)
        error = fmax(error, fabs(log((double)probs[k]) - log(logits[k])));
    return error / greatest;
}

/* values[count]: the errors of the first images, in millionths. */
static int find_errors(double *values, const prediction *p, size_t count)
{
    amkd_reference *reference = NULL;
    double logits[SYNTHETIC_NCLASSES];
    double *input =
        amkd_alloc(amkd_shape_size(p->model->graph.layers[0].in), sizeof *input);
    const int rc =
        input ? amkd_reference_new(&reference, &p->model->graph, p->model->parameters, 1)
              : -1;
    for (size_t i = 0; i < count && !rc; i++) {
        normalize(input, p->model, p->images, i);
        amkd_reference_forward(reference, logits, input);
        values[i] = 1e6 * find_error(logits, p->probs + i * SYNTHETIC_NCLASSES);
    }
    amkd_reference_free(reference);
    free(input);
    return rc;
}

/* Of what the prediction left, against float64. */
static int measure_error(bench *b, const network *n, const prediction *p)
{
    double values[4];
    const size_t count = n->side * n->side < SMALL_NPIXELS ? 4 : 1;
    bench_row row = {.unit = "millionths", .at_most = 100};
    snprintf(row.section, sizeof row.section,
             "log-probabilities, beside the largest logit");
    snprintf(row.name, sizeof row.name, "%s: error against float64", n->name);
    return find_errors(values, p, count) ? -1 : bench_add(b, &row, values, count);
}

/* As amkd-query has a model answer: pixels in, probabilities out. */
static int measure_prediction(bench *b, const network *n)
{
    prediction p = {0};
    int rc = new_prediction(&p, b->device, n);
    if (!rc) {
        const bench_row row = row_of(n, n->nimages, "prediction", &p.model->graph, 1);
        rc = bench_time(b, &row, predict, &p) || measure_error(b, n, &p) ? -1 : 0;
    }
    amkd_predictor_free(p.predictor);
    amkd_images_free(p.images);
    amkd_model_free(p.model);
    free(p.probs);
    return rc;
}

/* -------------------------------------------------------------------------- sweeps -- */

/* The pairs of these are a second of work, about. */
enum { SMALL_NIMAGES = 32, LARGE_NIMAGES = 6 };

/* As amkd-score evaluates mixes. */
static int measure_sweep(bench *b, const network *n)
{
    amkd_model *model = NULL;
    amkd_images *images = NULL;
    bench_row row = {.unit = "evaluations/s"};
    const size_t count =
        n->side * n->side < SMALL_NPIXELS ? SMALL_NIMAGES : LARGE_NIMAGES;
    snprintf(row.section, sizeof row.section, "networks on 3x%zux%zu, pairs", n->side,
             n->side);
    snprintf(row.name, sizeof row.name, "%s: sweep", n->name);
    const int rc = synthetic_model(&model, arch_of(n), shape_of(n)) ||
                           synthetic_images(&images, shape_of(n), count) ||
                           bench_sweep_pairs(b, &row, model, images)
                       ? -1
                       : 0;
    amkd_images_free(images);
    amkd_model_free(model);
    return rc;
}

/* --------------------------------------------------------------------------- steps -- */

/* Forward, loss, backward and optimizer on a batch that is on the device, whole lane
 * blocks. */
static int measure_step(bench *b, const network *n)
{
    const size_t nlanes = b->device->nlanes;
    const size_t count = (n->batch + nlanes - 1) / nlanes * nlanes;
    step s;
    int rc = step_new(&s, b->device, arch_of(n), shape_of(n), count);
    if (!rc) {
        const bench_row row = row_of(n, count, "step", &s.model->graph, 3);
        rc = bench_time(b, &row, step_learn, &s);
    }
    step_clear(&s);
    return rc;
}

int bench_networks(bench *b)
{
    const network *n;
    for (size_t at = 0; (n = network_at(b, at)); at++) {
        if (!wanted(b, n))
            continue;
        bench_say(b, n->name);
        if (measure_prediction(b, n) || measure_sweep(b, n) || measure_step(b, n))
            return amkd_fail_in("network %s", n->name);
    }
    return 0;
}
