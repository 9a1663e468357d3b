/* What is counted are the buffers of learner.c, samples.c, lessons.c, assistant.c and
 * net/predict.c. */
#include "steps/learn/train_room.h"
#include "base/error.h"
#include "net/network_room.h"
#include "net/predict.h"
#include "ops/window.h"
#include "steps/learn/feed.h"
#include "steps/learn/span_images.h"
#include <stdio.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t blocks_of(const amkd_device *device, uint64_t nsamples)
{
    return (nsamples + device->nlanes - 1) / device->nlanes;
}

/* The images that are there at a time, and what is said of the samples. */
static void count_data(amkd_train_room *room, const amkd_device *device,
                       const amkd_graph *graph, const amkd_train_options *o,
                       const amkd_train_data *data)
{
    enum { ORDER_NBYTES = 2 * AMKD_SPAN_STEPS * sizeof(uint32_t), KEY_NBYTES = 12 };
    const uint64_t image_nbytes = amkd_shape_size(graph->in);
    const uint64_t answer_nbytes = graph->nclasses * sizeof(float);
    const uint64_t n = data->n ? data->n : room->batch;
    const uint64_t nimages = most(data->nimages, 1);
    const uint64_t nparts = o->views && data->mixes ? 2 : 1; /* images of a sample */
    uint64_t pixels = nimages * image_nbytes, largest;
    if (o->assistant || o->views)
        amkd_span_images_room(&pixels, &largest, device, nimages, image_nbytes,
                              nparts * room->batch, &o->window);
    else {
        if (data->far || pixels > device->max_buffer_nbytes)
            pixels = amkd_window_choose_room(device, nimages, (size_t)image_nbytes,
                                             2 * room->batch) *
                     image_nbytes;
        largest = pixels;
    }
    const uint64_t views = o->views ? nparts * room->batch * image_nbytes : 0;
    const uint64_t mu = o->mixup > 0 ? ORDER_NBYTES * room->batch : 0;
    room->data = pixels + views + mu + room->batch * (ORDER_NBYTES + answer_nbytes);
    if (!o->assistant)
        room->data += n * (answer_nbytes + KEY_NBYTES);
    room->largest = most(room->largest, largest);
}

static int count_others(amkd_train_room *room, const amkd_device *device,
                        const amkd_graph *graph, const amkd_train_options *o,
                        const amkd_train_data *data)
{
    amkd_network_room network;
    amkd_predictor_room predictor;
    if (o->assistant) {
        if (amkd_network_room_find(&network, device, &o->assistant->graph, 0))
            return -1;
        const uint64_t nblocks = blocks_of(device, room->micro_batch);
        const uint64_t answer_nbytes = (graph->nclasses + 1) * sizeof(float);
        const uint64_t kept = o->kept_nbytes ? o->kept_nbytes : AMKD_KEPT_NBYTES;
        const uint64_t asked =
            o->nviews && o->mixup <= 0
                ? least(o->nviews * data->nimages * answer_nbytes, kept)
                : 0;
        room->others += network.fixed_nbytes + nblocks * network.block_nbytes +
                        most(asked, room->batch * answer_nbytes);
        room->largest = most(room->largest, network.largest_fixed_nbytes);
        room->largest = most(room->largest, nblocks * network.largest_block_nbytes);
    }
    if (data->validates) {
        if (amkd_predictor_room_find(&predictor, device, graph))
            return -1;
        room->others += predictor.nbytes;
        room->largest = most(room->largest, predictor.largest_nbytes);
    }
    return 0;
}

