/* Answers held out of training: the same ones on every side, whatever lies around them.
 */
#include "base/error.h"
#include "base/memory.h"
#include "steps/learn/holdout.h"
#include <check.h>
#include <string.h>

enum { NIMAGES = 60, NPIXELS = 6, NCLASSES = 2, NROWS = 1000 };

/* Mixes of random images; targets[r] is [r, -r], to be found again. */
static amkd_dataset make_dataset(size_t first, size_t n)
{
    amkd_dataset dataset = {.n = n, .nclasses = NCLASSES};
    ck_assert_int_eq(amkd_images_new(&dataset.images, NIMAGES, 2, 3, 1, 0), 0);
    for (size_t at = 0; at < NIMAGES * NPIXELS; at++)
        dataset.images->pixels[at] = (uint8_t)(at * at * 31 + at * 7);
    dataset.keys = amkd_alloc(n, sizeof *dataset.keys);
    dataset.targets = amkd_alloc(n * NCLASSES, sizeof *dataset.targets);
    for (size_t r = 0; r < n; r++) {
        const uint32_t row = (uint32_t)(first + r);
        dataset.keys[r] =
            (amkd_label_key){row % NIMAGES, row / 7 % NIMAGES, (float)(row % 17) / 17};
        dataset.targets[r * NCLASSES] = (float)row;
        dataset.targets[r * NCLASSES + 1] = -(float)row;
    }
    return dataset;
}

/* Marks the rows of that side with value; each must be whole. */
static void mark(int *sides, size_t first, size_t n, double share, amkd_holdout_side side)
{
    amkd_dataset dataset = make_dataset(first, n);
    ck_assert_int_eq(amkd_dataset_hold_out(&dataset, share, side), 0);
    for (size_t r = 0; r < dataset.n; r++) {
        const uint32_t row = (uint32_t)dataset.targets[r * NCLASSES];
        ck_assert(dataset.targets[r * NCLASSES + 1] == -(float)row);
        ck_assert_uint_eq(dataset.keys[r].i, row % NIMAGES);
        ck_assert_uint_eq(dataset.keys[r].j, row / 7 % NIMAGES);
        sides[row] += side == AMKD_HELD_OUT ? 1 : 10;
    }
    amkd_dataset_clear(&dataset);
}

START_TEST(every_row_is_on_one_side_and_the_share_is_met)
{
    int sides[NROWS] = {0};
    size_t nheld = 0;
    mark(sides, 0, NROWS, 0.2, AMKD_HELD_OUT);
    mark(sides, 0, NROWS, 0.2, AMKD_TRAINED_ON);
    for (size_t r = 0; r < NROWS; r++) {
        ck_assert(sides[r] == 1 || sides[r] == 10);
        nheld += sides[r] == 1;
    }
    ck_assert_uint_gt(nheld, 140);
    ck_assert_uint_lt(nheld, 260);
}
END_TEST

START_TEST(a_row_stays_on_its_side_among_others_and_under_a_larger_share)
{
    int whole[NROWS] = {0}, parts[NROWS] = {0}, more[NROWS] = {0};
    mark(whole, 0, NROWS, 0.2, AMKD_HELD_OUT);
    mark(parts, 600, NROWS - 600, 0.2, AMKD_HELD_OUT);
    mark(parts, 0, 600, 0.2, AMKD_HELD_OUT);
    mark(more, 0, NROWS, 0.4, AMKD_HELD_OUT);
    ck_assert_mem_eq(whole, parts, sizeof whole);
    for (size_t r = 0; r < NROWS; r++)
        ck_assert_int_le(whole[r], more[r]);
}
END_TEST

START_TEST(the_same_pixels_are_on_the_same_side)
{
    amkd_dataset dataset = make_dataset(0, NROWS);
    for (size_t r = 0; r < NROWS; r++) /* each image mixed with itself */
        dataset.keys[r].j = dataset.keys[r].i;
    ck_assert_int_eq(amkd_dataset_hold_out(&dataset, 0.3, AMKD_HELD_OUT), 0);
    size_t times[NIMAGES] = {0};
    for (size_t r = 0; r < dataset.n; r++)
        times[dataset.keys[r].i]++;
    for (size_t i = 0; i < NIMAGES; i++)
        ck_assert(times[i] == 0 || times[i] >= NROWS / NIMAGES);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(a_side_with_nothing_on_it_is_refused)
{
    amkd_dataset dataset = make_dataset(0, NROWS);
    ck_assert_int_eq(amkd_dataset_hold_out(&dataset, 0, AMKD_HELD_OUT), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "none of the 1000 rows"));
    amkd_dataset_clear(&dataset);
    dataset = make_dataset(0, NROWS);
    ck_assert_int_eq(amkd_dataset_hold_out(&dataset, 1, AMKD_TRAINED_ON), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "all of the 1000 rows"));
    amkd_dataset_clear(&dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("holdout");
    TCase *tests = tcase_create("holdout");
    tcase_add_test(tests, every_row_is_on_one_side_and_the_share_is_met);
    tcase_add_test(tests, a_row_stays_on_its_side_among_others_and_under_a_larger_share);
    tcase_add_test(tests, the_same_pixels_are_on_the_same_side);
    tcase_add_test(tests, a_side_with_nothing_on_it_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? 1 : 0;
}
