/* How good a network's answers are: accuracy, confusion, and how sharp and how calibrated
 * they are. */
#ifndef AMKD_STEPS_LEARN_EVALUATE_H
#define AMKD_STEPS_LEARN_EVALUATE_H

#include "base/interval.h"
#include "net/predictors.h"
#include "steps/learn/calibration.h"
#include "steps/learn/dataset.h"
#include <jansson.h>

typedef struct amkd_evaluation {
    size_t n, nclasses;
    size_t *confusion; /* [nclasses][nclasses]: true class, answered class */
    size_t ncorrect;
    double mean_top; /* mean of the answers' top probabilities */
    size_t ncertain; /* answers whose top probability is exactly 1 */
    amkd_calibration calibration;
} amkd_evaluation;

/* Compares probs [n][nclasses] with truth [n], each below nclasses. Of equal top
 * probabilities the first class counts. */
int amkd_evaluation_new(amkd_evaluation *evaluation, const float *probs,
                        const int32_t *truth, size_t n, size_t nclasses);
void amkd_evaluation_clear(amkd_evaluation *evaluation);

double amkd_evaluation_accuracy(const amkd_evaluation *evaluation);

/* What the confusion says of a class. */
typedef struct amkd_class_figures {
    size_t n, npredicted, ncorrect; /* images of it, answers that name it, and both */
    double recall, precision;       /* ncorrect over n and over npredicted; of none NaN */
    double f1; /* their harmonic mean, 2 ncorrect over n + npredicted; NaN where n is 0 */
} amkd_class_figures;

amkd_class_figures amkd_evaluation_class(const amkd_evaluation *evaluation, size_t c);

/* [{"class", "n", "predicted", "correct", "recall", "precision", "f1"}], a class each:
 * its name, or its number where class_names, which may be NULL, has none. What is NaN is
 * null. */
json_t *amkd_classes_json(const amkd_evaluation *evaluation, const json_t *class_names);

/* {"n", "accuracy", "accuracy_interval": amkd_interval_json, "mean_top_probability",
 * "share_certain", "log_loss", "brier", "calibration_error", "reliability":
 * amkd_reliability_json, "per_class": amkd_classes_json, "confusion": [[...]]};
 * class_names may be NULL. */
json_t *amkd_evaluation_json(const amkd_evaluation *evaluation,
                             const json_t *class_names);

/* [low, high]. */
json_t *amkd_interval_json(amkd_interval interval);

/* [[...], ...]: counts[nrows][ncolumns] as JSON. */
json_t *amkd_counts_json(const size_t *counts, size_t nrows, size_t ncolumns);

/* The class with the highest of p[nclasses], the first of equals. */
size_t amkd_top_class(const float *p, size_t nclasses);

/* How far a student says what was answered. */
typedef struct amkd_agreement {
    size_t n;
    double agreement;       /* share of the rows whose top class is the target's */
    amkd_interval interval; /* of 95 % about it */
    amkd_calibration calibration;
    const amkd_evaluation *classes; /* a row of its confusion is the class answered; it
                                       has no more. NULL: nobody counted */
    const json_t *class_names;      /* or NULL */
} amkd_agreement;

/* Of the dataset's rows, which fit the predictors' model (amkd_model_expect). */
int amkd_evaluate_dataset(amkd_agreement *agreement, amkd_predictors *predictors,
                          const amkd_dataset *dataset);

/* The same, with classes, which is cleared by amkd_evaluation_clear. */
int amkd_evaluate_classes(amkd_agreement *agreement, amkd_evaluation *classes,
                          amkd_predictors *predictors, const amkd_dataset *dataset);

/* As text for people, or as one JSON object {"n", "agreement", "agreement_interval":
 * [low, high], "cross_entropy", "brier", "calibration_error", "reliability":
 * amkd_reliability_json, "per_class": amkd_classes_json}, one or more lines a key, the
 * last only where classes are counted; freed with free(). */
int amkd_agreement_text(char **text, const amkd_agreement *agreement, int json);

#endif
