/* Which of a model's outputs holds the answers: the one asked for, else the only one that
 * can, else the only one of these whose name says so. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/oip_metadata.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a datatype's numbers may be such an answer: whole ones are no probabilities. */
static int fits_kind(const char *datatype, amkd_answer_kind kind)
{
    return amkd_values_item_nbytes(datatype) &&
           (datatype[0] == 'F' || kind == AMKD_LOGITS || kind == AMKD_TOP1 ||
            kind == AMKD_SCORES);
}

/* Whether a tensor may hold a row of this many classes an image, 0 for any number. */
static int may_answer(const json_t *output, const amkd_teacher_options *options)
{
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim;
    if (!fits_kind(amkd_oip_text(output, "datatype"), options->kind))
        return 0;
    if (amkd_oip_shape(dims, &ndim, output) || ndim > 2)
        return 0;
    const int64_t last = dims[ndim - 1];
    return last == -1 ||
           (last > 1 && (!options->nclasses || last == (int64_t)options->nclasses));
}

static int says_kind(const json_t *output, amkd_answer_kind kind)
{
    static const char *const of_probs[] = {"prob", "softmax"}, *const of_logits[] = {
                                                                   "logit"};
    const char *const *words = kind == AMKD_LOGITS ? of_logits : of_probs;
    const size_t nwords = kind == AMKD_LOGITS ? 1 : 2;
    for (size_t w = 0; w < nwords; w++)
        if (strcasestr(amkd_oip_text(output, "name"), words[w]))
            return 1;
    return 0;
}

static int fail_open(const json_t *outputs, const char *what)
{
    amkd_bytes list = {0};
    size_t i;
    json_t *output;
    json_array_foreach (outputs, i, output) {
        char *shape = json_dumps(json_object_get(output, "shape"), JSON_COMPACT);
        amkd_bytes_format(&list, "%s'%s' (%s %s)", i ? ", " : "",
                          amkd_oip_text(output, "name"),
                          amkd_oip_text(output, "datatype"), shape ? shape : "?");
        free(shape);
    }
    amkd_fail("%s, choose by --answer and --labels; its outputs: %.*s", what, (int)list.n,
              list.n ? list.data : "none");
    amkd_bytes_clear(&list);
    return -1;
}

/* The one output that is left when those for which keep is 0 go; NULL: none or several.
 */
static const json_t *only(const json_t *outputs, const amkd_teacher_options *options,
                          int by_name, size_t *nfound)
{
    const json_t *found = NULL;
    size_t i;
    json_t *output;
    *nfound = 0;
    json_array_foreach (outputs, i, output)
        if (may_answer(output, options) &&
            (!by_name || says_kind(output, options->kind))) {
            found = output;
            ++*nfound;
        }
    return *nfound == 1 ? found : NULL;
}

static const json_t *find_output(const json_t *outputs, const char *name)
{
    size_t i;
    json_t *output;
    json_array_foreach (outputs, i, output)
        if (strcmp(amkd_oip_text(output, "name"), name) == 0)
            return output;
    return NULL;
}

/* The classes' names where the metadata have as many as the output has classes. */
static json_t *find_names(const json_t *metadata, const json_t *output)
{
    json_t *names =
        json_object_get(json_object_get(metadata, "parameters"), "class_names");
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim, i;
    json_t *name;
    if (!json_is_array(names) || !output || amkd_oip_shape(dims, &ndim, output) ||
        dims[ndim - 1] != (int64_t)json_array_size(names))
        return NULL;
    json_array_foreach (names, i, name)
        if (!json_is_string(name))
            return NULL;
    return json_incref(names);
}

/* How many classes an output of them all has, 0 where the metadata do not tell. */
static size_t count_classes(const json_t *output, int has_batch, amkd_answer_kind kind)
{
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim;
    if (kind == AMKD_TOPK || kind == AMKD_TOP1 || !output ||
        amkd_oip_shape(dims, &ndim, output) || dims[ndim - 1] < 2)
        return 0;
    return ndim == (has_batch ? 2 : 1) ? (size_t)dims[ndim - 1] : 0;
}

int amkd_oip_choose_output(amkd_oip_model *model, const json_t *metadata,
                           const amkd_teacher_options *options)
{
    const json_t *outputs = json_object_get(metadata, "outputs");
    const char *wanted = options->http.answer;
    size_t nfound, nnamed;
    model->nclasses = options->nclasses;
    if (json_array_size(outputs) == 0 && !wanted)
        return 0;
    if (wanted && json_array_size(outputs) && !find_output(outputs, wanted)) {
        char what[200];
        snprintf(what, sizeof what, "has no output '%.100s'", wanted);
        return fail_open(outputs, what);
    }
    if (!wanted) {
        const json_t *found = only(outputs, options, 0, &nfound);
        if (!found && nfound)
            found = only(outputs, options, 1, &nnamed);
        if (!found)
            return fail_open(outputs,
                             nfound ? "has several outputs that may hold the answers"
                                    : "has no output with a row of classes an image");
        wanted = amkd_oip_text(found, "name");
    }
    const json_t *output = find_output(outputs, wanted);
    model->class_names = find_names(metadata, output);
    if (!model->nclasses)
        model->nclasses = count_classes(output, model->tensor.has_batch, options->kind);
    model->output = amkd_strdup(wanted);
    return model->output ? 0 : -1;
}
