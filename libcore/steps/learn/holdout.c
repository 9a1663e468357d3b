/* The draw is a digest of the pixels, so that nobody has to remember it. */
#include "steps/learn/holdout.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
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

/* The draw of each row, [dataset->n], freed with free(). */
static double *draw_rows(const amkd_dataset *dataset)
{
    enum { ROWS = 256 };
    const size_t npixels = amkd_images_npixels(dataset->images), n = dataset->n;
    const size_t chunk = amkd_images_chunk(dataset->images, ROWS);
    uint8_t *pixels = amkd_alloc(chunk, npixels);
    double *draws = amkd_alloc(n, sizeof *draws);
    int rc = pixels && draws ? 0 : -1;
    for (size_t done = 0; !rc && done < n; done += chunk) {
        const size_t count = n - done < chunk ? n - done : chunk;
        rc = amkd_dataset_pixels(dataset, pixels, done, count);
        for (size_t r = 0; !rc && r < count; r++)
            draws[done + r] = draw(pixels + r * npixels, npixels);
    }
    free(pixels);
    if (!rc)
        return draws;
    free(draws);
    return NULL;
}

int amkd_dataset_hold_out(amkd_dataset *dataset, double share, amkd_holdout_side side)
{
    const size_t nclasses = dataset->nclasses, n = dataset->n;
    double *draws = draw_rows(dataset);
    size_t nkept = 0;
    if (!draws)
        return -1;
    for (size_t r = 0; r < n; r++) {
        if ((draws[r] < share) != (side == AMKD_HELD_OUT))
            continue;
        dataset->keys[nkept] = dataset->keys[r];
        memmove(dataset->targets + nkept * nclasses, dataset->targets + r * nclasses,
                nclasses * sizeof *dataset->targets);
        nkept++;
    }
    free(draws);
    dataset->n = nkept;
    if (nkept)
        return 0;
    return amkd_fail(side == AMKD_HELD_OUT ? "none of the %zu rows is held out by %g"
                                           : "all of the %zu rows are held out by %g",
                     n, share);
}
