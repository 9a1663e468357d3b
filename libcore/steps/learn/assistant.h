/* An assistant that answers while a student is trained: a network that sees what the
 * student sees in a step, and whose answers stay on the device, in rows of their own. */
#ifndef AMKD_STEPS_LEARN_ASSISTANT_H
#define AMKD_STEPS_LEARN_ASSISTANT_H

#include "net/model.h"
#include "net/network.h"
#include "ops/batch.h"

/* The images of a step, on the device: rows order[first..first+count) of pixels, uint8
 * [row][height][width][channels]. With mu, sample n is mixed with the next by mu[first +
 * n] (ops/batch.h); NULL: none is. */
typedef struct amkd_sight {
    cl_mem pixels, order, mu;
    size_t first, count;
} amkd_sight;

/* Enqueues the loading of the n samples from number from on into a network's input, as
 * the batches, which have plain keys, normalize them. */
int amkd_sight_load(const amkd_sight *sight, amkd_batches *batches, cl_mem x, size_t from,
                    size_t n);

typedef struct amkd_assistant amkd_assistant;

/* For steps of count samples at most, of which it looks at most at a time, in nplaces
 * rows of pixels, with room for nanswers. seconds: what planning may take. The model may
 * be freed. */
int amkd_assistant_new(amkd_assistant **out, amkd_device *device, const amkd_model *model,
                       size_t count, size_t most, size_t nplaces, size_t nanswers,
                       double seconds);

/* Enqueues its answers about the count samples from number from on of what is seen,
 * softmax of its logits at the temperature; that about sample n goes into row
 * rows[first + n] of its answers. */
int amkd_assistant_ask(amkd_assistant *assistant, const amkd_sight *sight, size_t from,
                       size_t count, cl_mem rows, size_t first, float temperature);

/* What teaches of a step, as amkd_loss_count_teaching takes it: nothing, until
 * amkd_assistant_choose. Borrowed until the next call. */
int amkd_assistant_begin(amkd_assistant *assistant, cl_mem *teaching);

/* Enqueues which of the count samples from number from on teach: those whose top
 * probability, at temperature 1, is min_top or more in row rows[first + n]. */
int amkd_assistant_choose(amkd_assistant *assistant, cl_mem rows, size_t first,
                          size_t from, size_t count, float min_top);

/* All answers, float [row][class]. Borrowed. */
cl_mem amkd_assistant_answers(const amkd_assistant *assistant);

/* Borrowed. */
amkd_network *amkd_assistant_network(const amkd_assistant *assistant);

void amkd_assistant_free(amkd_assistant *assistant); /* NULL is fine */

#endif
