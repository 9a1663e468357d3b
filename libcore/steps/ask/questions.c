/* Questions are read and checked whole before any is asked: teachers cost money. */
#include "steps/ask/questions.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int take_picks(amkd_questions *questions, const amkd_pick *picks, size_t n,
                      const char *name)
{
    amkd_check check;
    if (amkd_check_init(&check, &questions->header) ||
        amkd_check_rows(&check, picks, n, 0))
        return amkd_fail_in("'%s'", name);
    questions->keys = amkd_alloc(n ? n : 1, sizeof *questions->keys);
    if (!questions->keys)
        return -1;
    for (size_t r = 0; r < n; r++)
        questions->keys[r] = (amkd_label_key){picks[r].i, picks[r].j, picks[r].lambda};
    questions->mixed = 1;
    questions->n = n;
    return 0;
}

/* A shard's picks are not the pool's: asking about them would spend the budget on what
 * the merge drops. */
static int check_header(const amkd_header *header)
{
    if (amkd_picks_check(header))
        return -1;
    if (amkd_header_is_shard(header))
        return amkd_fail("holds the picks of one shard, expected those of the whole pool "
                         "(amkd-merge makes them)");
    return 0;
}

static int read_picks(amkd_questions *questions, amkd_reader *reader, const char *path,
                      const char *const *override, size_t noverride, size_t nthreads)
{
    void *picks = NULL;
    size_t n;
    const char *name = amkd_reader_name(reader);
    if (check_header(&questions->header))
        return amkd_fail_in("'%s'", name);
    if (amkd_images_load_refs(&questions->images, &questions->header, path, override,
                              noverride, nthreads))
        return -1;
    int rc = amkd_reader_read_all(reader, &picks, &n);
    if (rc == 0)
        rc = take_picks(questions, picks, n, name);
    free(picks);
    return rc;
}

static int read_images(amkd_questions *questions, amkd_reader *reader, const char *path)
{
    if (amkd_images_read(&questions->images, reader, path) ||
        amkd_images_put_refs(&questions->header, questions->images))
        return -1;
    size_t n = questions->images->n;
    questions->keys = amkd_alloc(n, sizeof *questions->keys);
    if (!questions->keys)
        return -1;
    for (size_t r = 0; r < n; r++)
        questions->keys[r] = (amkd_label_key){(uint32_t)r, (uint32_t)r, 1};
    questions->n = n;
    return 0;
}

int amkd_questions_read(amkd_questions *questions, const char *path,
                        const char *const *override, size_t noverride, size_t nthreads)
{
    amkd_reader *reader;
    *questions = (amkd_questions){0};
    if (amkd_reader_open(&reader, path, NULL, nthreads))
        return -1;
    const char *kind = amkd_reader_header(reader)->kind;
    int rc = amkd_header_copy(&questions->header, amkd_reader_header(reader));
    if (rc == 0 && strcmp(kind, "picks") == 0)
        rc = read_picks(questions, reader, path, override, noverride, nthreads);
    else if (rc == 0 && strcmp(kind, "images") != 0)
        rc = amkd_fail("'%s': holds %s, expected picks or images",
                       amkd_reader_name(reader), kind);
    else if (rc == 0 && noverride)
        rc = amkd_fail("'%s': holds images itself, others cannot stand in for them",
                       amkd_reader_name(reader));
    else if (rc == 0)
        rc = read_images(questions, reader, path);
    amkd_reader_close(reader);
    return rc;
}

/* A set of keys by open addressing; size is a power of two above the number of keys. */
typedef struct key_set {
    const amkd_label_key **slots;
    size_t size;
} key_set;

/* Whether the key is new; then it is in the set, which borrows it. */
static int add(key_set *set, const amkd_label_key *key)
{
    size_t at = XXH3_64bits(key, sizeof *key) & (set->size - 1);
    for (; set->slots[at]; at = (at + 1) & (set->size - 1))
        if (memcmp(set->slots[at], key, sizeof *key) == 0)
            return 0;
    set->slots[at] = key;
    return 1;
}

int amkd_questions_skip(amkd_questions *questions, const amkd_label_key *asked,
                        size_t nasked)
{
    key_set set = {.size = 16};
    while (set.size / 2 < nasked + questions->n)
        set.size *= 2;
    amkd_label_key *fresh = amkd_alloc(questions->n ? questions->n : 1, sizeof *fresh);
    set.slots = amkd_alloc(set.size, sizeof *set.slots);
    if (!fresh || !set.slots) {
        free(fresh);
        free(set.slots);
        return -1;
    }
    size_t n = 0;
    for (size_t r = 0; r < nasked; r++)
        add(&set, &asked[r]);
    for (size_t r = 0; r < questions->n; r++)
        if (add(&set, &questions->keys[r]))
            fresh[n++] = questions->keys[r];
    free(set.slots);
    free(questions->keys);
    questions->keys = fresh;
    questions->n = n;
    return 0;
}

void amkd_questions_clear(amkd_questions *questions)
{
    amkd_header_clear(&questions->header);
    amkd_images_free(questions->images);
    free(questions->keys);
}
