/* How good a network's answers are. */
#include "steps/learn/evaluate.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include <math.h>
#include <stdio.h>
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
        amkd_calibration_add(&evaluation->calibration, p, (size_t)truth[r], nclasses);
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

amkd_class_figures amkd_evaluation_class(const amkd_evaluation *evaluation, size_t c)
{
    const size_t nclasses = evaluation->nclasses, *confusion = evaluation->confusion;
    amkd_class_figures figures = {.ncorrect = confusion[c * nclasses + c]};
    for (size_t o = 0; o < nclasses; o++) {
        figures.n += confusion[c * nclasses + o];
        figures.npredicted += confusion[o * nclasses + c];
    }
    const double ncorrect = (double)figures.ncorrect;
    const double nboth = (double)(figures.n + figures.npredicted);
    figures.recall = figures.n ? ncorrect / (double)figures.n : NAN;
    figures.precision = figures.npredicted ? ncorrect / (double)figures.npredicted : NAN;
    figures.f1 = figures.n ? 2 * ncorrect / nboth : NAN;
    return figures;
}

static json_t *figure_json(double figure)
{
    return isnan(figure) ? json_null() : json_real(figure);
}

static json_t *class_json(const amkd_evaluation *evaluation, size_t c,
                          const json_t *class_names)
{
    const amkd_class_figures figures = amkd_evaluation_class(evaluation, c);
    json_t *name = json_array_get(class_names, c);
    json_t *row = json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:o}", "n", (json_int_t)figures.n, "predicted",
        (json_int_t)figures.npredicted, "correct", (json_int_t)figures.ncorrect, "recall",
        figure_json(figures.recall), "precision", figure_json(figures.precision), "f1",
        figure_json(figures.f1));
    json_object_set_new(row, "class",
                        name ? json_incref(name) : json_integer((json_int_t)c));
    return row;
}

json_t *amkd_classes_json(const amkd_evaluation *evaluation, const json_t *class_names)
{
    json_t *classes = json_array();
    for (size_t c = 0; c < evaluation->nclasses; c++)
        json_array_append_new(classes, class_json(evaluation, c, class_names));
    return classes;
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
    json_t *classes = amkd_classes_json(evaluation, class_names);
    const amkd_calibration *calibration = &evaluation->calibration;
    const amkd_interval interval =
        amkd_interval_share(evaluation->ncorrect, evaluation->n);
    return json_pack(
        "{s:I, s:f, s:o, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o}", "n",
        (json_int_t)evaluation->n, "accuracy", amkd_evaluation_accuracy(evaluation),
        "accuracy_interval", amkd_interval_json(interval), "mean_top_probability",
        evaluation->mean_top, "share_certain", share(evaluation->ncertain, evaluation->n),
        "log_loss", amkd_calibration_log_loss(calibration), "brier",
        amkd_calibration_brier(calibration), "calibration_error",
        amkd_calibration_error(calibration), "reliability",
        amkd_reliability_json(calibration), "per_class", classes, "confusion", confusion);
}

/* The most rows that are mixed and predicted at a time. */
enum { ROWS = 4096 };

/* confusion [nclasses][nclasses] is counted up; NULL: nobody counts. */
static int evaluate(amkd_agreement *agreement, size_t *confusion,
                    amkd_predictors *predictors, const amkd_dataset *dataset)
{
    const size_t nclasses = dataset->nclasses;
    const size_t nrows = amkd_images_chunk(dataset->images, ROWS);
    uint8_t *pixels = amkd_alloc(nrows, amkd_images_npixels(dataset->images));
    float *probs = amkd_alloc(nrows, nclasses * sizeof *probs);
    int rc = pixels && probs ? 0 : -1;
    size_t same = 0;
    *agreement = (amkd_agreement){0};
    for (size_t done = 0; !rc && done < dataset->n; done += nrows) {
        const size_t count = dataset->n - done < nrows ? dataset->n - done : nrows;
        rc = amkd_dataset_pixels(dataset, pixels, done, count) ||
                     amkd_predictors_run(predictors, probs, pixels, count)
                 ? -1
                 : 0;
        for (size_t r = 0; !rc && r < count; r++) {
            const float *p = probs + r * nclasses;
            const float *target = dataset->targets + (done + r) * nclasses;
            const size_t said = amkd_top_class(p, nclasses);
            const size_t is = amkd_top_class(target, nclasses);
            same += said == is;
            if (confusion)
                confusion[is * nclasses + said]++;
            amkd_calibration_add_soft(&agreement->calibration, p, target, nclasses);
        }
    }
    agreement->n = dataset->n;
    agreement->agreement = share(same, dataset->n);
    agreement->interval = amkd_interval_share(same, dataset->n);
    free(pixels);
    free(probs);
    return rc;
}

