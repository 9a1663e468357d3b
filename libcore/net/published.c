/* What is said of published weights, and what is usual where it is not. */
#include "net/published.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "graph/named.h"
#include "net/model_weights.h"
#include "net/stem.h"
#include "net/weight_names.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char begin[] = ",arch=";

int amkd_shape_parse(amkd_shape *shape, const char *text)
{
    int end = -1;
    return text[strspn(text, "0123456789x")] ||
                   sscanf(text, "%7zux%7zux%7zu%n", &shape->channels, &shape->height,
                          &shape->width, &end) != 3 ||
                   text[end] || !shape->channels || !shape->height || !shape->width
               ? amkd_fail("'%.40s', expected CHANNELSxHEIGHTxWIDTH", text)
               : 0;
}

int amkd_numbers_parse(float *numbers, size_t n, const char *text, char mark)
{
    for (size_t i = 0; i < n; i++) {
        char *end;
        numbers[i] = strtof(text, &end);
        if (end == text || !isfinite(numbers[i]) || *end != (i + 1 < n ? mark : 0))
            return -1;
        text = end + 1;
    }
    return 0;
}

/* word: "input=3x224x224". */
static int parse_word(amkd_published *p, const char *word)
{
    const char *value = strchr(word, '=');
    const size_t n = value ? (size_t)(value - word) : 0;
    const struct {
        const char *name;
        char **text;
    } texts[] = {{"arch", &p->arch}, {"mean", &p->mean}, {"std", &p->std}};
    for (size_t t = 0; value && t < sizeof texts / sizeof *texts; t++)
        if (strlen(texts[t].name) == n && !memcmp(word, texts[t].name, n)) {
            if (*texts[t].text)
                return amkd_fail("%s is given twice", texts[t].name);
            *texts[t].text = amkd_strdup(value + 1);
            return *texts[t].text ? 0 : -1;
        }
    if (n == 5 && !memcmp(word, "input", n))
        return amkd_shape_parse(&p->in, value + 1) ? amkd_fail_in("input") : 0;
    return amkd_fail("'%.60s' is none of arch, input, mean, std%s", word,
                     p->mean || p->std ? "; numbers have ':' between" : "");
}

int amkd_published_parse(amkd_published *p, const char *path)
{
    const char *at = strstr(path, begin);
    char *rest = NULL, *words;
    *p = (amkd_published){0};
    p->file = at ? amkd_format("%.*s", (int)(at - path), path) : amkd_strdup(path);
    words = at ? amkd_strdup(at + 1) : NULL;
    int rc = !p->file || (at && !words) ? -1 : 0;
    for (char *word = at && !rc ? strtok_r(words, ",", &rest) : NULL; word && !rc;
         word = strtok_r(NULL, ",", &rest))
        rc = parse_word(p, word);
    free(words);
    if (!rc)
        return 0;
    amkd_published_clear(p);
    return amkd_fail_in("'%s'", path);
}

void amkd_published_clear(amkd_published *p)
{
    free(p->file);
    free(p->arch);
    free(p->mean);
    free(p->std);
    *p = (amkd_published){0};
}

int amkd_published_spare(const char *path, const char *output, const char *option)
{
    amkd_published published;
    if (amkd_published_parse(&published, path))
        return -1;
    const int same = amkd_file_same(published.file, output);
    amkd_published_clear(&published);
    return same ? amkd_fail("%s '%s' is the model's own file: it would be written over",
                            option, output)
                : 0;
}

static int parse_scale(float *out, size_t n, const char *text, char mark,
                       const char *what)
{
    return amkd_numbers_parse(out, n, text, mark)
               ? amkd_fail("%s is '%.80s', expected %zu finite numbers with '%c' between",
                           what, text, n, mark)
               : 0;
}

int amkd_scales_parse(float *mean, float *std, size_t n, const char *mean_text,
                      const char *std_text, char mark)
{
    if (parse_scale(mean, n, mean_text, mark, "mean") ||
        parse_scale(std, n, std_text, mark, "std"))
        return -1;
    for (size_t c = 0; c < n; c++)
        if (mean[c] < 0 || mean[c] > 1)
            return amkd_fail("mean of channel %zu is %g, expected 0 to 1: of 0 to 255 it "
                             "is %g",
                             c, (double)mean[c], (double)mean[c] / 255);
    for (size_t c = 0; c < n; c++)
        if (std[c] <= 0)
            return amkd_fail("std of channel %zu is %g, expected more than 0", c,
                             (double)std[c]);
    return 0;
}

/* The mean and deviation that are said, or, where neither is, the usual ones. */
static int set_scales(amkd_model *model, const amkd_published *p,
                      const amkd_named_usual *usual)
{
    const size_t n = model->graph.in.channels;
    if (p->mean && p->std)
        return amkd_scales_parse(model->mean, model->std, n, p->mean, p->std, ':');
    if (p->mean || p->std)
        return amkd_fail("'%s=' is missing: mean and std go together",
                         p->mean ? "std" : "mean");
    if (n != 3 || usual->std[0] <= 0)
        return amkd_fail("'mean=' and 'std=' are missing: the network has no usual ones");
    memcpy(model->mean, usual->mean, sizeof usual->mean);
    memcpy(model->std, usual->std, sizeof usual->std);
    model->usual_scales = 1;
    return 0;
}

/* As many classes as the last layer's tensor has. */
static int count_classes(size_t *nclasses, const amkd_published *p, amkd_shape in,
                         const amkd_tensors *tensors)
{
    enum { ANY = 2 };
    char name[AMKD_WEIGHT_NBYTES];
    amkd_graph graph;
    if (amkd_graph_parse(&graph, p->arch, in, 0) &&
        amkd_graph_parse(&graph, p->arch, in, ANY))
        return -1;
    amkd_model_head(name, &graph);
    amkd_graph_clear(&graph);
    const amkd_tensor *head = amkd_tensors_find_any(tensors, name);
    if (!head || !head->ndim || !head->shape[0])
        return amkd_fail("tensor '%s' is missing, which tells the number of classes",
                         name);
    *nclasses = head->shape[0];
    return 0;
}

int amkd_published_load(amkd_model *model, amkd_tensors *tensors, const amkd_published *p)
{
    amkd_named_usual usual = {0};
    amkd_shape in = p->in;
    size_t nclasses = 0;
    amkd_named_usual_of(&usual, p->arch);
    if (!in.channels)
        in = usual.in;
    if (!in.channels)
        return amkd_fail("'input=CHANNELSxHEIGHTxWIDTH' is missing: '%.60s' has no usual "
                         "one",
                         p->arch);
    if (count_classes(&nclasses, p, in, tensors) ||
        amkd_graph_parse(&model->graph, p->arch, in, nclasses) ||
        amkd_model_check(&model->graph) || set_scales(model, p, &usual))
        return -1;
    amkd_taking taking = {.strict = 1};
    model->parameters = amkd_alloc(model->graph.nparameters, sizeof(float));
    if (!model->parameters)
        return -1;
    return amkd_model_take(model, tensors, &taking)
               ? amkd_stem_hint(tensors, p->arch, &model->graph, p->in.channels > 0)
               : 0;
}
