/* Repeated images left out of an import: their order, their labels, what is told of them.
 */
#include "base/error.h"
#include "base/random.h"
#include "data/images_header.h"
#include "data/images_writer.h"
#include "data/import.h"
#include "scratch.h"

enum { SIDE = 24, NPIXELS = SIDE * SIDE };

/* A picture of blots drawn by number, in pixels[NPIXELS]. */
static void paint(uint8_t *pixels, uint64_t number)
{
    for (size_t i = 0; i < NPIXELS; i++)
        pixels[i] =
            (uint8_t)(amkd_random_u64(17, number, i / SIDE / 3 * 8 + i % SIDE / 3) % 200);
}

/* Writes IDX files NAME-images-idx3-ubyte and, unless labels is NULL, its labels. */
static void put_images(const char *name, const uint8_t *pixels, const uint8_t *labels,
                       uint8_t n)
{
    char path[64];
    uint8_t bytes[16 + 8 * NPIXELS] = {0, 0, 8, 3,    0, 0, 0, n,
                                       0, 0, 0, SIDE, 0, 0, 0, SIDE};
    ck_assert_uint_le(n, 8);
    memcpy(bytes + 16, pixels, n * (size_t)NPIXELS);
    snprintf(path, sizeof path, "%s-images-idx3-ubyte", name);
    put_file(path, bytes, 16 + n * (size_t)NPIXELS);
    if (!labels)
        return;
    uint8_t short_bytes[8 + 8] = {0, 0, 8, 1, 0, 0, 0, n};
    memcpy(short_bytes + 8, labels, n);
    snprintf(path, sizeof path, "%s-labels-idx1-ubyte", name);
    put_file(path, short_bytes, 8 + (size_t)n);
}

/* Pictures A B A' B A" C C D: ' is a little brighter, " is the same as '. */
static void paint_row(uint8_t pixels[8][NPIXELS])
{
    static const int which[] = {0, 1, 0, 1, 0, 2, 2, 3};
    for (size_t i = 0; i < 8; i++)
        paint(pixels[i], (uint64_t)which[i]);
    for (size_t i = 0; i < NPIXELS; i++)
        pixels[2][i] = pixels[4][i] = (uint8_t)(pixels[2][i] + 3);
}

static int import(amkd_images **set, amkd_import_report *report, int near,
                  const char *apart)
{
    static const char *const source = "x-images-idx3-ubyte";
    amkd_import_options options = {.sources = &source,
                                   .nsources = 1,
                                   .distinct = near >= 0,
                                   .near = near > 0 ? (unsigned)near : 0,
                                   .apart = &apart,
                                   .napart = apart ? 1 : 0,
                                   .nthreads = 3,
                                   .quiet = 1,
                                   .report = report};
    amkd_import_report_init(report, 10);
    return amkd_import(set, &options);
}

/* The set is of the rows of pixels and labels given by which, -1 ends it. */
static void assert_rows(const amkd_images *set, uint8_t pixels[8][NPIXELS],
                        const uint8_t *labels, const int *which)
{
    size_t n = 0;
    for (; which[n] >= 0; n++) {
        ck_assert_uint_lt(n, set->n);
        ck_assert_mem_eq(set->pixels + n * NPIXELS, pixels[which[n]], NPIXELS);
        if (set->labels)
            ck_assert_int_eq(set->labels[n], labels[which[n]]);
    }
    ck_assert_uint_eq(set->n, n);
    ck_assert_uint_eq(set->nsources, n);
}

static const uint8_t labels[8] = {0, 1, 2, 1, 0, 3, 4, 5};

