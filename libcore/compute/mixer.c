/* Mixed images for a teacher or a picture: the keys go up, the pixels come back. */
#include "compute/mixer.h"
#include "compute/batch.h"

int amkd_mixer_new(amkd_mixer **out, amkd_device *device, const amkd_images *images)
{
    amkd_batches *batches;
    if (amkd_batches_new(&batches, device, images->height, images->width,
                         images->channels))
        return -1;
    if (amkd_batches_images(batches, images->pixels, images->n)) {
        amkd_batches_free(batches);
        return -1;
    }
    *out = (amkd_mixer *)batches;
    return 0;
}

int amkd_mixer_run(amkd_mixer *mixer, uint8_t *pixels, const amkd_label_key *keys, size_t n)
{
    amkd_batches *batches = (amkd_batches *)mixer;
    return amkd_batches_keys(batches, keys, n) || amkd_batches_mix(batches, pixels) ? -1
                                                                                   : 0;
}

void amkd_mixer_free(amkd_mixer *mixer)
{
    amkd_batches_free((amkd_batches *)mixer);
}
