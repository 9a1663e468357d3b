/* The course of a training as JSON lines: an object for each report. amkd-train(1) says
 * what stands in it. */
#ifndef AMKD_STEPS_LEARN_TRAINING_LOG_H
#define AMKD_STEPS_LEARN_TRAINING_LOG_H

#include "steps/learn/evaluate.h"
#include "steps/learn/train.h"

typedef struct amkd_training_log {
    const char *path; /* "-": stdout */
    int resumes;      /* the training does, and the file goes on */
    int fd;           /* -1: nothing was written yet */
    double began;     /* when the training did, in this process */
    double before;    /* seconds of the training before that */
} amkd_training_log;

/* No file is touched before the first line: what an earlier training left stays until
 * then. path is borrowed. */
void amkd_training_log_init(amkd_training_log *log, const char *path, int resumes);

/* Fails where path holds anything else than such lines, which would be lost; and lines of
 * a training of another number of steps than nsteps, where one resumes. 0: any. */
int amkd_training_log_check(amkd_training_log *log, uint64_t nsteps);

/* The training begins now. */
void amkd_training_log_begin(amkd_training_log *log);

/* Writes a line, whole or not at all but for a full disk. A file that is there loses the
 * lines of steps behind the one at which the training began, all of them unless it
 * resumes, and a line cut short; it fails where the file holds anything else. taught:
 * whether the share that taught is told; val: how the model does on data of its own, or
 * NULL. */
int amkd_training_log_add(amkd_training_log *log, const amkd_train_report *report,
                          int taught, const amkd_agreement *val);

/* Syncs and closes. Does nothing where nothing was written. */
int amkd_training_log_close(amkd_training_log *log);

#endif
