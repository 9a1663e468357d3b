/* A thread a device, and a counter of the rows that are dealt out. */
#include "device/deal.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "device/device.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct dealing {
    const amkd_deal *deal;
    size_t n, share;      /* rows, and an even share of them */
    pthread_mutex_t lock; /* of next */
    size_t next;          /* row that nobody has; n: none is left, or a device failed */
} dealing;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t whole_steps(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

/* The next rows for a device; 0 when there are none. */
static size_t take(dealing *d, size_t device, size_t *first)
{
    const size_t step = d->deal->step, most = d->deal->most[device];
    const size_t wanted = smaller(d->share, most < step ? step : most / step * step);
    pthread_mutex_lock(&d->lock);
    const size_t n = smaller(wanted, d->n - d->next);
    *first = d->next;
    d->next += n;
    pthread_mutex_unlock(&d->lock);
    return n;
}

static void stop(dealing *d)
{
    pthread_mutex_lock(&d->lock);
    d->next = d->n;
    pthread_mutex_unlock(&d->lock);
}

static int drive(void *context, size_t device)
{
    dealing *d = context;
    const amkd_deal *deal = d->deal;
    size_t first, n;
    while ((n = take(d, device, &first)))
        if (deal->work(deal->context, device, first, n)) {
            stop(d);
            return amkd_deal_fail(deal->devices[device], deal->ndevices);
        }
    return 0;
}

int amkd_deal_out(const amkd_deal *deal, size_t n)
{
    if (deal->ndevices == 1)
        return n ? deal->work(deal->context, 0, 0, n) : 0;
    const size_t even = (n + deal->ndevices - 1) / deal->ndevices;
    dealing d = {.deal = deal, .n = n, .share = whole_steps(even, deal->step)};
    pthread_mutex_init(&d.lock, NULL);
    const int rc = amkd_parallel(deal->ndevices, deal->ndevices, drive, &d);
    pthread_mutex_destroy(&d.lock);
    return rc;
}

int amkd_deal_fail(const amkd_device *device, size_t ndevices)
{
    return ndevices > 1 ? amkd_fail_in("device %zu (%s)", device->index, device->name)
                        : -1;
}

char *amkd_deal_say(amkd_device *const *devices, size_t ndevices)
{
    char *text = ndevices == 1 ? amkd_strdup(devices[0]->name) : amkd_strdup("");
    for (size_t d = 0; text && ndevices > 1 && d < ndevices; d++) {
        char *longer = amkd_format("%s%sdevice %zu (%s)", text, d ? ", " : "",
                                   devices[d]->index, devices[d]->name);
        free(text);
        text = longer;
    }
    return text;
}

static int is_named(amkd_device *const *devices, size_t d)
{
    for (size_t before = 0; before < d; before++)
        if (!strcmp(devices[before]->name, devices[d]->name))
            return 1;
    return 0;
}

char *amkd_deal_names(amkd_device *const *devices, size_t ndevices)
{
    char *text = amkd_strdup(devices[0]->name);
    for (size_t d = 1; text && d < ndevices; d++)
        if (!is_named(devices, d)) {
            char *longer = amkd_format("%s, %s", text, devices[d]->name);
            free(text);
            text = longer;
        }
    return text;
}
