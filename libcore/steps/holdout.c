/* The draw is a digest of the pixels, so that nobody has to remember it. */
#include "steps/holdout.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Keeps this digest apart from others of the same pixels. */
enum { HOLDOUT_SEED = 0x686f6c64 };

/* Uniform in [0, 1), 53 bits. */
static double draw(const uint8_t *pixels, size_t npixels)
{
    return (double)(XXH3_64bits_withSeed(pixels, npixels, HOLDOUT_SEED) >> 11) * 0x1p-53;
}

int amkd_dataset_hold_out(amkd_dataset *dataset, double share, amkd_holdout_side side)
{
    const size_t nclasses = dataset->nclasses, n = dataset->n;
    const size_t npixels = amkd_images_npixels(dataset->images);
    uint8_t *pixels = amkd_alloc(npixels, 1);
    size_t nkept = 0;
    if (!pixels)
        return -1;
    for (size_t r = 0; r < n; r++) {
        amkd_dataset_pixels(dataset, pixels, r, 1);
        if ((draw(pixels, npixels) < share) != (side == AMKD_HELD_OUT))
            continue;
        dataset->keys[nkept] = dataset->keys[r];
        memmove(dataset->targets + nkept * nclasses, dataset->targets + r * nclasses,
                nclasses * sizeof *dataset->targets);
        nkept++;
    }
    free(pixels);
    dataset->n = nkept;
    if (nkept)
        return 0;
    return amkd_fail(side == AMKD_HELD_OUT ? "none of the %zu rows is held out by %g"
                                           : "all of the %zu rows are held out by %g",
                     n, share);
}
