/* Streams made by chance, but of values that pack about as those of a distillation do. */
#include "payload.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/images.h"
#include "data/images_header.h"
#include "data/import.h"
#include "stream/rows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NIMAGES = 2000, NLABELS = 200000, NCLASSES = 10, NPICTURES = 60000, SIDE = 28 };
enum { QUICK_NIMAGES = 20, QUICK_NROWS = 100 };
enum { SEED = 1, SCORES = 1, LAMBDAS = 2, KEYS = 3, LOGITS = 4 };

static const char dataset[] =
    "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

/* Room for the rows; the header is complete. */
static int make_room(payload *p, size_t nrows)
{
    p->nrows = nrows;
    p->rows = amkd_alloc(nrows, p->header.row_nbytes);
    return p->rows ? 0 : -1;
}

/* pairs(r) of n images for r = 0, 1, ...: (0,1), (0,2), ... */
static amkd_pair next_pair(amkd_pair pair, size_t n)
{
    if (++pair.j == n)
        pair.j = ++pair.i + 1;
    return pair;
}

int payload_pairs(payload *p, int quick)
{
    const size_t n = quick ? QUICK_NIMAGES : NIMAGES;
    *p = (payload){.name = "pairs"};
    if (amkd_pairs_header(&p->header) || make_room(p, n * (n - 1) / 2))
        return -1;
    amkd_pair pair = {0, 1};
    for (size_t r = 0; r < p->nrows; r++, pair = next_pair(pair, n))
        memcpy(p->rows + r * sizeof pair, &pair, sizeof pair);
    return 0;
}

int payload_picks(payload *p, int quick)
{
    const size_t n = quick ? QUICK_NIMAGES : NIMAGES;
    *p = (payload){.name = "picks"};
    if (amkd_picks_header(&p->header) || make_room(p, n * (n - 1) / 2))
        return -1;
    amkd_pair pair = {0, 1};
    for (size_t r = 0; r < p->nrows; r++, pair = next_pair(pair, n)) {
        const double chance = amkd_random_uniform(SEED, SCORES, r);
        const uint64_t step = amkd_random_u64(SEED, LAMBDAS, r) % 11;
        const amkd_pick pick = {pair.i, pair.j, 0.3f + 0.04f * (float)step,
                                (float)(0.1 + 0.9 * sqrt(chance))};
        memcpy(p->rows + r * sizeof pick, &pick, sizeof pick);
    }
    return 0;
}

static void softmax_by_chance(float *p, size_t row)
{
    double sum = 0, logits[NCLASSES];
    for (size_t c = 0; c < NCLASSES; c++) {
        logits[c] = exp(4 * amkd_random_normal(SEED, LOGITS, row * NCLASSES + c));
        sum += logits[c];
    }
    for (size_t c = 0; c < NCLASSES; c++)
        p[c] = (float)(logits[c] / sum);
}

int payload_labels(payload *p, int quick)
{
    *p = (payload){.name = "labels"};
    if (amkd_labels_header(&p->header, NCLASSES) ||
        make_room(p, quick ? QUICK_NROWS : NLABELS))
        return -1;
    for (size_t r = 0; r < p->nrows; r++) {
        const uint64_t chance = amkd_random_u64(SEED, KEYS, r);
        const uint32_t i = (uint32_t)(chance % (NIMAGES - 1));
        const uint32_t j = i + 1 + (uint32_t)(chance >> 32) % (NIMAGES - 1 - i);
        const amkd_label_key key = {i, j, 0.3f + 0.04f * (float)(chance % 11)};
        float answer[NCLASSES];
        softmax_by_chance(answer, r);
        memcpy(p->rows + r * p->header.row_nbytes, &key, sizeof key);
        memcpy(p->rows + r * p->header.row_nbytes + sizeof key, answer, sizeof answer);
    }
    return 0;
}

static int import_dataset(payload *p, size_t limit)
{
    const char *const sources[] = {dataset};
    const amkd_import_options options = {.sources = sources,
                                         .nsources = 1,
                                         .unlabeled = 1,
                                         .limit = limit,
                                         .nthreads = 1,
                                         .quiet = 1};
    amkd_images *images;
    if (amkd_import(&images, &options))
        return -1;
    p->nrows = images->n;
    p->rows = images->pixels;
    images->pixels = NULL;
    amkd_images_free(images);
    return 0;
}

int payload_images(payload *p, int quick)
{
    const size_t limit = quick ? QUICK_NROWS : NPICTURES;
    const int installed = !access(dataset, R_OK);
    *p = (payload){.name = installed ? "Fashion-MNIST" : "made images"};
    if (amkd_images_header(&p->header, SIDE, SIDE, 1, 0, NULL))
        return -1;
    if (installed)
        return import_dataset(p, limit);
    if (make_room(p, limit))
        return -1;
    for (size_t b = 0; b < p->nrows * SIDE * SIDE; b++)
        p->rows[b] = (uint8_t)(b / SIDE + 3 * (b % SIDE));
    return 0;
}

void payload_clear(payload *p)
{
    amkd_header_clear(&p->header);
    free(p->rows);
}
