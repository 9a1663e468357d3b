/* Whether a student can be measured, by what is known before it. */
#ifndef AMKD_STEPS_LEARN_EVALUATE_CHECK_H
#define AMKD_STEPS_LEARN_EVALUATE_CHECK_H

#include <stddef.h>

typedef struct amkd_evaluation_plan {
    const char *student;       /* a model's path */
    const char *teacher;       /* a spec, or NULL */
    const char *answers;       /* labels, or NULL */
    const char *calibrated;    /* where the student goes with its temperature, or NULL */
    const char *const *inputs; /* images or labels, [ninputs] */
    size_t ninputs;
} amkd_evaluation_plan;

/* Fails where the headers of what is there tell that the measuring would: images without
 * labels, a student, a teacher or answers of other images or classes; something else than
 * labels to fit a temperature to. */
int amkd_evaluation_check(const amkd_evaluation_plan *plan);

#endif
