/* CutMix: the rectangle's size and place, whose rectangle it is, and that nothing else
 * decides it than seed, row and view. */
#include "base/error.h"
#include "data/cutmix.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { H = 28, W = 20, N = 20000 };

static amkd_others *others_of(const amkd_images *images)
{
    amkd_others *others;
    ck_assert_msg(!amkd_others_new(&others, images), "%s", amkd_error());
    return others;
}

START_TEST(the_rectangle_has_the_papers_sides_and_place_and_at_most_half_the_area)
{
    const amkd_images images = {.n = 3};
    const amkd_view_options options = {.ranges = {.cutmix = 1}, .seed = 1};
    amkd_others *others = others_of(&images);
    size_t covered[H][W] = {{0}};
    double area = 0, widest = 0;
    int nwhole = 0;
    for (uint64_t v = 0; v < N; v++) {
        amkd_cutmix cutmix;
        amkd_cutmix_draw(&cutmix, &options, others, H, W, 0, v);
        const int32_t *cut = cutmix.cut;
        ck_assert(cut[0] >= 0 && cut[0] <= cut[2] && cut[2] <= W);
        ck_assert(cut[1] >= 0 && cut[1] <= cut[3] && cut[3] <= H);
        const double width = cut[2] - cut[0], height = cut[3] - cut[1];
        ck_assert_double_le(width * height, H * W / 2.0);
        widest = fmax(widest, width);
        for (int y = cut[1]; y < cut[3]; y++)
            for (int x = cut[0]; x < cut[2]; x++)
                covered[y][x]++;
        if (cut[0] > 0 && cut[1] > 0 && cut[2] < W && cut[3] < H && height > 0) {
            nwhole++; /* not cut off: both sides are of one lambda */
            ck_assert_double_eq_tol(height / H, width / W, 1.0 / W);
        }
        area += width * height / ((double)H * W * N);
    }
    /* A side of s = sqrt(1 - lambda) keeps s (1 - s/4) on the average, so that the area
     * is E s^2 (1 - s/4)^2 = 0.185; whole pixels make it 0.172. */
    ck_assert_double_eq_tol(area, 0.172, 0.003);
    ck_assert_double_eq(widest, floor(sqrt(0.5) * W));
    ck_assert_int_gt(nwhole, N / 10);
    /* All four corners and sides alike, fewer than the middle. */
    ck_assert_double_eq_tol((double)covered[0][0] / (double)covered[H - 1][W - 1], 1,
                            0.3);
    ck_assert_double_eq_tol((double)covered[0][W - 1] / (double)covered[H - 1][0], 1,
                            0.3);
    ck_assert_uint_gt(covered[H / 2][W / 2], 2 * covered[0][0]);
    amkd_others_free(others);
}
END_TEST

START_TEST(pasting_is_as_likely_as_asked_and_leaves_the_rest_as_it_is_drawn)
{
    const amkd_images images = {.n = 3};
    amkd_view_options options = {.ranges = {.cutmix = 0.3}, .seed = 2};
    amkd_others *others = others_of(&images);
    int npasted = 0;
    for (uint64_t v = 0; v < N; v++) {
        amkd_cutmix some, always;
        options.ranges.cutmix = 0.3;
        amkd_cutmix_draw(&some, &options, others, H, W, 1, v);
        options.ranges.cutmix = 1;
        amkd_cutmix_draw(&always, &options, others, H, W, 1, v);
        if (amkd_cutmix_pastes(&some)) {
            npasted++;
            ck_assert_mem_eq(&some, &always, sizeof some);
        }
        options.ranges.cutmix = 0;
        amkd_cutmix_draw(&some, &options, others, H, W, 1, v);
        ck_assert(!amkd_cutmix_pastes(&some));
    }
    /* A thirtieth of the rectangles is narrower than a pixel. */
    ck_assert_double_eq_tol(npasted / (double)N, 0.3, 0.02);
    amkd_others_free(others);
}
END_TEST

