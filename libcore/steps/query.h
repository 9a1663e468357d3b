/* Asking a teacher: picks or images in, labels out, never beyond a budget. */
#ifndef AMKD_STEPS_QUERY_H
#define AMKD_STEPS_QUERY_H

#include "teacher/teacher.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_query_options {
    const char *teacher;       /* its spec, as in teacher/teacher.h */
    const char *input;         /* a picks or images stream, NULL or "-" for stdin */
    const char *const *images; /* paths instead of those that the picks refer to */
    size_t nimages;
    const char *output; /* NULL or "-" for stdout */
    int append;         /* add to output what is not in it yet */
    uint64_t budget;    /* answers in the output at most; 0: no limit */
    size_t batch;       /* images a request */
    const char *dtype;  /* of images sent, as in teacher/teacher.h */
    double timeout;     /* seconds an answer may take; 0: for ever */
    amkd_http_options http;
    const char *device; /* as for amkd_device_open */
    size_t nthreads;
    int quiet;
    const json_t *command; /* for the provenance, borrowed */
} amkd_query_options;

typedef struct amkd_query_counts {
    uint64_t asked;   /* questions sent by this run and answered */
    uint64_t skipped; /* answered before, or asked twice in the input */
    uint64_t left;    /* not asked because the budget was reached */
} amkd_query_counts;

/* Asks about the input's rows in their order and writes a labels stream, whose header
 * says "teacher" and, where they are known, "class_names". Nothing is asked before all
 * input was found good; no question is asked twice.
 *
 * Without append the output appears when whole. With it an existing file, which must hold
 * answers of the same teacher about the same images, is added to: its answers count
 * towards the budget, and each batch of answers is on disk before the next is asked, on
 * failure too. */
int amkd_query_write(amkd_query_counts *counts, const amkd_query_options *options);

#endif
