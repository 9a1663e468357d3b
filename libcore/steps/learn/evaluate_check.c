/* The checks of an evaluation: all that it brings together is of one shape and of as many
 * classes. */
#include "steps/learn/evaluate_check.h"
#include "base/error.h"
#include "net/known.h"
#include "net/published.h"
#include "teacher/check.h"
#include <string.h>

static int join(amkd_known *known, const char *path, const char *kinds)
{
    amkd_known input;
    if (amkd_known_read(&input, path, kinds))
        return -1;
    if (!strcmp(input.kind, "images") && !input.nclasses)
        return amkd_fail("'%s' has no labels to measure by", path);
    return amkd_known_join(known, &input, path);
}

static int check_teacher(const char *spec, const amkd_known *known)
{
    const amkd_teacher_options options = {.shape = known->shape,
                                          .nclasses = known->nclasses};
    size_t nclasses;
    if (amkd_teacher_check(&nclasses, spec, &options))
        return -1;
    if (nclasses && known->nclasses && nclasses != known->nclasses)
        return amkd_fail("teacher '%s': knows %zu classes, expected %zu", spec, nclasses,
                         known->nclasses);
    return 0;
}

int amkd_evaluation_check(const amkd_evaluation_plan *plan)
{
    amkd_known known = {0};
    amkd_model *student;
    for (size_t f = 0; f < plan->ninputs; f++)
        if (join(&known, plan->inputs[f], plan->calibrated ? "labels" : "images labels"))
            return -1;
    if (amkd_published_spare(plan->student, plan->calibrated, "--calibrate") ||
        (plan->answers && join(&known, plan->answers, "labels")) ||
        (plan->teacher && check_teacher(plan->teacher, &known)) ||
        amkd_known_load(&student, plan->student, &known))
        return -1;
    amkd_model_free(student);
    return 0;
}