START_TEST(copies_are_left_out_in_order_and_with_their_labels)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], labels, 8);
    ck_assert_msg(!import(&set, &report, 0, NULL), "%s", amkd_error());
    assert_rows(set, pixels, labels, (const int[]){0, 1, 2, 5, 7, -1});
    ck_assert_uint_eq(report.repeats.notes.n, 3);
    ck_assert_uint_eq(report.repeats.nexact, 3);
    ck_assert_uint_eq(report.repeats.nrelabeled, 2); /* A" and the second C */
    amkd_notes_sort(&report.repeats.notes);
    ck_assert_str_eq(report.repeats.notes.kept[0].text,
                     "'x-images-idx3-ubyte': image 3 is 'x-images-idx3-ubyte': image 1");
    ck_assert_uint_eq(report.apart.notes.n, 0);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(near_images_are_left_out_within_the_bits_given)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], labels, 8);
    ck_assert_msg(!import(&set, &report, 16, NULL), "%s", amkd_error());
    assert_rows(set, pixels, labels, (const int[]){0, 1, 5, 7, -1});
    ck_assert_uint_eq(report.repeats.notes.n, 4);
    ck_assert_uint_eq(report.repeats.nexact, 2);
    ck_assert_uint_eq(report.repeats.nrelabeled, 2); /* A' and the second C */
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(without_distinct_nothing_is_left_out)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    ck_assert_msg(!import(&set, &report, -1, NULL), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 8);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

static void save_apart(const uint8_t *pixels, size_t n, size_t side)
{
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, n, side, side, 1, 0), 0);
    memcpy(set->pixels, pixels, n * side * side);
    ck_assert_int_eq(amkd_images_header(&header, side, side, 1, 0, NULL), 0);
    ck_assert_msg(!amkd_images_save(set, "apart.amkd", &header, 1), "%s", amkd_error());
    amkd_header_clear(&header);
    amkd_images_free(set);
}

START_TEST(images_of_another_set_are_left_out_and_counted_apart)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    save_apart(pixels[1], 2, SIDE); /* B and A' */
    ck_assert_msg(!import(&set, &report, 0, "apart.amkd"), "%s", amkd_error());
    assert_rows(set, pixels, NULL, (const int[]){0, 5, 7, -1});
    ck_assert_uint_eq(report.apart.notes.n, 4);
    ck_assert_uint_eq(report.apart.nexact, 4);
    ck_assert_uint_eq(report.repeats.notes.n, 1);
    amkd_notes_sort(&report.apart.notes);
    ck_assert_str_eq(report.apart.notes.kept[1].text,
                     "'x-images-idx3-ubyte': image 2 is 'apart.amkd': image 1");
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    ck_assert_msg(!import(&set, &report, 16, "apart.amkd"), "%s", amkd_error());
    assert_rows(set, pixels, NULL, (const int[]){5, 7, -1});
    ck_assert_uint_eq(report.apart.notes.n, 5);
    ck_assert_uint_eq(report.apart.nexact, 4);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(a_set_of_another_shape_or_of_all_images_is_refused)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    save_apart(pixels[0], 3, SIDE / 2);
    ck_assert_int_eq(import(&set, &report, 0, "apart.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "of one shape"));
    amkd_import_report_clear(&report);
    save_apart(pixels[0], 8, SIDE);
    ck_assert_int_eq(import(&set, &report, 0, "apart.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "none of 8 images is left"));
    amkd_import_report_clear(&report);
    ck_assert_int_eq(import(&set, &report, 0, "nowhere.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "nowhere.amkd"));
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

/* The hash of a picture of one colour tells nothing, so two colours must stay apart. */
START_TEST(pictures_of_one_colour_repeat_only_themselves)
{
    uint8_t pixels[4][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    for (size_t i = 0; i < 4; i++)
        memset(pixels[i], i == 3 ? 0 : (int)(120 * i), NPIXELS);
    put_images("x", pixels[0], NULL, 4);
    ck_assert_msg(!import(&set, &report, 31, NULL), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 3);
    ck_assert_uint_eq(report.repeats.nexact, 1);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_distinct");
    TCase *tcase = tcase_create("import_distinct");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, copies_are_left_out_in_order_and_with_their_labels);
    tcase_add_test(tcase, near_images_are_left_out_within_the_bits_given);
    tcase_add_test(tcase, without_distinct_nothing_is_left_out);
    tcase_add_test(tcase, images_of_another_set_are_left_out_and_counted_apart);
    tcase_add_test(tcase, a_set_of_another_shape_or_of_all_images_is_refused);
    tcase_add_test(tcase, pictures_of_one_colour_repeat_only_themselves);
    suite_add_tcase(suite, tcase);
    return scratch_run(suite);
}
