/* Mixed uint8 images made on a device from a resident image set (data/mix.h has the
 * formula and the reference). */
#ifndef AMKD_OPS_MIXER_H
#define AMKD_OPS_MIXER_H

#include "data/images.h"
#include "device/device.h"
#include "stream/rows.h"

typedef struct amkd_mixer amkd_mixer;

/* Uploads the images; they may be freed. */
int amkd_mixer_new(amkd_mixer **out, amkd_device *device, const amkd_images *images);

/* pixels[n][height][width][channels] of n mixes; i = j gives the image itself. */
int amkd_mixer_run(amkd_mixer *mixer, uint8_t *pixels, const amkd_label_key *keys,
                   size_t n);

void amkd_mixer_free(amkd_mixer *mixer); /* NULL is fine */

#endif