START_TEST(the_other_image_is_any_row_of_another_source)
{
    enum { ROWS = 7, DRAWS = 7000 };
    uint32_t sources[ROWS] = {4, 0, 4, 9, 0, 4, 9};
    const amkd_images sets[] = {{.n = ROWS, .sources = sources, .nsources = 10},
                                {.n = ROWS}};
    for (size_t s = 0; s < 2; s++) {
        amkd_others *others = others_of(&sets[s]);
        for (uint32_t row = 0; row < ROWS; row++) {
            size_t counts[ROWS] = {0}, nothers = 0;
            for (size_t d = 0; d < DRAWS; d++)
                counts[amkd_others_row(others, row, (double)d / DRAWS)]++;
            for (size_t r = 0; r < ROWS; r++)
                nothers +=
                    amkd_images_source(&sets[s], r) != amkd_images_source(&sets[s], row);
            for (size_t r = 0; r < ROWS; r++)
                if (amkd_images_source(&sets[s], r) == amkd_images_source(&sets[s], row))
                    ck_assert_uint_eq(counts[r], 0);
                else
                    ck_assert_double_eq_tol((double)counts[r],
                                            (double)DRAWS / (double)nothers, 2);
        }
        amkd_others_free(others);
    }
    const amkd_view_options options = {.ranges = {.cutmix = 1}};
    amkd_others *others = others_of(&sets[0]);
    for (uint64_t v = 0; v < 1000; v++) {
        amkd_cutmix cutmix;
        amkd_cutmix_draw(&cutmix, &options, others, H, W, v % ROWS, v);
        ck_assert_uint_ne(sources[cutmix.other.image], sources[v % ROWS]);
    }
    amkd_others_free(others);
}
END_TEST

START_TEST(a_set_of_one_image_has_no_other)
{
    uint32_t sources[] = {3, 3, 3};
    amkd_others *others;
    ck_assert_int_eq(amkd_others_new(&others, &(amkd_images){.n = 3, .sources = sources}),
                     -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "one and the same"));
    ck_assert_int_eq(amkd_others_new(&others, &(amkd_images){.n = 1}), -1);
}
END_TEST

START_TEST(what_is_pasted_depends_on_seed_row_and_number_alone)
{
    enum { M = 16 };
    const amkd_images images = {.n = M};
    const amkd_view_ranges ranges = {.rotate = 180, .shift = 0.3, .cutmix = 1};
    const amkd_view_options one = {.ranges = ranges, .seed = 1},
                            two = {.ranges = ranges, .seed = 2};
    static amkd_cutmix cuts[3][M][M];
    amkd_others *others = others_of(&images);
    for (uint64_t i = 0; i < M; i++)
        for (uint64_t j = 0; j < M; j++) {
            amkd_cutmix_draw(&cuts[0][i][j], &one, others, H, W, i, j);
            amkd_cutmix_draw(&cuts[1][i][j], &two, others, H, W, i, j);
        }
    for (uint64_t j = M; j-- > 0;)
        for (uint64_t i = M; i-- > 0;)
            amkd_cutmix_draw(&cuts[2][i][j], &one, others, H, W, i, j);
    ck_assert_mem_eq(cuts[0], cuts[2], sizeof cuts[0]);
    /* No two of them, and no view of one's own, are the same view. */
    const amkd_cutmix *all = &cuts[0][0][0];
    for (size_t a = 0; a < 2 * M * M; a++) {
        amkd_view view;
        amkd_view_draw(&view, a < M * M ? &one : &two, H, W, a / M % M, a % M);
        ck_assert_mem_ne(all[a].other.matrix, view.matrix, sizeof view.matrix);
        for (size_t b = 0; b < a; b++)
            ck_assert_mem_ne(all[a].other.matrix, all[b].other.matrix,
                             sizeof view.matrix);
    }
    amkd_others_free(others);
}
END_TEST

START_TEST(what_is_inside_the_rectangle_is_the_others)
{
    uint8_t out[3 * 4 * 2], other[3 * 4 * 2];
    const amkd_cutmix cutmix = {.cut = {1, 0, 3, 2}};
    memset(out, 1, sizeof out);
    for (size_t p = 0; p < sizeof other; p++)
        other[p] = (uint8_t)(100 + p);
    amkd_cutmix_paste(out, other, &cutmix, 3, 4, 2);
    for (size_t p = 0; p < sizeof out; p++) {
        const size_t x = p / 2 % 4, y = p / 8;
        ck_assert_uint_eq(out[p], x >= 1 && x < 3 && y < 2 ? 100 + p : 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cutmix");
    TCase *tests = tcase_create("cutmix");
    tcase_set_timeout(tests, 60);
    tcase_add_test(
        tests, the_rectangle_has_the_papers_sides_and_place_and_at_most_half_the_area);
    tcase_add_test(tests,
                   pasting_is_as_likely_as_asked_and_leaves_the_rest_as_it_is_drawn);
    tcase_add_test(tests, the_other_image_is_any_row_of_another_source);
    tcase_add_test(tests, a_set_of_one_image_has_no_other);
    tcase_add_test(tests, what_is_pasted_depends_on_seed_row_and_number_alone);
    tcase_add_test(tests, what_is_inside_the_rectangle_is_the_others);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
