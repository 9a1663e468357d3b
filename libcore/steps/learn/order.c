/* An epoch at a time is shuffled, as its first step is asked for. */
#include "steps/learn/order.h"
#include "base/memory.h"
#include "base/random.h"
#include <stdlib.h>
#include <string.h>

/* Stream of the seed; epoch e shuffles by stream + e. */
static const uint64_t order_stream = 0x7472616900000000; /* "trai" */

/* Sample n of a step is number step * batch + n of it. */
static const uint64_t mixup_stream = 0x6d69787570; /* "mixup" */

int amkd_order_new(amkd_order *order, size_t n, size_t batch, uint64_t seed)
{
    *order = (amkd_order){.n = n,
                          .batch = batch < n ? batch : n,
                          .epoch_nsteps = (n + batch - 1) / batch,
                          .seed = seed,
                          .epoch = UINT64_MAX,
                          .rows = amkd_alloc(n, sizeof *order->rows)};
    return order->rows ? 0 : -1;
}

void amkd_order_clear(amkd_order *order)
{
    free(order->rows);
    *order = (amkd_order){0};
}

static size_t first_of(const amkd_order *order, uint64_t step)
{
    return (size_t)(step % order->epoch_nsteps) * order->batch;
}

size_t amkd_order_count(const amkd_order *order, uint64_t step)
{
    const size_t left = order->n - first_of(order, step);
    return left < order->batch ? left : order->batch;
}

void amkd_order_step(amkd_order *order, uint32_t *rows, uint64_t step)
{
    const uint64_t epoch = step / order->epoch_nsteps;
    if (epoch != order->epoch) {
        for (size_t r = 0; r < order->n; r++)
            order->rows[r] = (uint32_t)r;
        amkd_shuffle_u32(order->rows, order->n, order->seed, order_stream + epoch);
        order->epoch = epoch;
    }
    memcpy(rows, order->rows + first_of(order, step),
           amkd_order_count(order, step) * sizeof *rows);
}

void amkd_order_shares(const amkd_order *order, float *shares, double alpha,
                       uint64_t step)
{
    const size_t count = amkd_order_count(order, step);
    for (size_t n = 0; n < count; n++)
        shares[n] = (float)amkd_random_beta(alpha, order->seed, mixup_stream,
                                            step * order->batch + n);
}
