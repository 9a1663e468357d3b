/* How good a network's answers are. */
#include "steps/learn/evaluate.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include <math.h>
#include <stdlib.h>

size_t amkd_top_class(const float *p, size_t nclasses)
{
    size_t top = 0;
    for (size_t c = 1; c < nclasses; c++)
        if (p[c] > p[top])
            top = c;
    return top;
}

int amkd_evaluation_new(amkd_evaluation *evaluation, const float *probs,
                        const int32_t *truth, size_t n, size_t nclasses)
{
    *evaluation = (amkd_evaluation){.n = n, .nclasses = nclasses};
    evaluation->confusion = amkd_alloc(nclasses * nclasses, sizeof(size_t));
    if (!evaluation->confusion)
        return -1;
    for (size_t r = 0; r < n; r++) {
        const float *p = probs + r * nclasses;
        const size_t top = amkd_top_class(p, nclasses);
        evaluation->confusion[(size_t)truth[r] * nclasses + top]++;
        evaluation->ncorrect += top == (size_t)truth[r];
        evaluation->mean_top += p[top] / (double)n;
        evaluation->ncertain += p[top] == 1;
    }
    return 0;
}

void amkd_evaluation_clear(amkd_evaluation *evaluation)
{
    free(evaluation->confusion);
    *evaluation = (amkd_evaluation){0};
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

double amkd_evaluation_accuracy(const amkd_evaluation *evaluation)
{
    return share(evaluation->ncorrect, evaluation->n);
}

static json_t *class_json(const amkd_evaluation *evaluation, size_t c,
                          const json_t *class_names)
{
    const size_t nclasses = evaluation->nclasses;
    size_t is = 0, said = 0;
    for (size_t o = 0; o < nclasses; o++) {
        is += evaluation->confusion[c * nclasses + o];
        said += evaluation->confusion[o * nclasses + c];
    }
    const size_t correct = evaluation->confusion[c * nclasses + c];
    json_t *name = json_array_get(class_names, c);
    json_t *row = json_pack("{s:I, s:f, s:f}", "n", (json_int_t)is, "recall",
                            share(correct, is), "precision", share(correct, said));
    json_object_set_new(row, "class",
                        name ? json_incref(name) : json_integer((json_int_t)c));
    return row;
}

json_t *amkd_interval_json(amkd_interval interval)
{
    return json_pack("[f, f]", interval.low, interval.high);
}

json_t *amkd_counts_json(const size_t *counts, size_t nrows, size_t ncolumns)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < nrows; r++) {
        json_t *row = json_array();
        for (size_t c = 0; c < ncolumns; c++)
            json_array_append_new(row,
                                  json_integer((json_int_t)counts[r * ncolumns + c]));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *amkd_evaluation_json(const amkd_evaluation *evaluation, const json_t *class_names)
{
    const size_t nclasses = evaluation->nclasses;
    json_t *confusion = amkd_counts_json(evaluation->confusion, nclasses, nclasses);
    json_t *classes = json_array();
    for (size_t c = 0; c < nclasses; c++)
        json_array_append_new(classes, class_json(evaluation, c, class_names));
    const amkd_interval interval =
        amkd_interval_share(evaluation->ncorrect, evaluation->n);
    return json_pack(
        "{s:I, s:f, s:o, s:f, s:f, s:o, s:o}", "n", (json_int_t)evaluation->n, "accuracy",
        amkd_evaluation_accuracy(evaluation), "accuracy_interval",
        amkd_interval_json(interval), "mean_top_probability", evaluation->mean_top,
        "share_certain", share(evaluation->ncertain, evaluation->n), "per_class", classes,
        "confusion", confusion);
}

/* The most rows that are mixed and predicted at a time. */
enum { ROWS = 4096 };

static double cross_entropy(const float *p, const float *target, size_t nclasses)
{
    double sum = 0;
    for (size_t c = 0; c < nclasses; c++)
        sum -= target[c] > 0 ? target[c] * log(fmax(p[c], 1e-30)) : 0;
    return sum;
}

int amkd_evaluate_dataset(amkd_agreement *agreement, amkd_predictor *predictor,
                          const amkd_dataset *dataset)
{
    const size_t nclasses = dataset->nclasses;
    const size_t nrows = amkd_images_chunk(dataset->images, ROWS);
    uint8_t *pixels = amkd_alloc(nrows, amkd_images_npixels(dataset->images));
    float *probs = amkd_alloc(nrows, nclasses * sizeof *probs);
    int rc = pixels && probs ? 0 : -1;
    size_t same = 0;
    double sum = 0;
    for (size_t done = 0; !rc && done < dataset->n; done += nrows) {
        const size_t count = dataset->n - done < nrows ? dataset->n - done : nrows;
        rc = amkd_dataset_pixels(dataset, pixels, done, count) ||
                     amkd_predictor_run(predictor, probs, pixels, count)
                 ? -1
                 : 0;
        for (size_t r = 0; !rc && r < count; r++) {
            const float *p = probs + r * nclasses;
            const float *target = dataset->targets + (done + r) * nclasses;
            same += amkd_top_class(p, nclasses) == amkd_top_class(target, nclasses);
            sum += cross_entropy(p, target, nclasses);
        }
    }
    *agreement = (amkd_agreement){.n = dataset->n,
                                  .agreement = share(same, dataset->n),
                                  .interval = amkd_interval_share(same, dataset->n)};
    if (dataset->n)
        agreement->cross_entropy = sum / (double)dataset->n;
    free(pixels);
    free(probs);
    return rc;
}

int amkd_agreement_text(char **text, const amkd_agreement *a, int json)
{
    if (json)
        *text = amkd_format("{\n  \"n\": %zu,\n  \"agreement\": %.6f,\n"
                            "  \"agreement_interval\": [%.6f, %.6f],\n"
                            "  \"cross_entropy\": %.6f\n}\n",
                            a->n, a->agreement, a->interval.low, a->interval.high,
                            a->cross_entropy);
    else
        *text = amkd_format("%-14s %9zu\n%-14s %9.4f\n%-14s %9.4f-%.4f\n%-14s %9.4f\n",
                            "answers", a->n, "agreement", a->agreement, "95 % interval",
                            a->interval.low, a->interval.high, "cross entropy",
                            a->cross_entropy);
    return *text ? 0 : -1;
}
