/* The class of each image, as the teacher answered about the image itself. */
#ifndef AMKD_STEPS_IMAGE_CLASSES_H
#define AMKD_STEPS_IMAGE_CLASSES_H

#include "stream/header.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_image_classes {
    uint32_t *of_image; /* [nimages] below n */
    size_t n;
    char digest[32]; /* "xxh3-64:<16 hex digits>" of of_image */
} amkd_image_classes;

/* Reads them from labels streams: the likeliest class of each answer about an image by
 * itself, the first of several. header names the image sets; sources are theirs
 * (amkd_images_load_sources; NULL: each image its own): a view has the class of the image
 * that it was made from. Fails where there is no answer about an image. */
int amkd_image_classes_load(amkd_image_classes *classes, const char *const *paths,
                            size_t npaths, const amkd_header *header,
                            const uint32_t *sources, size_t nthreads);

void amkd_image_classes_clear(amkd_image_classes *classes); /* a zeroed one is fine */

#endif
