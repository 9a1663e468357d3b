/* The checks of a training, in the order in which it would fail. */
#include "steps/learn/train_check.h"
#include "base/error.h"
#include "base/room.h"
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

int amkd_train_check_norms(const amkd_graph *graph)
{
    return graph->nparameters == graph->ntrained
               ? amkd_fail("--refresh-bn: there are no batch norms in '%.200s'",
                           graph->text)
               : 0;
}

/* What is to be done with the network's parameters. */
static int check_uses(const amkd_train_plan *plan, const amkd_graph *graph)
{
    if (plan->nrates && amkd_rates_make(NULL, graph, plan->rates, plan->nrates))
        return -1;
    return plan->refreshes_bn ? amkd_train_check_norms(graph) : 0;
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
    if (!rc)
        rc = check_uses(plan, &graph);
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
    const int rc = model ? check_uses(plan, &model->graph) : 0;
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

/* Adds what the header of an input says of its rows and images. Labels of one set may
 * stand in several files, so that of theirs the largest counts. */
static void count_input(amkd_train_data *data, uint64_t *nasked, const amkd_known *input)
{
    data->n += input->nrows;
    if (!strcmp(input->kind, "labels"))
        *nasked = input->nimages > *nasked ? input->nimages : *nasked;
    else
        data->nimages += input->nimages;
}

/* What is known of the data: rows only where those of all inputs are. */
static int count_data(amkd_train_data *data, amkd_shape shape,
                      const amkd_train_plan *plan)
{
    uint64_t nasked = 0, memory_nbytes;
    int known = 1;
    *data = (amkd_train_data){.validates = plan->val != NULL};
    for (size_t f = 0; f < plan->ninputs; f++) {
        amkd_known input;
        if (amkd_known_read(&input, plan->inputs[f], "images labels"))
            return -1;
        known = known && input.nrows;
        count_input(data, &nasked, &input);
    }
    if (amkd_room(&memory_nbytes))
        return -1;
    data->n = known ? data->n : 0;
    data->nimages += nasked;
    data->far = data->nimages > memory_nbytes / amkd_shape_size(shape);
    return 0;
}

/* The network of --init, where its file is there. */
static int copy_init(amkd_graph *graph, const amkd_train_plan *plan,
                     const amkd_known *known)
{
    amkd_model *model;
    if (amkd_known_load(&model, plan->init, known))
        return -1;
    const int rc = model ? amkd_graph_copy(graph, &model->graph) : 0;
    amkd_model_free(model);
    return rc;
}

int amkd_train_check_graph(amkd_graph *graph, amkd_train_data *data,
                           const amkd_train_plan *plan)
{
    amkd_known known;
    *graph = (amkd_graph){0};
    if (amkd_train_check(plan) || look(&known, plan))
        return -1;
    if (plan->arch && !known.shape.channels)
        return amkd_fail("the shape of the images is not known: expected files of them, "
                         "or --input");
    if (plan->arch ? amkd_graph_parse(graph, plan->arch, known.shape, known.nclasses)
                   : copy_init(graph, plan, &known))
        return -1;
    return graph->nlayers ? count_data(data, graph->in, plan)
                          : amkd_fail("'%s' is not there", plan->init);
}

int amkd_train_check_early(const amkd_train_plan *plan)
{
    amkd_known known = {0};
    if (!plan->ninputs || amkd_known_read(&known, plan->inputs[0], "images labels") ||
        !known.shape.channels)
        return 0;
    if (plan->views && check_views(plan->views, &known, plan->inputs[0]))
        return -1;
    amkd_graph graph = {0};
    if (!plan->refreshes_bn || !plan->arch ||
        amkd_graph_parse(&graph, plan->arch, known.shape, known.nclasses))
        return 0;
    const int rc = amkd_train_check_norms(&graph);
    amkd_graph_clear(&graph);
    return rc;
}

/* The memory of a training whose network is known. */
static int check_room(const amkd_train_plan *plan, const amkd_train_options *options,
                      const amkd_device *device, const amkd_graph *graph)
{
    amkd_train_options o = *options;
    amkd_train_data data;
    amkd_model *assistant = NULL;
    int chosen;
    const amkd_known any = {.shape = graph->in};
    if (count_data(&data, graph->in, plan) ||
        (plan->assistant && amkd_known_load(&assistant, plan->assistant, &any)))
        return -1;
    if (plan->assistant && !assistant)
        data.nimages = 0;
    o.assistant = assistant;
    const int rc = amkd_train_fit(&o, &chosen, device, graph, &data);
    amkd_model_free(assistant);
    return rc;
}

int amkd_train_check_room(const amkd_train_plan *plan, const amkd_train_options *options,
                          const amkd_device *device)
{
    amkd_known known;
    amkd_graph graph = {0};
    if (look(&known, plan))
        return -1;
    if (!plan->arch ? copy_init(&graph, plan, &known)
                    : known.shape.channels && parse(&graph, plan->arch, &known))
        return -1;
    const int rc = graph.nlayers ? check_room(plan, options, device, &graph) : 0;
    amkd_graph_clear(&graph);
    return rc;
}
