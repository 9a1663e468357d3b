/* Mixed images for a teacher or a picture: the keys go up, the pixels come back. */
#include "ops/mixer.h"
#include "base/memory.h"
#include "ops/batch.h"
#include <stdlib.h>

struct amkd_mixer {
    amkd_batches *batches;
};

int amkd_mixer_new(amkd_mixer **out, amkd_device *device, const amkd_images *images)
{
    amkd_mixer *mixer = amkd_alloc(1, sizeof *mixer);
    if (!mixer)
        return -1;
    if (amkd_batches_new(&mixer->batches, device, images->height, images->width,
                         images->channels) ||
        amkd_batches_images(mixer->batches, images->pixels, images->n)) {
        amkd_mixer_free(mixer);
        return -1;
    }
    *out = mixer;
    return 0;
}

int amkd_mixer_run(amkd_mixer *mixer, uint8_t *pixels, const amkd_label_key *keys,
                   size_t n)
{
    if (amkd_batches_keys(mixer->batches, keys, n))
        return -1;
    return amkd_batches_mix(mixer->batches, pixels);
}

void amkd_mixer_free(amkd_mixer *mixer)
{
    if (!mixer)
        return;
    amkd_batches_free(mixer->batches);
    free(mixer);
}
