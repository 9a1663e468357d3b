/* Pixels, mixes and targets by counter-based chance, the same in every run. */
#include "synthetic.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/images_header.h"
#include "data/images_writer.h"

enum { SEED = 1, PIXELS = 1, KEYS = 2, TARGETS = 3 };

int synthetic_images(amkd_images **out, amkd_shape shape, size_t n)
{
    if (amkd_images_new(out, n, shape.height, shape.width, shape.channels, 0))
        return -1;
    for (size_t p = 0; p < n * amkd_shape_size(shape); p++)
        (*out)->pixels[p] = (uint8_t)amkd_random_u64(SEED, PIXELS, p);
    return 0;
}

int synthetic_save_images(const char *path, size_t n)
{
    amkd_images *images;
    amkd_header header = {0};
    if (synthetic_images(&images, SYNTHETIC_GRAY, n))
        return -1;
    int rc = amkd_images_header(&header, images->height, images->width, images->channels,
                                0, NULL);
    if (!rc)
        rc = amkd_images_save(images, path, &header, 1);
    amkd_header_clear(&header);
    amkd_images_free(images);
    return rc;
}

int synthetic_dataset(amkd_dataset *dataset, amkd_shape shape, size_t nimages,
                      size_t nrows)
{
    *dataset = (amkd_dataset){.n = nrows, .nclasses = SYNTHETIC_NCLASSES};
    dataset->keys = amkd_alloc(nrows, sizeof *dataset->keys);
    dataset->targets = amkd_alloc(nrows, SYNTHETIC_NCLASSES * sizeof *dataset->targets);
    if (!dataset->keys || !dataset->targets ||
        synthetic_images(&dataset->images, shape, nimages)) {
        amkd_dataset_clear(dataset);
        return -1;
    }
    for (size_t r = 0; r < nrows; r++) {
        const uint64_t chance = amkd_random_u64(SEED, KEYS, r);
        const size_t i = (size_t)(chance & UINT32_MAX) % (nimages - 1);
        const size_t j = i + 1 + (size_t)(chance >> 32) % (nimages - 1 - i);
        dataset->keys[r] = (amkd_label_key){(uint32_t)i, (uint32_t)j, 0.4f};
        float *target = dataset->targets + r * SYNTHETIC_NCLASSES;
        for (size_t c = 0; c < SYNTHETIC_NCLASSES; c++)
            target[c] = 0.5f / SYNTHETIC_NCLASSES;
        target[amkd_random_u64(SEED, TARGETS, r) % SYNTHETIC_NCLASSES] += 0.5f;
    }
    return 0;
}

int synthetic_model(amkd_model **out, const char *arch, amkd_shape shape)
{
    amkd_graph parsed;
    if (amkd_graph_parse(&parsed, arch, shape, SYNTHETIC_NCLASSES))
        return -1;
    const int rc = amkd_model_init(out, &parsed, SEED);
    amkd_graph_clear(&parsed);
    return rc;
}
