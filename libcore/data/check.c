/* Checks of rows' values, kind by kind. */
#include "data/check.h"
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_index.h"
#include "data/images_refs.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include <math.h>
#include <string.h>

static int check_image(const amkd_check *check, const uint8_t *row)
{
    const amkd_field *field = amkd_header_field(check->header, "label");
    int32_t label = 0;
    if (field)
        memcpy(&label, row + field->offset, sizeof label);
    if (field && (label < 0 || (size_t)label >= check->nclasses))
        return amkd_fail("label %d is outside 0..%zu", label, check->nclasses - 1);
    field = amkd_header_field(check->header, "source");
    uint32_t source = 0;
    if (field)
        memcpy(&source, row + field->offset, sizeof source);
    if (source >= check->nimages)
        return amkd_fail("source %u is outside 0..%llu", source,
                         (unsigned long long)check->nimages - 1);
    return 0;
}

static int check_pair(const amkd_check *check, uint32_t i, uint32_t j)
{
    if (i > j)
        return amkd_fail("i = %u is above j = %u", i, j);
    if (j >= check->nimages)
        return amkd_fail("j = %u is outside the image sets, which hold %llu", j,
                         (unsigned long long)check->nimages);
    return 0;
}

static int check_mix(const amkd_check *check, uint32_t i, uint32_t j, float lambda)
{
    if (check_pair(check, i, j))
        return -1;
    if (!(lambda >= 0 && lambda <= 1))
        return amkd_fail("lambda %g is outside [0, 1]", (double)lambda);
    if (i == j && lambda != 1)
        return amkd_fail("lambda %g of an image alone (i = j = %u) is not 1",
                         (double)lambda, i);
    return 0;
}

static int check_probabilities(const uint8_t *p, size_t nclasses)
{
    double sum = 0;
    for (size_t c = 0; c < nclasses; c++) {
        float value;
        memcpy(&value, p + c * sizeof value, sizeof value);
        if (!isfinite(value) || value < 0)
            return amkd_fail("probability %g of class %zu, expected 0 to 1",
                             (double)value, c);
        sum += (double)value;
    }
    if (fabs(sum - 1) > 1e-3)
        return amkd_fail("probabilities sum to %g, expected 1", sum);
    return 0;
}

static int check_pair_row(const amkd_check *check, const uint8_t *row)
{
    amkd_pair pair;
    memcpy(&pair, row, sizeof pair);
    const int single = amkd_header_is_single(check->header);
    if (single && pair.i != pair.j)
        return amkd_fail("i = %u, j = %u, expected a single image", pair.i, pair.j);
    if (!single && pair.i == pair.j)
        return amkd_fail("i = j = %u is no pair", pair.i);
    return check_pair(check, pair.i, pair.j);
}

static int check_pick_row(const amkd_check *check, const uint8_t *row)
{
    amkd_pick pick;
    memcpy(&pick, row, sizeof pick);
    if (check_mix(check, pick.i, pick.j, pick.lambda))
        return -1;
    if (!isfinite(pick.score))
        return amkd_fail("score %g, expected a finite number", (double)pick.score);
    return 0;
}

static int check_label_row(const amkd_check *check, const uint8_t *row)
{
    amkd_label_key key;
    memcpy(&key, row, sizeof key);
    if (check_mix(check, key.i, key.j, key.lambda))
        return -1;
    return check_probabilities(row + sizeof key, check->nclasses);
}

/* That places go forward is seen when the index is used. */
static int check_index_row(const amkd_check *check, const uint8_t *row)
{
    uint64_t at;
    const uint64_t nbytes = amkd_index_nbytes(check->header);
    memcpy(&at, row, sizeof at);
    if (at >> 16 >= nbytes)
        return amkd_fail("byte %llu is outside the images file, which has %llu",
                         (unsigned long long)(at >> 16), (unsigned long long)nbytes);
    return 0;
}

static int init_images(amkd_check *check)
{
    amkd_images_layout layout;
    if (amkd_images_layout_read(&layout, check->header))
        return -1;
    check->row = check_image;
    if (layout.source)
        check->nimages = layout.source_rows;
    check->nclasses = layout.nclasses;
    return 0;
}

int amkd_check_init(amkd_check *check, const amkd_header *header)
{
    *check = (amkd_check){.header = header, .nimages = UINT64_MAX};
    int failed;
    if (!strcmp(header->kind, "images"))
        return init_images(check);
    if (!strcmp(header->kind, "index")) {
        check->row = check_index_row;
        return amkd_index_expect(header);
    }
    if (!strcmp(header->kind, "pairs")) {
        check->row = check_pair_row;
        failed = amkd_pairs_check(header);
    } else if (!strcmp(header->kind, "picks")) {
        check->row = check_pick_row;
        failed = amkd_picks_check(header);
    } else if (!strcmp(header->kind, "labels")) {
        check->row = check_label_row;
        failed = amkd_labels_check(header, &check->nclasses);
    } else {
        failed = amkd_fail("kind '%s' is none of images, pairs, picks, labels, index",
                           header->kind);
    }
    if (!failed && amkd_images_refs_count(header))
        failed = amkd_images_refs_rows(&check->nimages, header);
    return failed;
}

int amkd_check_rows(const amkd_check *check, const void *rows, size_t n, uint64_t first)
{
    for (size_t r = 0; r < n; r++)
        if (check->row(check, (const uint8_t *)rows + r * check->header->row_nbytes))
            return amkd_fail_in("row %llu", (unsigned long long)(first + r));
    return 0;
}
