/* Prediction in chunks: pixels up, forward, probabilities or logits back. */
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "net/fold.h"
#include "net/network_plan.h"
#include "net/network_room.h"
#include "net/predict_device.h"
#include "ops/batch.h"
#include "ops/loss.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Samples of a chunk: enough for every compute unit of a large GPU, but no more than fit
 * in this. */
enum { MAX_CHUNK = 2048, MAX_NBYTES = 1 << 29 };

/* Multiply-adds of an op that a unit of a CPU has at least, by the mean: some tenths of a
 * millisecond, beside which the start of a kernel is little. */
static const double unit_nmacs = 32e6;

struct amkd_predictor {
    amkd_device *device;
    size_t npixels, plane; /* of an image, of a channel of one */
    size_t nclasses, nfeatures, chunk;
    size_t last_value; /* the input of the last layer */
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    cl_mem order, outputs;
    float mean[AMKD_MAX_CHANNELS], std[AMKD_MAX_CHANNELS];
    float temperature;
    int keeps;        /* what ops make of their weights */
    uint64_t weights; /* how often they were written */
    float *input;     /* planes on their way to the device, a chunk of them */
};

/* Bytes of a lane block beside the network: its images, their keys, its outputs. */
static size_t block_others(const amkd_device *device, const amkd_graph *graph)
{
    return device->nlanes * (amkd_shape_size(graph->in) + 4 * sizeof(uint32_t) +
                             graph->nclasses * sizeof(float));
}

/* Lane blocks that give every unit work, one for each at least. A CPU is given no more:
 * what an op writes is then read by the next one before it has left the caches. */
static double busy_nblocks(const amkd_device *device, const amkd_network_room *room)
{
    if (device->vector_width == 1)
        return MAX_CHUNK;
    const double nunits = (double)device->ncompute_units;
    return fmax(nunits, ceil(unit_nmacs * nunits * (double)room->nops /
                             fmax(room->block_nmacs, 1)));
}

/* Where memory is counted, a prediction makes what it needs of its weights each time. */
static int keeps(const amkd_device *device)
{
    return !device->budget_nbytes;
}

/* Whole lane blocks, one at least: as many as a buffer, and half of the device's memory
 * or what is left of a budget, have room for. */
static size_t choose_chunk(const amkd_device *device, const amkd_graph *graph,
                           const amkd_network_room *room)
{
    const cl_ulong half = device->global_nbytes / 2;
    cl_ulong n = (half < MAX_NBYTES ? half : MAX_NBYTES) / room->block_nbytes;
    if (device->budget_nbytes) {
        const cl_ulong fixed = room->fixed_nbytes, budget = device->budget_nbytes;
        const cl_ulong fit =
            budget > fixed
                ? (budget - fixed) / (room->block_nbytes + block_others(device, graph))
                : 0;
        n = fit < n ? fit : n;
    }
    const cl_ulong whole = device->max_buffer_nbytes / room->largest_block_nbytes;
    cl_ulong most = MAX_CHUNK / device->nlanes;
    const double busy = busy_nblocks(device, room);
    most = n < most ? n : most;
    most = busy < (double)most ? (cl_ulong)busy : most;
    most = whole < most ? whole : most;
    return (size_t)(most > 1 ? most : 1) * device->nlanes;
}

/* The network that a model of this one becomes, whatever its weights. */
static int fold_graph(amkd_model **out, const amkd_graph *graph)
{
    amkd_model *model;
    if (amkd_model_new(&model))
        return -1;
    model->parameters = amkd_alloc(graph->nparameters, sizeof *model->parameters);
    const int rc = !model->parameters || amkd_graph_copy(&model->graph, graph) ||
                           amkd_model_fold(out, model)
                       ? -1
                       : 0;
    amkd_model_free(model);
    return rc;
}

int amkd_predictor_find_stored(unsigned char *stored, const amkd_graph *graph)
{
    amkd_model *folded;
    if (fold_graph(&folded, graph))
        return -1;
    unsigned char *of_folded = amkd_alloc(folded->graph.nlayers, 1);
    const int rc =
        of_folded ? amkd_network_find_stored(of_folded, &folded->graph, 0) : -1;
    for (size_t l = 0, next = 0; !rc && l < graph->nlayers; l++)
        stored[l] = amkd_graph_folds(graph, l) ? 0 : of_folded[next++];
    free(of_folded);
    amkd_model_free(folded);
    return rc;
}

int amkd_predictor_room_find(amkd_predictor_room *room, const amkd_device *device,
                             const amkd_graph *graph)
{
    amkd_model *folded;
    amkd_network_room network;
    if (fold_graph(&folded, graph))
        return -1;
    const int rc = amkd_network_room_find(&network, device, &folded->graph, 0);
    amkd_model_free(folded);
    if (rc)
        return -1;
    const size_t chunk = choose_chunk(device, graph, &network);
    *room = (amkd_predictor_room){
        .nsamples = chunk,
        .nbytes =
            network.fixed_nbytes + (keeps(device) ? network.kept_nbytes : 0) +
            chunk / device->nlanes * (network.block_nbytes + block_others(device, graph)),
        .largest_nbytes = chunk / device->nlanes * network.largest_block_nbytes};
    if (room->largest_nbytes < network.largest_fixed_nbytes)
        room->largest_nbytes = network.largest_fixed_nbytes;
    return 0;
}

