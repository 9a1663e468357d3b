/* What the parts of amkd-bench share: what is asked for, and the rows that come out. */
#ifndef AMKD_BENCH_BENCH_H
#define AMKD_BENCH_BENCH_H

#include "base/cli.h"
#include "device/device.h"
#include "sweep_work.h"
#include <stddef.h>

/* A thing measured: values of several repetitions. */
typedef struct bench_row {
    char section[48], name[72];
    const char *unit; /* of the figures shown */
    double work;      /* what one repetition does, in the unit times seconds: the values
                         are seconds and work / value is shown. 0: the values are shown */
    double flops;     /* floating point operations of a repetition, 0: not counted */
    double nbytes;    /* bytes read and written by a repetition, 0: not counted */
    double at_least, at_most; /* the bar set for the median shown, 0 for none */
    double least_share;       /* the bar set for bench_share, 0 for none */
    size_t n;
    double *values; /* [n], sorted; owned by the bench */
} bench_row;

typedef struct bench {
    amkd_device *device; /* NULL until opened */
    const char *which;   /* -d, for the tools */
    const char *tools;   /* directory of the tools */
    int quick, quiet;    /* quick: tiny sizes, which show that all works and no more */
    size_t nrepetitions; /* of kernels */
    size_t nlong;        /* of trainings and whole processes */
    double seconds;      /* that a repetition lasts at least: short ones are repeated */
    double peak, copy;   /* operations and bytes a second, the best seen */
    double score_flop_seconds[SWEEP_NSTUDENTS]; /* of amkd-score, a useful operation; 0:
                                                   not measured */
    uint64_t scale_pairs;                       /* of the largest pool of bench_scale */
    amkd_texts networks;                        /* of bench_networks; none: all */
    bench_row *rows;                            /* [nrows] */
    size_t nrows;
} bench;

/* ------------------------------------------------------------- bench.c: measuring -- */

/* Takes the row over, values copied and sorted. Sizes and bars are the caller's. */
int bench_add(bench *b, const bench_row *row, const double *values, size_t n);

/* Times run, which enqueues work on the device: once to warm up, then in repetitions of
 * as many calls as fill b->seconds. The row, whose work, flops and nbytes are those of
 * one call, is added. */
int bench_time(bench *b, const bench_row *row, int (*run)(void *context), void *context);

/* Says on stderr what is being measured, unless quiet. */
void bench_say(const bench *b, const char *what);

/* The figures to show. */
double bench_median(const bench_row *row);
double bench_min(const bench_row *row);
double bench_max(const bench_row *row);
/* What the median reaches of the peak, or of the copy bandwidth; 0 where neither is
 * counted. */
double bench_share(const bench *b, const bench_row *row);
/* Whether every bar of the row is held; bars that were not set are. */
int bench_met(const bench *b, const bench_row *row);
/* Seconds of the median repetition; 0 where the values are no times. */
double bench_seconds(const bench_row *row);

void bench_clear(bench *b);

/* -------------------------------------------------------------------- the parts -- */

/* Each adds rows of its own; amkd-bench.c lists them.
 *
 * peak.c: multiply-adds and copying; b->peak and b->copy become the best seen. */
int bench_peak(bench *b, const char *when);
/* layers.c: every kernel of one training step. */
int bench_layers(bench *b);
/* convolutions.c: layers that are in none of the architectures. */
int bench_convolutions(bench *b);
/* clblast.c: CLBlast on the products that the layers are. */
int bench_clblast(bench *b);
/* train.c: amkd_train from start to end. */
int bench_train(bench *b);
/* networks.c: predictions and steps of whole networks, one by one. */
int bench_networks(bench *b);
/* Whether it has one of that name. */
int bench_has_network(const bench *b, const char *name);
/* sweep.c: the lambda sweep's kernels, and amkd-score over them. */
int bench_sweep(bench *b);
/* The sweep of a student over the pairs of these images, as many as are a chunk: the row,
 * whose name gets the lambdas and the engine, is added. */
struct amkd_model;
struct amkd_images;
int bench_sweep_pairs(bench *b, bench_row *row, const struct amkd_model *model,
                      const struct amkd_images *images);
/* start.c: tools as processes that have nothing to do, cold and warm. */
int bench_start(bench *b);
/* score.c: amkd-score as a process, its time and memory. */
int bench_score(bench *b);
/* refine.c: what amkd-score --refine finds, and how much sooner. */
int bench_refine(bench *b);
/* scale.c: amkd-score's time a pair and its memory, from small pools to large. */
int bench_scale(bench *b);
/* stream.c: streams written and read, beside gzip. */
int bench_stream(bench *b);
/* import.c: amkd-import on files of every format. */
int bench_import(bench *b);
/* augment.c: amkd-augment, images to views. */
int bench_augment(bench *b);

/* ------------------------------------------------------------ table.c and json.c -- */

/* The results as text, freed with free(); NULL with the error set. */
char *bench_table(const bench *b);
char *bench_json(const bench *b);

#endif
