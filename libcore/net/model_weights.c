/* Tensors become parameters. All that is wrong is said at once: who wants to load
 * somebody else's weights sees from the list what they are. */
#include "net/model_weights.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/weight_names.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parameter as it stands in a file, its data in parameters. */
static amkd_tensor describe(const amkd_layer *layer, const amkd_parameter *parameter,
                            float *parameters)
{
    amkd_tensor tensor = {.ndim = parameter->ndim,
                          .data = parameters + parameter->offset};
    memcpy(tensor.shape, parameter->dims, sizeof tensor.shape);
    snprintf(tensor.name, sizeof tensor.name, "%s.%s", layer->module, parameter->name);
    return tensor;
}

int amkd_model_for_parameters(const amkd_model *model,
                              int (*call)(void *context, const amkd_tensor *tensor),
                              void *context)
{
    for (size_t l = 0; l < model->graph.nlayers; l++) {
        const amkd_layer *layer = &model->graph.layers[l];
        for (size_t p = 0; p < layer->nparameters; p++) {
            const amkd_tensor tensor =
                describe(layer, &layer->parameters[p], model->parameters);
            const int rc = call(context, &tensor);
            if (rc)
                return rc;
        }
    }
    return 0;
}

void amkd_model_head(char name[AMKD_WEIGHT_NBYTES], const amkd_graph *graph)
{
    snprintf(name, AMKD_WEIGHT_NBYTES, "%s.weight",
             graph->layers[graph->nlayers - 1].module);
}

static size_t count(const amkd_tensor *tensor)
{
    size_t n = 1;
    for (size_t d = 0; d < tensor->ndim; d++)
        n *= tensor->shape[d];
    return n;
}

int amkd_tensor_check_finite(const amkd_tensor *tensor)
{
    const size_t n = count(tensor);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(tensor->data[i]))
            return amkd_fail("tensor '%s': value %zu is %g, expected finite numbers",
                             tensor->name, i, (double)tensor->data[i]);
    return 0;
}

/* What can be wrong with a tensor, in the order in which it is summed up. */
typedef enum problem { SURPLUS, MISSING, OTHER_SHAPE, BAD_VALUES, NPROBLEMS } problem;

/* A file's tensors on their way into a model. */
typedef struct taker {
    amkd_model *model;
    const amkd_tensors *tensors;
    amkd_taking *taking;
    size_t way, nfound, head; /* head: the first parameter of the last layer */
    char *taken;              /* [tensors->n]: whether it is a parameter's */
    char *problems;           /* NULL: none */
    size_t nproblems[NPROBLEMS];
} taker;

/* Adds the present error to the problems. */
static int note(taker *t, problem what)
{
    char *longer = t->problems ? amkd_format("%s\n  %s", t->problems, amkd_error())
                               : amkd_strdup(amkd_error());
    if (!longer)
        return -1;
    free(t->problems);
    t->problems = longer;
    t->nproblems[what]++;
    return 0;
}

static int count_found(void *context, const amkd_tensor *expected)
{
    taker *t = context;
    char name[AMKD_WEIGHT_NBYTES];
    amkd_weight_name(name, t->way, expected->name);
    t->nfound += amkd_tensors_find(t->tensors, name) != NULL;
    return 0;
}

/* The way of names by which most parameters are found, the first of equals. */
static void choose_way(taker *t)
{
    char name[AMKD_WEIGHT_NBYTES];
    size_t best = 0, most = 0;
    for (t->way = 0; amkd_weight_name(name, t->way, ""); t->way++) {
        t->nfound = 0;
        amkd_model_for_parameters(t->model, count_found, t);
        if (t->nfound > most) {
            most = t->nfound;
            best = t->way;
        }
    }
    t->way = best;
}

const amkd_tensor *amkd_tensors_find_any(const amkd_tensors *tensors, const char *name)
{
    char other[AMKD_WEIGHT_NBYTES];
    for (size_t way = 0; amkd_weight_name(other, way, name); way++) {
        const amkd_tensor *tensor = amkd_tensors_find(tensors, other);
        if (tensor)
            return tensor;
    }
    return NULL;
}

/* "64x3x7x7", of a tensor. */
static void print_shape(char *text, size_t nbytes, const amkd_tensor *tensor)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t d = 0; d < tensor->ndim && n < nbytes; d++)
        n += (size_t)snprintf(text + n, nbytes - n, "%s%zu", d ? "x" : "",
                              tensor->shape[d]);
}

/* Whether the two are the same but for the number of classes. */
static int is_other_head(const taker *t, const amkd_tensor *expected,
                         const amkd_tensor *found)
{
    const amkd_layer *last = &t->model->graph.layers[t->model->graph.nlayers - 1];
    const size_t n = strlen(last->module);
    if (!t->taking->fresh_head || strncmp(expected->name, last->module, n) != 0 ||
        expected->name[n] != '.' || strchr(expected->name + n + 1, '.') ||
        expected->ndim != found->ndim || expected->shape[0] == found->shape[0])
        return 0;
    for (size_t d = 1; d < expected->ndim; d++)
        if (expected->shape[d] != found->shape[d])
            return 0;
    return 1;
}