int amkd_predictor_fit(const amkd_device *device, const amkd_graph *graph)
{
    amkd_predictor_room room;
    char size[AMKD_SIZE_NBYTES], budget[AMKD_SIZE_NBYTES];
    if (!device->budget_nbytes)
        return 0;
    if (amkd_predictor_room_find(&room, device, graph))
        return -1;
    amkd_size_print(size, sizeof size, room.nbytes);
    amkd_size_print(budget, sizeof budget, device->budget_nbytes);
    return room.nbytes <= device->budget_nbytes
               ? 0
               : amkd_fail(
                     "a prediction of %zu samples at a time takes %s, and --memory is "
                     "%s; a smaller network or smaller images would fit, or more "
                     "memory",
                     room.nsamples, size, budget);
}

/* The rows of a chunk as they are. */
static int use_every_row(amkd_predictor *predictor)
{
    const size_t n = predictor->chunk;
    uint32_t *order = amkd_alloc(n, sizeof *order);
    if (!order)
        return -1;
    for (uint32_t r = 0; r < n; r++)
        order[r] = r;
    const int rc = amkd_batches_plain_keys(predictor->batches, n) ||
                           amkd_buffer_new(&predictor->order, predictor->device,
                                           CL_MEM_READ_ONLY, n * sizeof *order, order)
                       ? -1
                       : 0;
    free(order);
    return rc;
}

int amkd_model_normalize(amkd_batches *batches, const amkd_model *model)
{
    float scale[AMKD_MAX_CHANNELS], shift[AMKD_MAX_CHANNELS];
    for (size_t c = 0; c < AMKD_MAX_CHANNELS; c++) {
        scale[c] = 1 / (255 * model->std[c]);
        shift[c] = -model->mean[c] / model->std[c];
    }
    return amkd_batches_normalize(batches, scale, shift);
}

static int write_parameters(amkd_predictor *predictor, const amkd_model *folded)
{
    predictor->weights += (uint64_t)predictor->keeps;
    predictor->temperature = folded->temperature;
    return amkd_buffer_write(
        predictor->device, amkd_network_parameters(predictor->network),
        folded->parameters, 0, folded->graph.nparameters * sizeof *folded->parameters);
}

int amkd_predictor_update(amkd_predictor *predictor, const amkd_model *model)
{
    amkd_model *folded;
    if (amkd_model_fold(&folded, model))
        return -1;
    const int rc = write_parameters(predictor, folded);
    amkd_model_free(folded);
    return rc;
}

static int fill(amkd_predictor *predictor, const amkd_model *model)
{
    amkd_device *device = predictor->device;
    const amkd_graph *graph = &model->graph;
    amkd_network_room room;
    if (amkd_network_room_find(&room, device, graph, 0))
        return -1;
    predictor->chunk = choose_chunk(device, graph, &room);
    predictor->keeps = keeps(device);
    predictor->npixels = amkd_shape_size(graph->in);
    predictor->plane = graph->in.height * graph->in.width;
    predictor->nclasses = graph->nclasses;
    predictor->last_value = graph->layers[graph->nlayers - 1].inputs[0];
    predictor->nfeatures = amkd_shape_size(graph->layers[graph->nlayers - 1].in);
    memcpy(predictor->mean, model->mean, sizeof model->mean);
    memcpy(predictor->std, model->std, sizeof model->std);
    return amkd_network_new(&predictor->network, device, graph,
                            predictor->chunk / device->nlanes, 0) ||
                   amkd_network_plan(predictor->network, AMKD_PLAN_SECONDS, NULL, NULL) ||
                   write_parameters(predictor, model) ||
                   amkd_batches_new(&predictor->batches, device, graph->in.height,
                                    graph->in.width, graph->in.channels) ||
                   amkd_model_normalize(predictor->batches, model) ||
                   use_every_row(predictor) ||
                   amkd_loss_new(&predictor->loss, device, graph->nclasses) ||
                   amkd_buffer_new(&predictor->outputs, device, CL_MEM_WRITE_ONLY,
                                   predictor->chunk * graph->nclasses * sizeof(float),
                                   NULL)
               ? -1
               : 0;
}

int amkd_predictor_new(amkd_predictor **out, amkd_device *device, const amkd_model *model)
{
    amkd_model *folded;
    if (amkd_predictor_fit(device, &model->graph) || amkd_model_fold(&folded, model))
        return -1;
    amkd_predictor *predictor = amkd_alloc(1, sizeof *predictor);
    if (predictor)
        predictor->device = device;
    const int rc = predictor ? fill(predictor, folded) : -1;
    amkd_model_free(folded);
    if (rc)
        amkd_predictor_free(predictor);
    else
        *out = predictor;
    return rc;
}

