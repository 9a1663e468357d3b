/* Asking a teacher: picks or images in, labels out, never beyond a budget. */
#ifndef AMKD_STEPS_ASK_QUERY_H
#define AMKD_STEPS_ASK_QUERY_H

#include "teacher/probabilities.h"
#include "teacher/retry.h"
#include "teacher/teacher.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_query_options {
    const char *teacher;       /* its spec, as in teacher/teacher.h */
    const char *input;         /* a picks or images stream, NULL or "-" for stdin */
    const char *const *images; /* paths instead of those that the picks refer to */
    size_t nimages;
    const char *output;  /* NULL or "-" for stdout */
    int append;          /* add to output what is not in it yet */
    const char *journal; /* directory of answers kept (teacher/journal.h); NULL: none */
    uint64_t budget;     /* images spent at most, over all runs of the journal; without a
                            journal, answers in the output. 0: no limit */
    int ask_again;       /* answers in the journal that are not what the rule says */
    double price;        /* of an image, for the figures shown */
    double rate;         /* images sent a second at most; 0: no limit */
    int dry_run;         /* ask nothing, write nothing, count */
    amkd_retry retry;
    amkd_answer_rule rule;
    const char *student; /* a model, for AMKD_FILL_STUDENT; else NULL */
    size_t batch;        /* images a request */
    const char *dtype;   /* of images sent, as in teacher/teacher.h */
    double timeout;      /* seconds an answer may take; 0: for ever */
    size_t nworkers;     /* of a program, side by side; 0: 1 */
    amkd_http_options http;
    const char *device;           /* as for amkd_devices_open */
    struct amkd_profile *profile; /* that times kernels (device/profile.h); NULL: none */
    size_t nthreads;
    int quiet;
    const json_t *command; /* for the provenance, borrowed */
} amkd_query_options;

typedef struct amkd_query_counts {
    uint64_t known;    /* answered before, or the same pixels twice in the input */
    uint64_t fresh;    /* to be asked */
    uint64_t asked;    /* and answered */
    uint64_t left;     /* not asked because the budget was reached */
    uint64_t retries;  /* requests made once more */
    uint64_t scaled;   /* answers written whose sum rounding alone explains */
    uint64_t doubtful; /* spent without an answer, over all runs of the journal */
    uint64_t spent; /* over all runs of the journal, UINT64_MAX where it was not needed;
                       without one, answers in the output, and what this run spent */
    uint64_t room;  /* images that the budget leaves; UINT64_MAX without one */
} amkd_query_counts;

/* Asks about the input's rows and writes a labels stream in their order, whose header
 * says "teacher", "answers" (the rule) and, where they are known, "class_names" and
 * "origin". Nothing is asked before all input was found good, and of a replay before all
 * of it was found answered; the same pixels are never asked twice.
 *
 * With a journal, an answer is on disk before anything else is sent, answers there are
 * not asked for again, and are found to be what the rule says before anything is asked,
 * and the same call goes on where a stopped one stood. Without append the output appears
 * when whole. With it an existing file, which must hold answers of the same teacher about
 * the same images, is added to, and each batch of answers is on disk before the next is
 * asked.
 *
 * With either, SIGINT and SIGTERM (base/interrupt.h) stop the asking: what is under way
 * is waited for and kept, and the call fails. */
int amkd_query_write(amkd_query_counts *counts, const amkd_query_options *options);

/* Whether something is computed on a device: a model's answers. Mixes are made without.
 */
int amkd_query_needs_device(const amkd_query_options *options);

/* Fails where this would before anything is asked, by the headers of the inputs that are
 * there and what the teacher shows (teacher/check.h). *nclasses: the number of classes, 0
 * where only an answer will tell. */
int amkd_query_check(size_t *nclasses, const amkd_query_options *options);

#endif