int amkd_train_room_find(amkd_train_room *room, const amkd_device *device,
                         const amkd_graph *graph, const amkd_train_options *options,
                         const amkd_train_data *data)
{
    amkd_network_room network;
    const uint64_t batch = data->n ? least(options->batch, data->n) : options->batch;
    const uint64_t micro =
        options->micro_batch ? least(options->micro_batch, batch) : batch;
    const uint64_t nblocks = blocks_of(device, micro);
    const uint64_t nstates = amkd_optimizer_nstates(&options->optimizer);
    const uint64_t trained_nbytes = graph->ntrained * sizeof(float);
    if (amkd_network_room_find(&network, device, graph, 1))
        return -1;
    *room = (amkd_train_room){
        .batch = batch,
        .micro_batch = micro,
        .values = nblocks * network.block_nbytes,
        .weights = network.fixed_nbytes,
        .optimizer = (nstates + (micro < batch)) * trained_nbytes,
        .largest =
            most(network.largest_fixed_nbytes, nblocks * network.largest_block_nbytes),
    };
    /* The model, two spans' weights read back and the states of a checkpoint. */
    if (device->type & CL_DEVICE_TYPE_CPU)
        room->host = 3 * graph->nparameters * sizeof(float) + nstates * trained_nbytes;
    count_data(room, device, graph, options, data);
    if (count_others(room, device, graph, options, data))
        return -1;
    room->nbytes = room->values + room->weights + room->optimizer + room->data +
                   room->others + room->host;
    return 0;
}

uint64_t amkd_train_budget(const amkd_device *device, const amkd_train_options *options)
{
    return options->memory_nbytes ? least(options->memory_nbytes, device->global_nbytes)
                                  : device->global_nbytes;
}

int amkd_train_room_fits(const amkd_train_room *room, const amkd_device *device,
                         const amkd_train_options *options)
{
    return room->nbytes <= amkd_train_budget(device, options) &&
           room->largest <= device->max_buffer_nbytes;
}

/* The error of a training that does not fit. better: samples that would; 0: none do. */
static int refuse(const amkd_train_room *room, const amkd_device *device,
                  const amkd_train_options *options, uint64_t better)
{
    char size[AMKD_SIZE_NBYTES], budget[AMKD_SIZE_NBYTES], limit[AMKD_SIZE_NBYTES];
    const int whole = room->nbytes > amkd_train_budget(device, options);
    amkd_size_print(size, sizeof size, whole ? room->nbytes : room->largest);
    amkd_size_print(budget, sizeof budget, amkd_train_budget(device, options));
    amkd_size_print(limit, sizeof limit, device->max_buffer_nbytes);
    const int told =
        whole && options->memory_nbytes == amkd_train_budget(device, options);
    char advice[96] = "a smaller network or smaller images would fit";
    if (better)
        snprintf(advice, sizeof advice, "--micro-batch %llu would fit",
                 (unsigned long long)better);
    if (told)
        return amkd_fail(
            "%llu samples at a time take %s, and --memory is %s; %s, or more "
            "memory",
            (unsigned long long)room->micro_batch, size, budget, advice);
    return amkd_fail("%llu samples at a time take %s%s, and the device '%s' has %s%s; %s",
                     (unsigned long long)room->micro_batch, size,
                     whole ? "" : " in a single buffer", device->name,
                     whole ? budget : limit, whole ? "" : " for one", advice);
}

/* The most samples, of whole lane blocks, that fit in a micro-batch smaller than the one
 * in room; 0: not even a block does. *last is the room of the last tried that does not.
 */
static int find_most(uint64_t *nsamples, amkd_train_room *last, const amkd_device *device,
                     const amkd_graph *graph, const amkd_train_options *options,
                     const amkd_train_data *data)
{
    amkd_train_options tried = *options;
    uint64_t fits = 0, fails = blocks_of(device, last->micro_batch);
    while (fits + 1 < fails) {
        amkd_train_room room;
        const uint64_t nblocks = (fits + fails) / 2;
        tried.micro_batch = nblocks * device->nlanes;
        if (amkd_train_room_find(&room, device, graph, &tried, data))
            return -1;
        if (amkd_train_room_fits(&room, device, &tried)) {
            fits = nblocks;
        } else {
            fails = nblocks;
            *last = room;
        }
    }
    *nsamples = fits * device->nlanes;
    return 0;
}

int amkd_train_fit(amkd_train_options *options, int *chosen, const amkd_device *device,
                   const amkd_graph *graph, const amkd_train_data *data)
{
    amkd_train_room room, last;
    uint64_t better;
    *chosen = 0;
    if (amkd_train_room_find(&room, device, graph, options, data))
        return -1;
    if (amkd_train_room_fits(&room, device, options))
        return 0;
    last = room;
    if (find_most(&better, &last, device, graph, options, data))
        return -1;
    if (options->micro_batch || !better)
        return refuse(better ? &room : &last, device, options, better);
    options->micro_batch = better;
    *chosen = 1;
    return 0;
}