int amkd_evaluate_dataset(amkd_agreement *agreement, amkd_predictors *predictors,
                          const amkd_dataset *dataset)
{
    return evaluate(agreement, NULL, predictors, dataset);
}

int amkd_evaluate_classes(amkd_agreement *agreement, amkd_evaluation *classes,
                          amkd_predictors *predictors, const amkd_dataset *dataset)
{
    const size_t nclasses = dataset->nclasses;
    *classes = (amkd_evaluation){.n = dataset->n, .nclasses = nclasses};
    classes->confusion = amkd_alloc(nclasses * nclasses, sizeof *classes->confusion);
    if (!classes->confusion ||
        evaluate(agreement, classes->confusion, predictors, dataset))
        return -1;
    agreement->classes = classes;
    agreement->class_names = dataset->class_names;
    return 0;
}

/* "" where no classes are counted; allocated. */
static char *classes_text(const amkd_agreement *a)
{
    if (!a->classes)
        return amkd_strdup("");
    json_t *classes = amkd_classes_json(a->classes, a->class_names);
    char *list = json_dumps(classes, JSON_REAL_PRECISION(6));
    json_decref(classes);
    char *text = list ? amkd_format(",\n  \"per_class\": %s", list) : NULL;
    free(list);
    return text;
}

/* Keys stand at the front of lines and an interval in one, for scripts. */
static int agreement_json(char **text, const amkd_agreement *a)
{
    const amkd_calibration *calibration = &a->calibration;
    json_t *bins = amkd_reliability_json(calibration);
    char *reliability = json_dumps(bins, JSON_REAL_PRECISION(6));
    json_decref(bins);
    char *classes = classes_text(a);
    *text = reliability && classes
                ? amkd_format("{\n  \"n\": %zu,\n  \"agreement\": %.6f,\n"
                              "  \"agreement_interval\": [%.6f, %.6f],\n"
                              "  \"cross_entropy\": %.6f,\n  \"brier\": %.6f,\n"
                              "  \"calibration_error\": %.6f,\n"
                              "  \"reliability\": %s%s\n}\n",
                              a->n, a->agreement, a->interval.low, a->interval.high,
                              amkd_calibration_log_loss(calibration),
                              amkd_calibration_brier(calibration),
                              amkd_calibration_error(calibration), reliability, classes)
                : NULL;
    free(reliability);
    free(classes);
    return *text ? 0 : amkd_fail("out of memory");
}

int amkd_agreement_text(char **text, const amkd_agreement *a, int json)
{
    const amkd_calibration *calibration = &a->calibration;
    size_t nbytes;
    if (json)
        return agreement_json(text, a);
    FILE *out = open_memstream(text, &nbytes);
    if (!out)
        return amkd_fail_errno("memory for the figures");
    fprintf(out,
            "%-17s %9zu\n%-17s %9.4f\n%-17s %9.4f-%.4f\n%-17s %9.4f\n%-17s %9.4f\n"
            "%-17s %9.4f\n\n",
            "answers", a->n, "agreement", a->agreement, "95 % interval", a->interval.low,
            a->interval.high, "cross entropy", amkd_calibration_log_loss(calibration),
            "Brier score", amkd_calibration_brier(calibration), "calibration error",
            amkd_calibration_error(calibration));
    amkd_reliability_print(out, calibration);
    const int failed = ferror(out);
    return fclose(out) || failed ? amkd_fail("out of memory") : 0;
}
