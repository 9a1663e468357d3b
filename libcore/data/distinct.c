/* Sets of images by their prints: open addressing for digests, a table of chains for each
 * chunk of the hashes. */
#include "data/distinct.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "data/images_rows.h"
#include <stdlib.h>
#include <xxhash.h>

enum { CHUNK_NBITS = 16, NVALUES = 1 << CHUNK_NBITS };

typedef struct entry {
    amkd_phash hash;
    uint32_t before[AMKD_PHASH_NCHUNKS]; /* the entry before in the chain, as one more
                                            than its place; 0 ends it */
    uint64_t digest[2];
    uint32_t number;
} entry;

struct amkd_distinct {
    size_t n;
    entry *entries;
    uint32_t (*last)[NVALUES]; /* [AMKD_PHASH_NCHUNKS], as before */
    size_t mask;
    uint32_t *slots; /* [mask + 1] of entries by their digests, as before */
};

void amkd_print_make(amkd_print *print, const uint8_t *pixels, size_t height,
                     size_t width, size_t channels, unsigned nbits)
{
    XXH128_hash_t digest = XXH3_128bits(pixels, height * width * channels);
    print->digest[0] = digest.low64;
    print->digest[1] = digest.high64;
    print->plain =
        !nbits || amkd_phash_make(&print->hash, pixels, height, width, channels) != 0;
}

typedef struct printing {
    const amkd_images *images;
    const uint8_t *pixels; /* of a chunk of them */
    amkd_print *prints;    /* of that chunk */
    unsigned nbits;
    amkd_progress *progress;
} printing;

static int print_one(void *context, size_t i)
{
    const printing *p = context;
    const amkd_images *images = p->images;
    amkd_print_make(&p->prints[i], p->pixels + i * amkd_images_npixels(images),
                    images->height, images->width, images->channels, p->nbits);
    amkd_progress_add(p->progress, 1);
    return 0;
}

amkd_print *amkd_prints_of(const amkd_images *images, unsigned nbits, size_t nthreads,
                           amkd_progress *progress)
{
    amkd_images_walk walk = {.images = images};
    amkd_print *prints = amkd_alloc(images->n, sizeof *prints);
    int rc = prints ? 1 : -1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0) {
        printing p = {images, walk.pixels, prints + walk.first, nbits, progress};
        if (amkd_parallel(walk.n, nthreads, print_one, &p))
            rc = -1;
    }
    amkd_images_walk_end(&walk);
    if (!rc)
        return prints;
    free(prints);
    return NULL;
}

int amkd_distinct_new(amkd_distinct **out, size_t room)
{
    amkd_distinct *set = amkd_alloc(1, sizeof *set);
    if (!set)
        return -1;
    set->mask = 1;
    while (set->mask < 2 * room)
        set->mask = 2 * set->mask + 1;
    set->entries = amkd_alloc(room ? room : 1, sizeof *set->entries);
    set->last = amkd_alloc(AMKD_PHASH_NCHUNKS, sizeof *set->last);
    set->slots = amkd_alloc(set->mask + 1, sizeof *set->slots);
    if (!set->entries || !set->last || !set->slots) {
        amkd_distinct_free(set);
        return -1;
    }
    *out = set;
    return 0;
}

void amkd_distinct_free(amkd_distinct *set)
{
    if (!set)
        return;
    free(set->entries);
    free(set->last);
    free(set->slots);
    free(set);
}

/* The slot of an image with this digest, or the free one where it would be. */
static uint32_t *slot_of(const amkd_distinct *set, const uint64_t *digest)
{
    size_t s = digest[0] & set->mask;
    for (; set->slots[s]; s = (s + 1) & set->mask) {
        const entry *e = &set->entries[set->slots[s] - 1];
        if (e->digest[0] == digest[0] && e->digest[1] == digest[1])
            break;
    }
    return &set->slots[s];
}

void amkd_distinct_add(amkd_distinct *set, const amkd_print *print, uint32_t number)
{
    entry *e = &set->entries[set->n++];
    uint32_t *slot = slot_of(set, print->digest);
    e->hash = print->hash;
    e->digest[0] = print->digest[0];
    e->digest[1] = print->digest[1];
    e->number = number;
    /* A copy of an image that is there would never be found before that one. */
    if (*slot)
        return;
    *slot = (uint32_t)set->n;
    for (size_t c = 0; !print->plain && c < AMKD_PHASH_NCHUNKS; c++) {
        uint32_t *last = &set->last[c][print->hash.chunk[c]];
        e->before[c] = *last;
        *last = (uint32_t)set->n;
    }
}

/* The nearest so far: best is its distance and place one more than its place, 0 for none.
 */
typedef struct nearest {
    unsigned best;
    uint32_t place;
} nearest;

/* Looks at all images that have this value in chunk c. */
static void look_at(nearest *found, const amkd_distinct *set, const amkd_phash *hash,
                    size_t c, size_t value)
{
    for (uint32_t p = set->last[c][value]; p; p = set->entries[p - 1].before[c]) {
        unsigned distance = amkd_phash_distance(hash, &set->entries[p - 1].hash);
        if (distance < found->best || (distance == found->best && p < found->place))
            *found = (nearest){distance, p};
    }
}

int amkd_distinct_find(amkd_repeated *found, const amkd_distinct *set,
                       const amkd_print *print, unsigned nbits)
{
    const amkd_phash *hash = &print->hash;
    uint32_t same = *slot_of(set, print->digest);
    if (same) {
        *found = (amkd_repeated){set->entries[same - 1].number, 0, 1};
        return 1;
    }
    if (!nbits || print->plain)
        return 0;
    nearest near = {nbits, UINT32_MAX};
    for (size_t c = 0; c < AMKD_PHASH_NCHUNKS; c++)
        look_at(&near, set, hash, c, hash->chunk[c]);
    /* What differs in every chunk, and in more than a bit in n of them, differs in 16 + n
     * bits or more. */
    for (size_t c = 0; c + AMKD_PHASH_NCHUNKS <= near.best; c++)
        for (unsigned bit = 0; bit < CHUNK_NBITS; bit++)
            look_at(&near, set, hash, c, hash->chunk[c] ^ 1u << bit);
    if (near.place == UINT32_MAX)
        return 0;
    *found = (amkd_repeated){set->entries[near.place - 1].number, near.best, 0};
    return 1;
}
