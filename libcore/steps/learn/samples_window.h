/* The images of a training that do not lie on the device whole: those of the next steps,
 * a window of them after the other. */
#ifndef AMKD_STEPS_LEARN_SAMPLES_WINDOW_H
#define AMKD_STEPS_LEARN_SAMPLES_WINDOW_H

#include "ops/batch.h"
#include "ops/window.h"
#include "steps/learn/dataset.h"
#include "steps/learn/order.h"
#include "steps/learn/parts.h"

/* The keys of the steps of a span, numbered in the window. */
typedef struct amkd_window_keys {
    cl_mem keys;    /* uint [sample of the span][3], as amkd_batches_use takes them */
    uint32_t *host; /* the same, on their way */
} amkd_window_keys;

typedef struct amkd_samples_window amkd_samples_window;

/* For steps of order.batch rows of the dataset, nsteps a span; what is given is borrowed.
 * Of a team's steps the window has the images that are this member's, by parts and mixed
 * as amkd_parts_mark takes them.
 */
int amkd_samples_window_new(amkd_samples_window **out, amkd_device *device,
                            const amkd_dataset *dataset, const amkd_order *order,
                            const amkd_parts *parts, int mixed, size_t nsteps);

/* Room for the keys of a span. */
int amkd_samples_window_keys_new(amkd_window_keys *keys,
                                 const amkd_samples_window *window);
void amkd_samples_window_keys_free(amkd_window_keys *keys); /* a zeroed one is fine */

/* To be called when a span begins: nothing of it is in the window yet. rows are the
 * dataset's of all steps first..end, [step][order.batch], borrowed until the next. */
void amkd_samples_window_begin(amkd_samples_window *window, amkd_window_keys *keys,
                               const uint32_t *rows, uint64_t first, uint64_t end);

/* Has the images of the step, of the span begun last, in the window, and batches use
 * them: row n of the step is key (step - first) * order.batch + n. Steps are to come in
 * their order. */
int amkd_samples_window_reach(amkd_samples_window *window, amkd_batches *batches,
                              uint64_t step);

/* uint [nsteps][order.batch] of 0, 1, ...: the order of the keys; the window's. */
cl_mem amkd_samples_window_order(const amkd_samples_window *window);

void amkd_samples_window_free(amkd_samples_window *window); /* NULL is fine */

#endif
