/* The sweep around its engines: what is uploaded once, and two chunks of pairs in flight,
 * so that the host reads and selects while the device computes. */
#include "sweep/sweep.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/bound.h"
#include "net/fold.h"
#include "sweep/sweep_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NSLOTS = 2,
    CHUNK = 1 << 18,                 /* evaluations in flight, where nothing is asked */
    MAX_PRIVATE_NBYTES = 128 * 1024, /* for which a CPU's second cache still serves */
};

/* A chunk of pairs on its way. */
typedef struct slot {
    size_t n, nfetched; /* pairs; scores read back before their number is known */
    int counted;        /* whether host_found[0] says how many there are: else all */
    amkd_pair *host_pairs;
    amkd_pair *places;            /* of the pairs in the window; NULL without */
    amkd_sweep_score *host_found; /* [1 + groups] */
    cl_mem pairs, scores, found;
    cl_event done; /* NULL when nothing is under way */
} slot;

struct amkd_sweep {
    amkd_sweep_inputs inputs;
    amkd_stages stages;
    amkd_graph graph;
    size_t nimages, max_pairs; /* nimages: whose maps there is room for */
    amkd_maps *maps;
    size_t neach;      /* scores of a pair that may come back: 1, or all with every */
    amkd_fused *fused; /* one of the two */
    amkd_layered *layered;
    char *reason; /* why not the fused one, which was tried; NULL */
    amkd_found *found;
    slot slots[NSLOTS];
    size_t nstarted, nfinished;
};

static int check(const amkd_model *model, const amkd_images *images,
                 const amkd_sweep_options *options)
{
    const amkd_shape in = model->graph.in;
    if (in.channels != images->channels || in.height != images->height ||
        in.width != images->width)
        return amkd_fail("the student takes images of %zux%zux%zu (channels, height, "
                         "width), these are %zux%zux%zu",
                         in.channels, in.height, in.width, images->channels,
                         images->height, images->width);
    if (!options->nlambdas)
        return amkd_fail("no lambda to sweep over");
    for (size_t l = 0; l < options->nlambdas; l++)
        if (!(options->lambdas[l] >= 0 && options->lambdas[l] <= 1))
            return amkd_fail("lambda %g is outside [0, 1]", options->lambdas[l]);
    return 0;
}

/* The most pairs that width consecutive evaluations touch when they start at a multiple
 * of width: the start's offset in its pair is then a multiple of the common divisor. */