/* Planes of 0..1, normalized, into the network's input [block][channel][y][x][lane]. */
static int load_planes(amkd_predictor *predictor, const float *planes, size_t n)
{
    const size_t nlanes = predictor->device->nlanes, npixels = predictor->npixels;
    const size_t nfloats = (n + nlanes - 1) / nlanes * nlanes * npixels;
    if (!predictor->input)
        predictor->input = amkd_alloc(predictor->chunk * npixels, sizeof(float));
    if (!predictor->input)
        return -1;
    for (size_t s = 0; s < n; s++) {
        float *lane = predictor->input + s / nlanes * nlanes * npixels + s % nlanes;
        for (size_t p = 0; p < npixels; p++) {
            const size_t channel = p / predictor->plane;
            lane[p * nlanes] = (planes[s * npixels + p] - predictor->mean[channel]) /
                               predictor->std[channel];
        }
    }
    return amkd_buffer_write(predictor->device, amkd_network_value(predictor->network, 0),
                             predictor->input, 0, nfloats * sizeof(float));
}

static int load_pixels(amkd_predictor *predictor, const uint8_t *pixels, size_t n)
{
    if (amkd_batches_images(predictor->batches, pixels, n))
        return -1;
    return amkd_batches_load(predictor->batches,
                             amkd_network_value(predictor->network, 0), predictor->order,
                             0, n);
}

static int read_output(amkd_predictor *predictor, float *output, size_t n, int logits)
{
    const cl_mem last = amkd_network_logits(predictor->network);
    if (!output)
        return 0;
    if (logits ? amkd_loss_logits(predictor->loss, predictor->outputs, last, n)
               : amkd_loss_softmax(predictor->loss, predictor->outputs, last, n,
                                   predictor->temperature))
        return -1;
    return amkd_buffer_read(predictor->device, output, predictor->outputs, 0,
                            n * predictor->nclasses * sizeof *output);
}

static float *advance(float *output, size_t nfloats)
{
    return output ? output + nfloats : NULL;
}

int amkd_predictor_predict(amkd_predictor *predictor, const amkd_prediction *wanted,
                           size_t n)
{
    const size_t nlanes = predictor->device->nlanes, chunk = predictor->chunk;
    for (size_t done = 0; done < n; done += chunk) {
        const size_t count = n - done < chunk ? n - done : chunk;
        const size_t in = done * predictor->npixels, out = done * predictor->nclasses;
        if ((wanted->pixels ? load_pixels(predictor, wanted->pixels + in, count)
                            : load_planes(predictor, wanted->planes + in, count)) ||
            amkd_network_forward(predictor->network, 0,
                                 &(amkd_batch){.nblocks = (count + nlanes - 1) / nlanes,
                                               .nsamples = count,
                                               .weights = predictor->weights}) ||
            read_output(predictor, advance(wanted->probs, out), count, 0) ||
            read_output(predictor, advance(wanted->logits, out), count, 1))
            return -1;
    }
    return 0;
}

int amkd_predictor_run(amkd_predictor *predictor, float *probs, const uint8_t *pixels,
                       size_t n)
{
    const amkd_prediction wanted = {.pixels = pixels, .probs = probs};
    if (amkd_predictor_predict(predictor, &wanted, n))
        return -1;
    for (size_t p = 0; p < n * predictor->nclasses; p++)
        if (!isfinite(probs[p]))
            return amkd_fail("a probability is not a number: the model's sums overflow");
    return 0;
}

int amkd_predictor_features(amkd_predictor *predictor, cl_mem features, size_t first,
                            const uint8_t *pixels, size_t n)
{
    amkd_network *network = predictor->network;
    const cl_mem last = amkd_network_value(network, predictor->last_value);
    const size_t nlanes = predictor->device->nlanes, chunk = predictor->chunk;
    const size_t sample_nbytes = predictor->nfeatures * sizeof(float);
    for (size_t done = 0; done < n; done += chunk) {
        const size_t count = n - done < chunk ? n - done : chunk;
        const size_t nblocks = (count + nlanes - 1) / nlanes;
        if (load_pixels(predictor, pixels + done * predictor->npixels, count) ||
            amkd_network_forward(network, 0,
                                 &(amkd_batch){.nblocks = nblocks,
                                               .nsamples = count,
                                               .weights = predictor->weights}) ||
            amkd_buffer_copy(predictor->device, features, (first + done) * sample_nbytes,
                             last, nblocks * nlanes * sample_nbytes))
            return -1;
    }
    return 0;
}

amkd_network *amkd_predictor_network(const amkd_predictor *predictor)
{
    return predictor->network;
}

size_t amkd_predictor_nsamples(const amkd_predictor *predictor)
{
    return predictor->chunk;
}

size_t amkd_predictor_nfeatures(const amkd_predictor *predictor)
{
    return predictor->nfeatures;
}

void amkd_predictor_free(amkd_predictor *predictor)
{
    if (!predictor)
        return;
    amkd_network_free(predictor->network);
    amkd_batches_free(predictor->batches);
    amkd_loss_free(predictor->loss);
    amkd_buffer_free(predictor->order);
    amkd_buffer_free(predictor->outputs);
    free(predictor->input);
    free(predictor);
}
