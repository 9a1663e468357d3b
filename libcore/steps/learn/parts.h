/* What a step's samples are parted into: micro-batches, one after the other, and of each
 * of these a stretch for every member of a team. */
#ifndef AMKD_STEPS_LEARN_PARTS_H
#define AMKD_STEPS_LEARN_PARTS_H

#include "ops/op.h"
#include "steps/learn/train.h"

typedef struct amkd_parts {
    amkd_team *team;        /* NULL: alone */
    size_t most;            /* samples of a micro-batch */
    size_t nlanes, nslices; /* of a lane block, of a micro-batch */
} amkd_parts;

/* A member's stretch of a micro-batch. */
typedef struct amkd_member_part {
    size_t from, count;     /* samples of the step; count may be 0 */
    size_t nblocks;         /* lane blocks that they fill */
    amkd_batch_share share; /* of the micro-batch */
} amkd_member_part;

/* Of options micro_batch and team count. batch: samples of a step at most. */
amkd_parts amkd_parts_of(const amkd_device *device, const amkd_train_options *options,
                         size_t batch);

/* Micro-batches of a step of count samples. They differ by one in their samples, so that
 * none is so small that a batch norm knows little from it. */
size_t amkd_parts_count(const amkd_parts *parts, size_t count);

/* This member's stretch of micro-batch number part. */
amkd_member_part amkd_parts_find(const amkd_parts *parts, size_t part, size_t count);

/* seen[n] = 1 of a step's count samples that are this member's, else 0. mixed: those
 * count, too, that mixup mixes with them, each one's next. */
void amkd_parts_mark(const amkd_parts *parts, unsigned char *seen, size_t count,
                     int mixed);

#endif
