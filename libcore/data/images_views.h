/* Views: image sets whose rows know the image that they were made from. */
#ifndef AMKD_DATA_IMAGES_VIEWS_H
#define AMKD_DATA_IMAGES_VIEWS_H

#include "data/images.h"
#include "data/images_header.h"

/* Makes the header of an images stream one of views: adds the field "source" <u4 and the
 * key "views": {"of", "seed", "transforms"}, of being the set whose rows the sources
 * number: the one of images, or that which images are views of. transforms is taken over.
 */
int amkd_images_header_views(amkd_header *header, const amkd_images *images,
                             uint64_t seed, json_t *transforms);

/* Checks images->sources, if the stream has such, and sets what its header says of them;
 * as amkd_images_take_sources. */
int amkd_images_check_sources(amkd_images *images, const amkd_images_layout *layout);

/* Takes the sources, if the stream has such, from its rows; n, nsources = n and room for
 * one reference are there. */
int amkd_images_take_sources(amkd_images *images, const amkd_images_layout *layout,
                             const uint8_t *rows, size_t row_nbytes);

#endif
