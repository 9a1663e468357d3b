/* Choosing between several ways of doing the same work on a device, by timing them once
 * and remembering what came out. */
#ifndef AMKD_DEVICE_PLAN_H
#define AMKD_DEVICE_PLAN_H

#include "device/device.h"

typedef enum amkd_fate {
    AMKD_FATE_UNKNOWN, /* not timed: there was no time left */
    AMKD_FATE_CHOSEN,
    AMKD_FATE_SLOWER, /* or not clearly faster */
    AMKD_FATE_WRONG,  /* its result differs from the first way's, or from float64 */
    AMKD_FATE_FAILED, /* it did not compile or run */
    AMKD_FATE_UNFIT,  /* not for this kind of device */
    AMKD_FATE_PASSED, /* faster, and yet not chosen: the choice was reckoned */
} amkd_fate;

typedef struct amkd_way {
    char name[40];
    int (*run)(void *context); /* enqueues the work; compiles what it needs when first
                                  called; NULL: not for this kind of device */
    void *context;
    amkd_fate fate; /* from here on: what came out */
    double seconds; /* 0 when not timed */
    double error;   /* the greatest difference from float64 over the samples, relative to
                       the greatest value; 0 when not run */
} amkd_way;

enum { AMKD_MAX_WAYS = 16 };

typedef struct amkd_plan {
    char *work; /* says all that the times depend on but the device; owned */
    double flops;
    const char *sources[4];    /* of the kernels, by whose change it is void, */
    const char *const *others; /* and those of another way, NULL ends them; borrowed */
    size_t nways;
    amkd_way ways[AMKD_MAX_WAYS];
    size_t chosen;
    int recalled; /* from an earlier run, in part at least */
    int reckoned; /* the first way is chosen, whatever times say */
} amkd_plan;

/* Fills in what is remembered under the device, its driver, the version of amkd, the
 * sources and the work: the fates of ways of the same names, and the one chosen; the
 * first when nothing is. A way that failed is to be timed again after a day. Returns 1
 * when all is known, 0 when there are ways to be timed. */
int amkd_plan_recall(amkd_plan *plan, const amkd_device *device);

/* What is to be at a place of the result, in float64. */
typedef struct amkd_sample {
    size_t at;
    double value;
} amkd_sample;

/* What ways leave: ncopies of nfloats floats each, which are to be added up. */
typedef struct amkd_result {
    cl_mem buffer;
    size_t nfloats, ncopies;
    const amkd_sample *samples; /* of the sum, against which errors are told */
    size_t nsamples;
} amkd_result;

/* Chooses one of the ways, which leave their result in result, and remembers it. The
 * first is trusted; another is passed over when it fails, or when its result differs by
 * more than 1e-3 of the greatest value from the first one's or by more than 1e-4 from
 * float64. It takes the place of the one chosen so far when it is faster by 1.3, or
 * by 1.05 where both leave the same bits: what noise decides must not show in the result.
 * Where the choice is reckoned, times are to be seen alone. Beyond deadline (of amkd_now)
 * no further way is begun. */
int amkd_plan_measure(amkd_plan *plan, amkd_device *device, const amkd_result *result,
                      double deadline);

void amkd_plan_clear(amkd_plan *plan); /* frees what it owns */

/* "not timed", "chosen", "slower", "wrong result", "failed", "not for this device",
 * "faster". */
const char *amkd_fate_name(amkd_fate fate);

#endif
