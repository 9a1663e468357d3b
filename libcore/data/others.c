/* Rows sorted by their sources: those of one source stand side by side, the others of a
 * row are all behind and before them. */
#include "data/others.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>

struct amkd_others {
    const amkd_images *images;
    size_t n;
    uint64_t *keys; /* [n] source << 32 | row, sorted */
};

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int amkd_others_new(amkd_others **out, const amkd_images *images)
{
    amkd_others *others = amkd_alloc(1, sizeof *others);
    if (!others)
        return -1;
    *others = (amkd_others){.images = images, .n = images->n};
    others->keys = amkd_alloc(others->n, sizeof *others->keys);
    if (!others->keys) {
        amkd_others_free(others);
        return -1;
    }
    for (size_t r = 0; r < others->n; r++)
        others->keys[r] = (uint64_t)amkd_images_source(images, r) << 32 | r;
    qsort(others->keys, others->n, sizeof *others->keys, compare);
    if (others->keys[0] >> 32 == others->keys[others->n - 1] >> 32) {
        amkd_others_free(others);
        return amkd_fail("all images are one and the same, or views of it: there is no "
                         "other");
    }
    *out = others;
    return 0;
}

/* How many keys are below key. */
static size_t nbelow(const amkd_others *others, uint64_t key)
{
    size_t first = 0, end = others->n;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (others->keys[middle] < key)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

uint32_t amkd_others_row(const amkd_others *others, uint64_t row, double place)
{
    const uint64_t source = amkd_images_source(others->images, (size_t)row);
    const size_t first = nbelow(others, source << 32);
    const size_t end = nbelow(others, (source + 1) << 32);
    const size_t nothers = others->n - (end - first);
    const size_t other = end + (size_t)(place * (double)nothers);
    return (uint32_t)others->keys[other % others->n];
}

void amkd_others_free(amkd_others *others)
{
    if (!others)
        return;
    free(others->keys);
    free(others);
}
