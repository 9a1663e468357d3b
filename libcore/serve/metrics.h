/* What a server counts, printed in Prometheus' text format. All calls are safe from
 * several threads. */
#ifndef AMKD_SERVE_METRICS_H
#define AMKD_SERVE_METRICS_H

#include "base/bytes.h"
#include <stdatomic.h>
#include <stdint.h>

enum {
    AMKD_METRICS_MAX_BUCKETS = 20,
    AMKD_METRICS_FIRST_CODE = 100, /* of HTTP's statuses */
    AMKD_METRICS_NCODES = 500,
};

typedef struct amkd_histogram {
    const double *bounds; /* upper ends, rising */
    size_t nbounds;
    atomic_uint_fast64_t counts[AMKD_METRICS_MAX_BUCKETS + 1]; /* the last: above all */
    atomic_uint_fast64_t sum;                                  /* in millionths */
} amkd_histogram;

typedef struct amkd_metrics {
    atomic_uint_fast64_t requests[AMKD_METRICS_NCODES]; /* by status - FIRST_CODE */
    atomic_uint_fast64_t images;
    atomic_uint_fast64_t received_nbytes, sent_nbytes; /* of bodies */
    atomic_int_fast64_t in_flight; /* requests whose head has arrived, not yet done */
    atomic_int_fast64_t connections;
    atomic_int_fast64_t queued; /* images that wait for the device */
    amkd_histogram seconds;     /* from a request's first line to its answer's end */
    amkd_histogram batches;     /* images of a run on the device */
} amkd_metrics;

void amkd_metrics_init(amkd_metrics *metrics);
void amkd_histogram_add(amkd_histogram *histogram, double value);

/* A request is done: its status, and the seconds that it took. */
void amkd_metrics_request(amkd_metrics *metrics, unsigned status, double seconds);

/* Adds all of them in text format 0.0.4. */
void amkd_metrics_print(amkd_bytes *text, amkd_metrics *metrics);

#endif
