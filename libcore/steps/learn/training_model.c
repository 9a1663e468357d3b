/* A fresh network, or one of weights that are there. */
#include "steps/learn/training_model.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/published.h"
#include <stdlib.h>

int amkd_training_fits(const amkd_model *model, const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    return amkd_model_expect(model, shape, dataset->nclasses);
}

static void say(const amkd_training *told, const char *what)
{
    char *text = what ? amkd_format("'%s': %s", told->plan.init, what) : NULL;
    if (text)
        told->said(told->context, text);
    free(text);
}

static void remark(const amkd_training *told, const amkd_model *model)
{
    char *text = amkd_model_remark(model);
    say(told, text);
    free(text);
}

int amkd_training_load_init(amkd_model **model, const amkd_training *told)
{
    if (amkd_model_load(model, told->plan.init))
        return -1;
    (*model)->temperature = 1; /* it was fitted to weights that are about to change */
    (*model)->usual_scales = (*model)->usual_scales && !told->plan.mean;
    remark(told, *model);
    return 0;
}

/* Gives a fresh network the weights of --init. */
static int begin_with_init(amkd_model *model, const amkd_training *told,
                           const amkd_dataset *dataset)
{
    const amkd_train_plan *plan = &told->plan;
    const amkd_graph *graph = &model->graph;
    amkd_beginning begun;
    if (amkd_model_begin(model, plan->init, plan->arch, &begun))
        return -1;
    model->usual_scales = model->usual_scales && !plan->mean;
    remark(told, model);
    if (begun.fresh_head && amkd_rates_check_head(graph, plan->rates, plan->nrates))
        return -1;
    if (begun.fresh_head) {
        char *text = amkd_format("its classes are others: '%s' starts afresh",
                                 graph->layers[graph->nlayers - 1].module);
        say(told, text);
        free(text);
    }
    if (begun.has_scales || plan->mean)
        return 0;
    say(told, "says no mean and deviation: those of the data are taken");
    return amkd_dataset_moments(dataset, model->mean, model->std);
}

/* A fresh one, with the data's moments, or with --init's weights. */
static int make_model(amkd_model **model, const amkd_training *told,
                      const amkd_dataset *dataset, uint64_t seed)
{
    const amkd_images *images = dataset->images;
    const amkd_shape in = {images->channels, images->height, images->width};
    amkd_graph graph = {0};
    if (amkd_graph_parse(&graph, told->plan.arch, in, dataset->nclasses))
        return -1;
    const int rc = amkd_model_init(model, &graph, seed);
    amkd_graph_clear(&graph);
    if (rc)
        return -1;
    return told->plan.init ? begin_with_init(*model, told, dataset)
                           : amkd_dataset_moments(dataset, (*model)->mean, (*model)->std);
}

int amkd_training_open_model(amkd_model **model, const amkd_training *told,
                             const amkd_dataset *dataset, uint64_t seed)
{
    const amkd_train_plan *plan = &told->plan;
    if (!*model && make_model(model, told, dataset, seed))
        return -1;
    if (plan->mean &&
        amkd_scales_parse((*model)->mean, (*model)->std, (*model)->graph.in.channels,
                          plan->mean, plan->std, ','))
        return amkd_fail_in("--mean and --std");
    return plan->init && amkd_training_fits(*model, dataset)
               ? amkd_fail_in("'%s'", plan->init)
               : 0;
}
