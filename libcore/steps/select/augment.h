/* Images in, views out: a stream of random transforms of each image. */
#ifndef AMKD_STEPS_SELECT_AUGMENT_H
#define AMKD_STEPS_SELECT_AUGMENT_H

#include "data/views.h"
#include "device/device.h"
#include <jansson.h>

typedef struct amkd_augment_options {
    const char *images; /* path, NULL or "-" for stdin */
    const char *output; /* NULL or "-" for stdout */
    const char *device; /* as amkd_devices_open takes them */
    uint64_t nviews;    /* of each image, 1 or more */
    int keep;           /* the first of them is the image itself */
    amkd_view_options views;
    size_t nthreads;
    int quiet;
    const json_t *command; /* for the provenance, borrowed */
} amkd_augment_options;

typedef struct amkd_augment_counts {
    uint64_t images, views;
    char *where; /* the devices (amkd_deal_say), freed by the caller; NULL: none yet */
} amkd_augment_counts;

/* Writes the views of the first image, then of the second, and so on. Labels go with
 * them. Memory is that of the images and of some thousand views, however many there are.
 */
int amkd_augment(amkd_augment_counts *counts, const amkd_augment_options *options);

/* Fails where the header of the images, if they are there, tells that this would. */
int amkd_augment_check(const amkd_augment_options *options);

#endif
