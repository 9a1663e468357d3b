/* Counters, and their text for Prometheus. */
#include "serve/metrics.h"
#include <inttypes.h>

static const double seconds_bounds[] = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                        0.1,    0.2,   0.5,   1,     2,    5,    10};
static const double batches_bounds[] = {1,  2,   4,   8,   16,   32,
                                        64, 128, 256, 512, 1024, 2048};

void amkd_metrics_init(amkd_metrics *metrics)
{
    *metrics = (amkd_metrics){
        .seconds = {.bounds = seconds_bounds,
                    .nbounds = sizeof seconds_bounds / sizeof *seconds_bounds},
        .batches = {.bounds = batches_bounds,
                    .nbounds = sizeof batches_bounds / sizeof *batches_bounds}};
}

void amkd_histogram_add(amkd_histogram *histogram, double value)
{
    size_t b = 0;
    while (b < histogram->nbounds && value > histogram->bounds[b])
        b++;
    atomic_fetch_add(&histogram->counts[b], 1);
    atomic_fetch_add(&histogram->sum, (uint64_t)(value * 1e6 + 0.5));
}

void amkd_metrics_request(amkd_metrics *metrics, unsigned status, double seconds)
{
    const unsigned code = status - AMKD_METRICS_FIRST_CODE;
    if (code < AMKD_METRICS_NCODES)
        atomic_fetch_add(&metrics->requests[code], 1);
    amkd_histogram_add(&metrics->seconds, seconds);
}

static void head(amkd_bytes *text, const char *name, const char *type, const char *help)
{
    amkd_bytes_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(amkd_bytes *text, const char *name, const char *type, const char *help,
                   int64_t value)
{
    head(text, name, type, help);
    amkd_bytes_format(text, "%s %" PRId64 "\n", name, value);
}

static void histogram(amkd_bytes *text, const char *name, const char *help,
                      amkd_histogram *h)
{
    uint64_t below = 0;
    head(text, name, "histogram", help);
    for (size_t b = 0; b < h->nbounds; b++) {
        below += atomic_load(&h->counts[b]);
        amkd_bytes_format(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, h->bounds[b],
                          below);
    }
    below += atomic_load(&h->counts[h->nbounds]);
    amkd_bytes_format(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, below);
    amkd_bytes_format(text, "%s_sum %.6f\n", name, (double)atomic_load(&h->sum) / 1e6);
    amkd_bytes_format(text, "%s_count %" PRIu64 "\n", name, below);
}

void amkd_metrics_print(amkd_bytes *text, amkd_metrics *metrics)
{
    head(text, "amkd_requests_total", "counter", "Requests done, by status.");
    for (unsigned code = 0; code < AMKD_METRICS_NCODES; code++) {
        const uint64_t n = atomic_load(&metrics->requests[code]);
        if (n)
            amkd_bytes_format(text, "amkd_requests_total{code=\"%u\"} %" PRIu64 "\n",
                              code + AMKD_METRICS_FIRST_CODE, n);
    }
    single(text, "amkd_images_total", "counter", "Images answered.",
           (int64_t)atomic_load(&metrics->images));
    single(text, "amkd_received_bytes_total", "counter", "Bytes of request bodies.",
           (int64_t)atomic_load(&metrics->received_nbytes));
    single(text, "amkd_sent_bytes_total", "counter", "Bytes of answers' bodies.",
           (int64_t)atomic_load(&metrics->sent_nbytes));
    single(text, "amkd_requests_in_flight", "gauge", "Requests begun and not done.",
           atomic_load(&metrics->in_flight));
    single(text, "amkd_connections", "gauge", "Connections open.",
           atomic_load(&metrics->connections));
    single(text, "amkd_images_queued", "gauge", "Images that wait for the device.",
           atomic_load(&metrics->queued));
    histogram(text, "amkd_request_seconds", "Seconds from request line to answer's end.",
              &metrics->seconds);
    histogram(text, "amkd_batch_images", "Images of a run on the device.",
              &metrics->batches);
}
