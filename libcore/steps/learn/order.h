/* The order in which a training sees its samples: every epoch all of them, shuffled by
 * seed and epoch. And in what shares mixup mixes them. */
#ifndef AMKD_STEPS_LEARN_ORDER_H
#define AMKD_STEPS_LEARN_ORDER_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_order {
    size_t n, batch;       /* samples, and how many a step takes; an epoch's last less */
    uint64_t epoch_nsteps; /* steps of an epoch */
    uint64_t seed;
    uint64_t epoch; /* which one rows holds; UINT64_MAX at first */
    uint32_t *rows; /* [n] */
} amkd_order;

int amkd_order_new(amkd_order *order, size_t n, size_t batch, uint64_t seed);
void amkd_order_clear(amkd_order *order);

/* How many samples a step sees. */
size_t amkd_order_count(const amkd_order *order, uint64_t step);

/* Writes which ones, the rows of that many. It depends on the step alone. */
void amkd_order_step(amkd_order *order, uint32_t *rows, uint64_t step);

/* Draws mu ~ Beta(alpha, alpha) for each of a step's samples. It depends on the seed, the
 * step and the sample's place in it. */
void amkd_order_shares(const amkd_order *order, float *shares, double alpha,
                       uint64_t step);

#endif
