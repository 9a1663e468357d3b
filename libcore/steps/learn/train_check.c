/* The checks of a training, in the order in which it would fail. */
#include "steps/learn/train_check.h"
#include "base/error.h"
#include "net/known.h"
#include "net/model.h"
#include "net/published.h"
#include "ops/augment.h"
#include <string.h>

static int join(amkd_known *known, const char *path)
{
    amkd_known input;
    return amkd_known_read(&input, path, "images labels") ||
                   amkd_known_join(known, &input, path)
               ? -1
               : 0;
}

/* An input of the plan. An assistant leaves its labels alone, and their classes. */
static int join_input(amkd_known *known, const char *path, const amkd_train_plan *plan)
{
    amkd_known input;
    if (!plan->assistant && !plan->views)
        return join(known, path);
    if (amkd_known_read(&input, path, plan->assistant ? "images" : "images labels"))
        return -1;
    if (plan->views && !plan->augment_answers && !strcmp(input.kind, "labels"))
        return amkd_fail(
            "--augment: '%s' holds a teacher's answers, and each is true only "
            "of the image that was asked about; --augment-answers takes them all the "
            "same",
            path);
    if (plan->assistant)
        input.nclasses = 0;
    return amkd_known_join(known, &input, path);
}

/* The assistant says what the classes are. */
static int join_assistant(amkd_known *known, const char *path)
{
    amkd_model *model;
    if (amkd_known_load(&model, path, known))
        return -1;
    if (model) {
        known->shape = model->graph.in;
        known->nclasses = model->graph.nclasses;
    }
    amkd_model_free(model);
    return 0;
}

/* Whether the images, where they are known, can have such views. */
static int check_views(const amkd_view_options *views, const amkd_known *known,
                       const char *path)
{
    const amkd_shape *shape = &known->shape;
    return shape->channels && amkd_augmenter_check(views, shape->height, shape->width,
                                                   shape->channels)
               ? amkd_fail_in("'%s'", path)
               : 0;
}

/* With a number of classes that is not known, an architecture may say one or not. */
static int parse(amkd_graph *graph, const char *text, const amkd_known *known)
{
    enum { ANY = 2 };
    if (known->nclasses)
        return amkd_graph_parse(graph, text, known->shape, known->nclasses);
    return amkd_graph_parse(graph, text, known->shape, 0) &&
                   amkd_graph_parse(graph, text, known->shape, ANY)
               ? -1
               : 0;
}

static int check_arch(const amkd_train_plan *plan, const amkd_known *known)
{
    amkd_graph graph;
    if (!known->shape.channels)
        return 0;
    if (parse(&graph, plan->arch, known))
        return -1;
    int rc = amkd_model_check(&graph);
    if (rc && plan->ninputs)
        rc = amkd_fail_in("'%s'", plan->inputs[0]);
    if (!rc && plan->nrates)
        rc = amkd_rates_make(NULL, &graph, plan->rates, plan->nrates);
    amkd_graph_clear(&graph);
    return rc;
}

/* Whether init's weights are those of arch, where the images, or init itself, say what
 * goes in. */
static int check_begin(const amkd_train_plan *plan, const amkd_known *known)
{
    amkd_known all = *known;
    amkd_shape in;
    size_t nclasses;
    amkd_graph graph;
    amkd_model *model;
    amkd_beginning begun;
    if (!amkd_is_there(plan->init))
        return 0;
    if (amkd_model_peek(&in, &nclasses, plan->init))
        return -1;
    if (!all.shape.channels)
        all.shape = in;
    if (!all.nclasses)
        all.nclasses = nclasses;
    if (!all.shape.channels)
        return 0;
    if (parse(&graph, plan->arch, &all))
        return -1;
    int rc = amkd_model_init(&model, &graph, 0);
    if (!rc) {
        rc = amkd_model_begin(model, plan->init, plan->arch, &begun);
        if (!rc && begun.fresh_head)
            rc = amkd_rates_check_head(&model->graph, plan->rates, plan->nrates);
        amkd_model_free(model);
    }
    amkd_graph_clear(&graph);
    return rc;
}

static int check_init(const amkd_train_plan *plan, const amkd_known *known)
{
    amkd_model *model;
    if (plan->arch)
        return check_begin(plan, known);
    if (amkd_known_load(&model, plan->init, known))
        return -1;
    const int rc = model && plan->nrates
                       ? amkd_rates_make(NULL, &model->graph, plan->rates, plan->nrates)
                       : 0;
    amkd_model_free(model);
    return rc;
}

static int check_scales(const amkd_train_plan *plan, const amkd_known *known)
{
    float mean[AMKD_MAX_CHANNELS], std[AMKD_MAX_CHANNELS];
    const size_t n = known->shape.channels;
    return n && n <= AMKD_MAX_CHANNELS &&
                   amkd_scales_parse(mean, std, n, plan->mean, plan->std, ',')
               ? amkd_fail_in("--mean and --std")
               : 0;
}

/* What the plan's inputs, and what it says itself, tell. */
static int look(amkd_known *all, const amkd_train_plan *plan)
{
    amkd_known known = {.shape = plan->shape};
    for (size_t f = 0; f < plan->ninputs; f++)
        if (join_input(&known, plan->inputs[f], plan))
            return -1;
    if (plan->views && plan->ninputs && check_views(plan->views, &known, plan->inputs[0]))
        return -1;
    if (plan->says_classes)
        known.nclasses = (size_t)plan->nclasses;
    if (plan->assistant && join_assistant(&known, plan->assistant))
        return -1;
    if (plan->val && join(&known, plan->val))
        return -1;
    *all = known;
    return 0;
}

int amkd_train_check(const amkd_train_plan *plan)
{
    amkd_known known;
    if (look(&known, plan))
        return -1;
    if (plan->arch && check_arch(plan, &known))
        return -1;
    if (plan->mean && check_scales(plan, &known))
        return -1;
    return plan->init ? check_init(plan, &known) : 0;
}

/* Rows of all inputs; 0: those of one are not known. */
static int count_rows(uint64_t *nrows, const amkd_train_plan *plan)
{
    *nrows = 0;
    for (size_t f = 0; f < plan->ninputs; f++) {
        amkd_known input;
        if (amkd_known_read(&input, plan->inputs[f], "images labels"))
            return -1;
        if (!input.nrows)
            return *nrows = 0;
        *nrows += input.nrows;
    }
    return 0;
}

int amkd_train_check_graph(amkd_graph *graph, uint64_t *nrows,
                           const amkd_train_plan *plan)
{
    amkd_known known;
    amkd_model *model = NULL;
    *graph = (amkd_graph){0};
    if (amkd_train_check(plan) || look(&known, plan) || count_rows(nrows, plan))
        return -1;
    if (plan->arch)
        return known.shape.channels
                   ? amkd_graph_parse(graph, plan->arch, known.shape, known.nclasses)
                   : amkd_fail("the shape of the images is not known: expected files of "
                               "them, or --input");
    if (amkd_known_load(&model, plan->init, &known))
        return -1;
    const int rc = model ? amkd_graph_copy(graph, &model->graph)
                         : amkd_fail("'%s' is not there", plan->init);
    amkd_model_free(model);
    return rc;
}
