/* What amkd-eval says: a student's figures, its teacher's beside them, as text, JSON or
 * TSV. */
#ifndef AMKD_STEPS_LEARN_SCORECARD_H
#define AMKD_STEPS_LEARN_SCORECARD_H

#include "data/images.h"
#include "steps/learn/evaluate.h"

/* student, teacher: probabilities [images->n][images->nclasses]; teacher may be NULL.
 * *text is freed with free(). */
int amkd_scorecard_text(char **text, const float *student, const float *teacher,
                        const amkd_images *images);

/* As one JSON object: {"student": amkd_evaluation_json, "teacher": the same,
 * "teacher_student": [[...]], a row the teacher's class, a column the student's,
 * "agreement", "agreement_interval": [low, high], "success_rate",
 * "success_rate_interval": the same, or null where the teacher is never right}, all but
 * the first with a teacher only. */
int amkd_scorecard_json(char **text, const float *student, const float *teacher,
                        const amkd_images *images);

/* The figures of each class alone, a line a model and class behind one of names: model
 * ("student" or "teacher"), class, name, n, predicted, correct, precision, recall, f1.
 * What is NaN is empty. */
int amkd_scorecard_tsv(char **text, const float *student, const float *teacher,
                       const amkd_images *images);

/* The same of the student's classes alone; class_names may be NULL. */
int amkd_classes_tsv(char **text, const amkd_evaluation *student,
                     const json_t *class_names);

#endif
