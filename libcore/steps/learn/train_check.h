/* Whether a training can be, by what is known before it. */
#ifndef AMKD_STEPS_LEARN_TRAIN_CHECK_H
#define AMKD_STEPS_LEARN_TRAIN_CHECK_H

#include "data/views.h"
#include "graph/graph.h"
#include "steps/learn/rates.h"
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
    const char *val;   /* labels or images, or NULL */
    amkd_shape shape;  /* of the images; zeros: the inputs say it */
    int says_classes;  /* nclasses stands in for what the inputs say */
    uint64_t nclasses; /* 0: not known */
} amkd_train_plan;

/* Fails where the headers of what is there tell that the training would: inputs that do
 * not go together, an architecture, weights or an assistant that do not take them, val of
 * other images or classes, views of what a teacher answered about. */
int amkd_train_check(const amkd_train_plan *plan);

/* The network of a training that amkd_train_check finds nothing wrong with, and how many
 * rows its inputs have, 0 where that is not known. Fails where the shape of the images is
 * not known. *graph is cleared by the caller. */
int amkd_train_check_graph(amkd_graph *graph, uint64_t *nrows,
                           const amkd_train_plan *plan);

#endif
