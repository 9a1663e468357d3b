/* What a network is and what it takes: a table of its layers, and the memory of a
 * training and of a prediction. */
#ifndef AMKD_STEPS_LEARN_SUMMARY_H
#define AMKD_STEPS_LEARN_SUMMARY_H

#include "net/predict.h"
#include "steps/learn/train_check.h"
#include "steps/learn/train_room.h"

typedef struct amkd_summary {
    const amkd_graph *graph;
    const amkd_device *device;       /* need not be open */
    const amkd_train_room *training; /* NULL: of a prediction alone */
    const char *refused;             /* why that does not fit; NULL: it does */
    int json;                        /* an object instead of a table */
} amkd_summary;

/* The layers, a line each: the module, the layer's text, the shape of what it makes, its
 * weights, its multiply-adds and the bytes of what is stored of it, for one sample; the
 * sums; the memory; and the network's canonical text. *text is freed with free(). */
int amkd_summary_text(char **text, const amkd_summary *summary);

/* The same of a training, of what the headers of its inputs tell. It need not fit: where
 * it does not, the micro-batches of amkd_train_fit do if there are such. */
int amkd_train_summary_text(char **text, const amkd_train_plan *plan,
                            const amkd_train_options *options, const amkd_device *device,
                            int json);

#endif
