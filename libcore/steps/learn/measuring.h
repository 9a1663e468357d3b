/* A measurement from files to a scorecard: all that amkd-eval does but its messages. */
#ifndef AMKD_STEPS_LEARN_MEASURING_H
#define AMKD_STEPS_LEARN_MEASURING_H

#include "device/device.h"
#include "net/model.h"
#include "steps/learn/evaluate_check.h"

typedef enum amkd_figures_form {
    AMKD_FIGURES_TEXT, /* for people */
    AMKD_FIGURES_JSON,
    AMKD_FIGURES_TSV, /* of each class */
} amkd_figures_form;

typedef struct amkd_measuring {
    amkd_evaluation_plan plan; /* of teacher and answers one at most */
    const char *const *images; /* [nimages] in place of those that labels name */
    size_t nimages;
    double holdout; /* labels: the share of the rows that is measured by; 0: all */
    double timeout; /* seconds a teacher's answer may take; 0: for ever */
    amkd_figures_form form;
    const char *device;           /* as amkd_devices_open takes them */
    struct amkd_profile *profile; /* that times kernels (device/profile.h); NULL: none */
    uint64_t memory_nbytes;       /* of each that a network may take; 0: all */
    const char *output;           /* NULL or "-" for stdout */
    json_t *command;              /* for the provenance of what is calibrated, borrowed */
    size_t nthreads;
    int quiet;

    /* Called once the student is loaded and the devices are open; where: what they are
     * called (amkd_deal_say). */
    void *context;
    void (*opened)(void *context, const amkd_model *student, const char *where);
} amkd_measuring;

/* By labeled images, one set of them: the student's figures, and its teacher's where
 * there is one or its answers are (steps/learn/scorecard.h). By labels: how far the
 * student says what was answered (steps/learn/evaluate.h), or with plan.calibrated the
 * temperature at which it says it best, and the student saved with that
 * (steps/learn/calibrate.h). */
int amkd_measuring_run(const amkd_measuring *measuring);

#endif