static size_t span_of(size_t nlambdas, size_t width)
{
    size_t divisor = nlambdas, rest = width;
    while (rest) {
        const size_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    return (nlambdas - divisor + width - 1) / nlambdas + 1;
}

/* lambda and slot of lane k of a vector that starts r evaluations into a pair, at r + k.
 */
static int new_tables(amkd_sweep_inputs *inputs, const float *lambdas)
{
    const size_t n = inputs->nlambdas - 1 + inputs->device->vector_width;
    float *values = amkd_alloc(n, sizeof *values);
    int32_t *slots = amkd_alloc(n, sizeof *slots);
    int rc = values && slots ? 0 : -1;
    for (size_t at = 0; !rc && at < n; at++) {
        values[at] = lambdas[at % inputs->nlambdas];
        slots[at] = (int32_t)(at / inputs->nlambdas);
    }
    if (!rc)
        rc = amkd_buffer_new(&inputs->lambda_table, inputs->device, CL_MEM_READ_ONLY,
                             n * sizeof *values, values);
    if (!rc)
        rc = amkd_buffer_new(&inputs->slot_table, inputs->device, CL_MEM_READ_ONLY,
                             n * sizeof *slots, slots);
    free(values);
    free(slots);
    return rc;
}

static int new_inputs(amkd_sweep *sweep, const amkd_model *model,
                      const amkd_images *images, const amkd_sweep_options *options)
{
    static const char *const measures[] = {"CONFIDENCE", "MARGIN", "ENTROPY"};
    amkd_sweep_inputs *in = &sweep->inputs;
    in->nlambdas = options->nlambdas;
    in->defines = amkd_format(
        "\n#define NLAMBDAS %zu\n#define SPAN %zu\n#define MAP_SIZE %zu\n"
        "#define NCLASSES %zu\n#define MEASURE MEASURE_%s\n#define MAY_OVERFLOW %d\n\n",
        options->nlambdas, span_of(options->nlambdas, in->device->vector_width),
        amkd_shape_size(sweep->stages.maps), sweep->graph.nclasses,
        measures[options->measure], amkd_model_may_overflow(model));
    if (!in->defines || new_tables(in, options->lambdas) ||
        amkd_buffer_new(&in->parameters, in->device, CL_MEM_READ_ONLY,
                        sweep->graph.nparameters * sizeof(float), model->parameters))
        return -1;
    if (amkd_maps_new(&sweep->maps, in->device, &sweep->stages, model, images,
                      in->parameters))
        return -1;
    in->maps = amkd_maps_buffer(sweep->maps);
    return 0;
}

/* Maps of the first layer's output, unless these take too much memory. */
static int new_stages(amkd_sweep *sweep, const amkd_images *images,
                      const amkd_sweep_options *options)
{
    const amkd_device *device = sweep->inputs.device;
    size_t most = options->max_maps_nbytes;
    if (!most)
        most = device->global_nbytes / 4 < device->max_buffer_nbytes
                   ? device->global_nbytes / 4
                   : device->max_buffer_nbytes;
    if (amkd_stages_new(&sweep->stages, &sweep->graph, 1, device->vector_width))
        return -1;
    const size_t size = amkd_shape_size(sweep->stages.maps) * sizeof(float);
    sweep->nimages = amkd_maps_room(device, &sweep->stages, images);
    if (!sweep->stages.has_linear || sweep->nimages <= most / size)
        return 0;
    amkd_stages_clear(&sweep->stages);
    if (amkd_stages_new(&sweep->stages, &sweep->graph, 0, device->vector_width))
        return -1;
    sweep->nimages = amkd_maps_room(device, &sweep->stages, images);
    return 0;
}

/* The fused engine, once it is seen to score right. -1 leaves none. */
static int new_fused(amkd_sweep *sweep, const amkd_model *model,
                     const amkd_images *images, const amkd_sweep_options *options)
{
    if (amkd_fused_new(&sweep->fused, &sweep->inputs, &sweep->stages))
        return -1;
    if (!amkd_fused_check(sweep->fused, sweep->inputs.device, model, images,
                          sweep->nimages, options))
        return 0;
    amkd_fused_free(sweep->fused);
    sweep->fused = NULL;
    return -1;
}

static int new_engine(amkd_sweep *sweep, const amkd_model *model,
                      const amkd_images *images, const amkd_sweep_options *options)
{
    const size_t width = sweep->inputs.device->vector_width;
    const int fits =
        width > 1 && sweep->stages.fusable &&
        amkd_stages_private_nbytes(&sweep->stages, width) <= MAX_PRIVATE_NBYTES;
    const int forced = options->engine == AMKD_ENGINE_FUSED;
    if (forced && !sweep->stages.fusable)
        return amkd_fail("the fused engine has not all layers of '%.200s'",
                         sweep->graph.text);
    if (forced || (options->engine == AMKD_ENGINE_AUTO && fits)) {
        if (amkd_fused_dump(&sweep->inputs, &sweep->stages))
            return -1;
        const int failed = new_fused(sweep, model, images, options);
        if (forced || (!failed && !sweep->inputs.device->listing))
            return failed;
        if (!failed) /* all programs are listed */
            return amkd_layered_new(&sweep->layered, &sweep->inputs, &sweep->stages);
        /* A compiler that gives up on the large kernel, or gets it wrong, is no reason to
         * fail. */
        sweep->reason = amkd_strdup(amkd_error());
        if (!sweep->reason)
            return -1;
    }
    return amkd_layered_new(&sweep->layered, &sweep->inputs, &sweep->stages);
}

static int new_slot(amkd_sweep *sweep, slot *s)
{
    amkd_device *device = sweep->inputs.device;
    const size_t n = sweep->max_pairs, nlanes = device->nlanes;
    const size_t nlane_blocks = (n * sweep->inputs.nlambdas + nlanes - 1) / nlanes;
    s->host_pairs = amkd_alloc(n, sizeof *s->host_pairs);
    s->host_found = amkd_alloc(1 + n * sweep->neach, sizeof *s->host_found);
    if (amkd_sweep_borrows(sweep) && !(s->places = amkd_alloc(n, sizeof *s->places)))
        return -1;
    if (!s->host_pairs || !s->host_found ||
        amkd_buffer_new(&s->pairs, device, CL_MEM_READ_ONLY, n * sizeof(amkd_pair),
                        NULL) ||
        amkd_buffer_new(&s->scores, device, CL_MEM_READ_WRITE,
                        nlane_blocks * nlanes * sizeof(float), NULL))
        return -1;
    return amkd_buffer_new(&s->found, device, CL_MEM_READ_WRITE,
                           (1 + n * sweep->neach) * sizeof *s->host_found, NULL);
}

/* model: folded. */
static int fill(amkd_sweep *sweep, const amkd_model *model, const amkd_images *images,
                const amkd_sweep_options *options)
{
    int rc = amkd_graph_copy(&sweep->graph, &model->graph);
    if (!rc)
        rc = new_stages(sweep, images, options);
    /* The images of a chunk must go into a window. */
    if (!rc && sweep->nimages < images->n && sweep->max_pairs > sweep->nimages / 2)
        sweep->max_pairs = sweep->nimages / 2;
    if (!rc)
        rc = new_inputs(sweep, model, images, options);
    if (!rc)
        rc = new_engine(sweep, model, images, options);
    if (!rc)
        rc = amkd_found_new(&sweep->found, sweep->inputs.device,
                            options->nlambdas / sweep->neach);
    for (size_t s = 0; !rc && s < NSLOTS; s++)
        rc = new_slot(sweep, &sweep->slots[s]);
    return rc;
}

int amkd_sweep_new(amkd_sweep **out, amkd_device *device, const amkd_model *model,
                   const amkd_images *images, const amkd_sweep_options *options)
{
    amkd_model *folded;
    if (check(model, images, options) || amkd_model_fold(&folded, model))
        return -1;
    amkd_sweep *sweep = amkd_alloc(1, sizeof *sweep);
    int rc = sweep ? 0 : -1;
    if (!rc) {
        sweep->inputs.device = device;
        sweep->neach = options->every ? options->nlambdas : 1;
        sweep->max_pairs =
            options->max_pairs ? options->max_pairs : (CHUNK - 1) / options->nlambdas + 1;
        rc = fill(sweep, folded, images, options);
    }
    amkd_model_free(folded);
    if (rc)
        amkd_sweep_free(sweep);
    else
        *out = sweep;
    return rc;
}

size_t amkd_sweep_max_pairs(const amkd_sweep *sweep)
{
    return sweep->max_pairs;
}

int amkd_sweep_borrows(const amkd_sweep *sweep)
{
    return amkd_maps_borrow(sweep->maps);
}

const char *amkd_sweep_engine(const amkd_sweep *sweep)
{
    return sweep->fused ? "fused" : "layered";
}

amkd_network *amkd_sweep_network(const amkd_sweep *sweep)
{
    return sweep->layered ? amkd_layered_network(sweep->layered) : NULL;
}

const char *amkd_sweep_reason(const amkd_sweep *sweep)
{
    return sweep->reason;
}

static int run_engine(amkd_sweep *sweep, const slot *s)
{
    return sweep->fused ? amkd_fused_run(sweep->fused, s->scores, s->pairs, s->n)
                        : amkd_layered_run(sweep->layered, s->scores, s->pairs, s->n);
}

/* Has the scores read back in one go: all, or as many as there will hardly be more of. */
static int fetch(amkd_sweep *sweep, slot *s)
{
    const size_t most = s->n * sweep->neach, few = most / 16 + 64;
    s->nfetched = s->counted && few < most ? few : most;
    cl_command_queue queue = sweep->inputs.device->queue;
    cl_int status = clEnqueueReadBuffer(queue, s->found, CL_FALSE, 0,
                                        (1 + s->nfetched) * sizeof *s->host_found,
                                        s->host_found, 0, NULL, &s->done);
    if (!status)
        status = clFlush(queue);
    if (status)
        return amkd_fail_cl(status, "reading the scores of %zu pairs from device '%s'",
                            s->n, sweep->inputs.device->name);
    return 0;
}

int amkd_sweep_start(amkd_sweep *sweep, const amkd_pair *pairs, size_t n, float threshold)
{
    slot *s = &sweep->slots[sweep->nstarted % NSLOTS];
    if (s->done || n == 0 || n > sweep->max_pairs)
        return amkd_fail("cannot start a sweep over %zu pairs, expected 1 to %zu and at "
                         "most %d under way",
                         n, sweep->max_pairs, NSLOTS);
    memcpy(s->host_pairs, pairs, n * sizeof *pairs);
    s->n = n;
    s->counted = threshold < INFINITY;
    if (s->places) {
        memcpy(s->places, pairs, n * sizeof *pairs);
        if (amkd_maps_bring(sweep->maps, &s->places->i, 2 * n))
            return -1;
    }
    const cl_int status = clEnqueueWriteBuffer(
        sweep->inputs.device->queue, s->pairs, CL_FALSE, 0, n * sizeof *pairs,
        s->places ? s->places : s->host_pairs, 0, NULL, NULL);
    if (status)
        return amkd_fail_cl(status, "writing %zu pairs to device '%s'", n,
                            sweep->inputs.device->name);
    if (run_engine(sweep, s) ||
        amkd_found_run(sweep->found, s->found, s->scores, n * sweep->neach, threshold) ||
        fetch(sweep, s))
        return -1;
    sweep->nstarted++;
    return 0;
}

int amkd_sweep_finish(amkd_sweep *sweep, amkd_sweep_result *result)
{
    slot *s = &sweep->slots[sweep->nfinished % NSLOTS];
    if (!s->done)
        return 0;
    const cl_int status = clWaitForEvents(1, &s->done);
    amkd_cl_tidied(clReleaseEvent(s->done), "clReleaseEvent");
    s->done = NULL;
    sweep->nfinished++;
    if (status)
        return amkd_fail_cl(status, "the sweep over %zu pairs on device '%s'", s->n,
                            sweep->inputs.device->name);
    const size_t n = s->counted ? s->host_found[0].evaluation : s->n * sweep->neach;
    amkd_sweep_score *rest = s->host_found + 1 + s->nfetched;
    if (n > s->nfetched && amkd_buffer_read(sweep->inputs.device, rest, s->found,
                                            (1 + s->nfetched) * sizeof *rest,
                                            (n - s->nfetched) * sizeof *rest))
        return -1;
    *result = (amkd_sweep_result){
        .npairs = s->n, .pairs = s->host_pairs, .n = n, .scores = s->host_found + 1};
    return 1;
}

static void clear_slot(slot *s)
{
    /* By its event too: a clFinish may not know of what a clFlush sent off (rusticl). */
    if (s->done) {
        amkd_cl_tidied(clWaitForEvents(1, &s->done), "clWaitForEvents");
        amkd_cl_tidied(clReleaseEvent(s->done), "clReleaseEvent");
    }
    amkd_buffer_free(s->pairs);
    amkd_buffer_free(s->scores);
    amkd_buffer_free(s->found);
    free(s->host_pairs);
    free(s->places);
    free(s->host_found);
}

void amkd_sweep_free(amkd_sweep *sweep)
{
    if (!sweep)
        return;
    amkd_device_drain(sweep->inputs.device); /* the slots' memory */
    for (size_t s = 0; s < NSLOTS; s++)
        clear_slot(&sweep->slots[s]);
    amkd_fused_free(sweep->fused);
    amkd_layered_free(sweep->layered);
    amkd_found_free(sweep->found);
    amkd_maps_free(sweep->maps);
    amkd_buffer_free(sweep->inputs.parameters);
    amkd_buffer_free(sweep->inputs.lambda_table);
    amkd_buffer_free(sweep->inputs.slot_table);
    free(sweep->inputs.defines);
    free(sweep->reason);
    amkd_stages_clear(&sweep->stages);
    amkd_graph_clear(&sweep->graph);
    free(sweep);
}