static int check_tensor(const amkd_tensor *expected, const amkd_tensor *tensor,
                        const char *name, problem *what)
{
    char wanted[96], found[96];
    *what = MISSING;
    if (!tensor)
        return amkd_fail("tensor '%s' is missing", name);
    *what = BAD_VALUES;
    if (!tensor->data)
        return amkd_fail("tensor '%s': its dtype is %s, expected F32, F16, BF16 or F64",
                         name, tensor->dtype);
    print_shape(wanted, sizeof wanted, expected);
    print_shape(found, sizeof found, tensor);
    *what = OTHER_SHAPE;
    if (strcmp(wanted, found) != 0)
        return amkd_fail("tensor '%s': its shape is %s, that of the architecture is %s",
                         name, found, wanted);
    *what = BAD_VALUES;
    return amkd_tensor_check_finite(tensor);
}

/* Copies the values of the tensor that expected describes to where expected->data is. */
static int take_one(void *context, const amkd_tensor *expected)
{
    taker *t = context;
    char name[AMKD_WEIGHT_NBYTES];
    problem what;
    amkd_weight_name(name, t->way, expected->name);
    const amkd_tensor *tensor = amkd_tensors_find(t->tensors, name);
    if (tensor)
        t->taken[tensor - t->tensors->tensors] = 1;
    if (tensor && tensor->data && is_other_head(t, expected, tensor)) {
        t->head++;
        return 0;
    }
    if (check_tensor(expected, tensor, name, &what))
        return note(t, what);
    memcpy(expected->data, tensor->data, count(expected) * sizeof(float));
    return 0;
}

/* Whether a tensor is named as a module's: by its number, or within what a layer is in.
 */
static int is_of_module(const taker *t, const amkd_tensor *tensor)
{
    const amkd_graph *graph = &t->model->graph;
    const size_t ndigits = strspn(tensor->name, "0123456789");
    if (ndigits && (tensor->name[ndigits] == '.' || !tensor->name[ndigits]))
        return 1;
    const size_t n = strcspn(tensor->name, ".");
    for (size_t l = 0; tensor->name[n] && l < graph->nlayers; l++) {
        const char *module = graph->layers[l].module;
        if (strcspn(module, ".") == n && !memcmp(module, tensor->name, n))
            return 1;
    }
    return 0;
}

/* Ignores the tensors that are not the architecture's, where that is safe. */
static int ignore_others(taker *t)
{
    amkd_model *model = t->model;
    for (size_t i = 0; i < t->tensors->n; i++) {
        const amkd_tensor *tensor = &t->tensors->tensors[i];
        if ((!tensor->data && !tensor->ndim) || t->taken[i])
            continue;
        if (t->taking->strict || is_of_module(t, tensor)) {
            amkd_fail("tensor '%s': the architecture has no such parameter",
                      tensor->name);
            if (note(t, SURPLUS))
                return -1;
        } else if (!model->nignored++)
            snprintf(model->ignored, sizeof model->ignored, "%s", tensor->name);
    }
    return 0;
}

/* Notes the tensors with a value below 0 that must have none, as a variance. */
static int check_signs(taker *t)
{
    const amkd_model *model = t->model;
    int rc = 0;
    for (size_t l = 0; l < model->graph.nlayers; l++)
        for (size_t p = 0; p < model->graph.layers[l].nparameters; p++) {
            const amkd_parameter *parameter = &model->graph.layers[l].parameters[p];
            const float *values = model->parameters + parameter->offset;
            size_t i = 0;
            while (i < parameter->n && values[i] >= 0)
                i++;
            if (!parameter->positive || i == parameter->n || rc)
                continue;
            amkd_fail("tensor '%s.%s': value %zu is %g, expected 0 or more",
                      model->graph.layers[l].module, parameter->name, i,
                      (double)values[i]);
            rc = note(t, BAD_VALUES);
        }
    return rc;
}

/* The error of all problems. Where there are more than one their list comes behind a line
 * that sums them up. */
static int fail_all(const taker *t)
{
    static const char *const names[NPROBLEMS] = {
        "that the network has not", "of the network that are missing", "of other shapes",
        "of other types or with bad values"};
    char sum[256] = "";
    size_t nall = 0, length = 0;
    for (size_t what = 0; what < NPROBLEMS; what++) {
        const size_t n = t->nproblems[what];
        if (n)
            length += (size_t)snprintf(sum + length, sizeof sum - length, "%s%zu %s",
                                       nall ? ", " : "", n, names[what]);
        nall += n;
    }
    return nall == 1
               ? amkd_fail("%s", t->problems)
               : amkd_fail("%zu tensors do not fit: %s:\n  %s", nall, sum, t->problems);
}

int amkd_model_take(amkd_model *model, const amkd_tensors *tensors, amkd_taking *taking)
{
    taker t = {.model = model, .tensors = tensors, .taking = taking};
    t.taken = amkd_alloc(tensors->n + 1, 1);
    int rc = t.taken ? 0 : -1;
    if (!rc) {
        choose_way(&t);
        rc = amkd_model_for_parameters(model, take_one, &t) || ignore_others(&t) ? -1 : 0;
    }
    if (!rc && !t.problems)
        rc = check_signs(&t);
    if (!rc && t.problems)
        rc = fail_all(&t);
    taking->fresh_head = t.head > 0;
    free(t.taken);
    free(t.problems);
    return rc;
}
