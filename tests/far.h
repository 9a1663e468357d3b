/* What the tests of far image sets share: sets of chance, saved and loaded far or not. */
#ifndef AMKD_TESTS_FAR_H
#define AMKD_TESTS_FAR_H

#include "base/error.h"
#include "base/random.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_rows.h"
#include "data/images_writer.h"
#include "scratch.h"

enum { N = 300, HEIGHT = 23, WIDTH = 31, NPIXELS = HEIGHT * WIDTH };

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* Has sets of more than so many bytes be far. */
static void allow(const char *memory)
{
    setenv("AMKD_MEMORY", memory, 1);
}

static amkd_images *new_set(uint64_t seed, int labeled, int views)
{
    amkd_images *set;
    ck_assert_int_eq(amkd_images_new(&set, N, HEIGHT, WIDTH, 1, labeled ? 7 : 0), 0);
    for (size_t p = 0; p < N * NPIXELS; p++)
        set->pixels[p] = (uint8_t)(amkd_random_u64(seed, 1, p) & 15);
    for (size_t r = 0; labeled && r < N; r++)
        set->labels[r] = (int32_t)(r % 7);
    if (views)
        set->sources = calloc(N, sizeof *set->sources);
    for (size_t r = 0; views && r < N; r++)
        set->sources[r] = (uint32_t)(r / 3);
    return set;
}

static void save_set(const char *path, uint64_t seed, int labeled, int views)
{
    amkd_header header;
    amkd_images *set = new_set(seed, labeled, views);
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, 1, labeled ? 7 : 0, NULL),
                     0);
    if (views) {
        json_t *of = json_pack("{s:{s:i, s:s}}", "of", "rows", N / 3, "digest",
                               "xxh3-128:0123456789abcdef0123456789abcdef");
        ck_assert_int_eq(amkd_header_put(&header, "views", of), 0);
        ck_assert_int_eq(amkd_header_add(&header, "source", "<u4", NULL, 0), 0);
    }
    ck_assert_msg(!amkd_images_save(set, path, &header, 2), "%s", amkd_error());
    amkd_header_clear(&header);
    amkd_images_free(set);
}

static amkd_images *load(const char *path, int far)
{
    amkd_images *set;
    allow(far ? "10K" : "1G");
    ck_assert_msg(!amkd_images_load(&set, path, 3), "%s", amkd_error());
    ck_assert_int_eq(!set->pixels, far);
    return set;
}

/* b is read, by many rows at once and one by one. */
static void assert_same_pixels(const amkd_images *a, const amkd_images *b)
{
    enum { NROWS = 1000 };
    const uint8_t *whole = amkd_images_rows(a, NULL, 0, a->n);
    uint8_t *got = malloc(NROWS * NPIXELS);
    uint32_t rows[NROWS];
    ck_assert_uint_eq(a->n, b->n);
    for (size_t r = 0; r < NROWS; r++)
        rows[r] = (uint32_t)(amkd_random_u64(5, 2, r) % a->n);
    ck_assert_msg(!amkd_images_gather(got, b, rows, NROWS), "%s", amkd_error());
    for (size_t r = 0; r < NROWS; r++)
        ck_assert_mem_eq(got + r * NPIXELS, whole + rows[r] * NPIXELS, NPIXELS);
    for (size_t r = 0; r < a->n; r += 37) {
        const uint8_t *row = amkd_images_rows(b, got, r, 1);
        ck_assert_ptr_nonnull(row);
        ck_assert_mem_eq(row, whole + r * NPIXELS, NPIXELS);
    }
    free(got);
}

#endif
