/* The memory of a device that a training takes, known before anything is compiled, and
 * the micro-batches that fit where it is short. */
#ifndef AMKD_STEPS_LEARN_TRAIN_ROOM_H
#define AMKD_STEPS_LEARN_TRAIN_ROOM_H

#include "base/room.h"
#include "steps/learn/train.h"

/* What a training is about, as far as its memory goes. */
typedef struct amkd_train_data {
    uint64_t n;       /* rows; 0: not known, as if there were as many as a batch has */
    uint64_t nimages; /* in the sets */
    int far;          /* the images' pixels stay in their file */
    int mixes;        /* some rows are about mixes of two images */
    int validates;    /* a prediction runs beside it */
} amkd_train_data;

/* Bytes, part by part. The ways in which an op may run can take some more. */
typedef struct amkd_train_room {
    uint64_t batch, micro_batch; /* samples of a step, and of a micro-batch at most */
    uint64_t values;             /* the network's values and their gradients */
    uint64_t weights;            /* weights, and the copies of their gradients */
    uint64_t optimizer;          /* moments, average, gathered gradients */
    uint64_t data;               /* images, targets, the order of the samples */
    uint64_t others;             /* the assistant's network, that of a prediction */
    uint64_t host;            /* weights and moments of the host, where the device is the
                                 processor itself and has the same memory; else 0 */
    uint64_t nbytes, largest; /* in all, of the largest buffer */
} amkd_train_room;

/* The device need not be open. Samples may be mixes of two images. Of options batch,
 * micro_batch, optimizer, views, nviews, assistant, kept_nbytes and mixup count. */
int amkd_train_room_find(amkd_train_room *room, const amkd_device *device,
                         const amkd_graph *graph, const amkd_train_options *options,
                         const amkd_train_data *data);

/* What the device has for a training: options->memory_nbytes, or all of its own. */
uint64_t amkd_train_budget(const amkd_device *device, const amkd_train_options *options);

/* Whether the training fits; room may be of amkd_train_room_find. */
int amkd_train_room_fits(const amkd_train_room *room, const amkd_device *device,
                         const amkd_train_options *options);

/* Sets options->micro_batch to the most samples that fit, where it is 0 and the whole
 * batch does not; *chosen says whether that was done. Fails where it is given and does
 * not fit, with what would, and where nothing does. */
int amkd_train_fit(amkd_train_options *options, int *chosen, const amkd_device *device,
                   const amkd_graph *graph, const amkd_train_data *data);

#endif
