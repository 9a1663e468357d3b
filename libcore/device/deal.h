/* Rows of work dealt out to several devices, each driven by a thread of its own. */
#ifndef AMKD_DEVICE_DEAL_H
#define AMKD_DEVICE_DEAL_H

#include "device/open.h"

typedef struct amkd_deal {
    amkd_device *const *devices; /* [ndevices], 1 to AMKD_MAX_DEVICES */
    size_t ndevices;
    const size_t *most; /* rows that each takes at a time at most, [ndevices] */
    size_t step;        /* what they take at a time is a multiple of it, but at the end */
    /* Does rows first to first + n on a device; of one device never twice at once. */
    int (*work)(void *context, size_t device, size_t first, size_t n);
    void *context;
} amkd_deal;

/* Deals out rows 0 to n: a device takes the next ones when it is done with its last, no
 * more at a time than an even share. One device alone gets all at once, in the calling
 * thread. A device that fails ends the work of all; the error names it (amkd_deal_fail).
 * Returns 0, or -1. */
int amkd_deal_out(const amkd_deal *deal, size_t n);

/* Puts "device 1 (NAME): " before the present message where a device is one of several.
 * Returns -1. */
int amkd_deal_fail(const amkd_device *device, size_t ndevices);

/* "NAME" of one device, "device 0 (NAME), device 1 (NAME)" of several; freed with free().
 * NULL where memory is short. */
char *amkd_deal_say(amkd_device *const *devices, size_t ndevices);

/* The names of the devices with commas between them, those of one name once, for what
 * must not depend on how many there are; freed with free(). NULL where memory is short.
 */
char *amkd_deal_names(amkd_device *const *devices, size_t ndevices);

#endif
