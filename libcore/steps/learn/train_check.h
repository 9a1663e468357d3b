/* Whether a training can be, by what is known before it. */
#ifndef AMKD_STEPS_LEARN_TRAIN_CHECK_H
#define AMKD_STEPS_LEARN_TRAIN_CHECK_H

#include "data/views.h"
#include "graph/graph.h"
#include "steps/learn/rates.h"
#include "steps/learn/train_room.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_train_plan {
    const char *const *inputs; /* labels or images, [ninputs]; these need no labels yet */
    size_t ninputs;
    const char *arch;      /* NULL: init's */
    const char *init;      /* a model's path, or NULL */
    const char *assistant; /* a model's path, or NULL; with one the inputs are images */
    const amkd_view_options *views; /* of which each step sees fresh ones; NULL: none */
    int augment_answers;            /* of what a teacher answered about, too */
    const char *mean, *std;         /* lists with commas, or NULL both */
    const amkd_rate_rule *rates;    /* of some parameters, [nrates] */
    size_t nrates;
    int refreshes_bn;  /* batch norms' running figures are taken anew */
    const char *val;   /* labels or images, or NULL */
    amkd_shape shape;  /* of the images; zeros: the inputs say it */
    int says_classes;  /* nclasses stands in for what the inputs say */
    uint64_t nclasses; /* 0: not known */
} amkd_train_plan;

/* Fails where the headers of what is there tell that the training would: inputs that do
 * not go together, an architecture, weights or an assistant that do not take them, val of
 * other images or classes, views of what a teacher answered about, views that the images
 * cannot have, batch norms to refresh where there are none. */
int amkd_train_check(const amkd_train_plan *plan);

/* The two last of these alone, which a training looks at itself before it reads its data.
 * A header that cannot be read is passed over: the reading says what is wrong with it. */
int amkd_train_check_early(const amkd_train_plan *plan);

/* Fails where a network has no batch norms to refresh. */
int amkd_train_check_norms(const amkd_graph *graph);

/* The network of a training that amkd_train_check finds nothing wrong with, and what is
 * known of its data. Fails where the shape of the images is not known. *graph is cleared
 * by the caller. */
int amkd_train_check_graph(amkd_graph *graph, amkd_train_data *data,
                           const amkd_train_plan *plan);

/* Fails as amkd_train_fit does where a training that amkd_train_check finds nothing wrong
 * with would not fit into the memory of the device, which need not be open. What is not
 * known yet, as an assistant that is not there, is taken for small. */
int amkd_train_check_room(const amkd_train_plan *plan, const amkd_train_options *options,
                          const amkd_device *device);

#endif
