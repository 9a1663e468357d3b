/* What amkd-cat does as a library: values checked, rows as text and NPY, sheets of mixes.
 */
#include "base/error.h"
#include "data/fields.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_writer.h"
#include "data/mix.h"
#include "data/png.h"
#include "scratch.h"
#include "steps/show/cat.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <math.h>

typedef struct label {
    amkd_label_key key;
    float p[3];
} label;

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* Saves a set of 4 images of 1x2x1 at set.amkd. */
static amkd_images *save_set(void)
{
    static const uint8_t pixels[] = {0, 10, 100, 200, 255, 0, 7, 9};
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, 4, 1, 2, 1, 0), 0);
    memcpy(set->pixels, pixels, sizeof pixels);
    ck_assert_int_eq(amkd_images_header(&header, 1, 2, 1, 0, NULL), 0);
    ck_assert_int_eq(amkd_images_save(set, "set.amkd", &header, 1), 0);
    amkd_header_clear(&header);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_images_load(&set, "set.amkd", 1), 0);
    return set;
}

/* Writes a stream of this header, which is cleared, with references to the set. */
static void save_rows(const char *path, amkd_header *header, const void *rows, size_t n)
{
    amkd_writer *writer;
    amkd_images *set = save_set();
    ck_assert_int_eq(amkd_images_put_refs(header, set), 0);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_writer_open(&writer, path, header, 1), 0);
    ck_assert_int_eq(amkd_writer_write(writer, rows, n), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(header);
}

static void save_pairs(const amkd_pair *pairs, size_t n)
{
    amkd_header header;
    ck_assert_int_eq(amkd_pairs_header(&header), 0);
    save_rows("x.amkd", &header, pairs, n);
}

static void save_picks(const amkd_pick *picks, size_t n)
{
    amkd_header header;
    ck_assert_int_eq(amkd_picks_header(&header), 0);
    save_rows("x.amkd", &header, picks, n);
}

static void save_labels(const label *labels, size_t n)
{
    amkd_header header;
    ck_assert_int_eq(amkd_labels_header(&header, 3), 0);
    save_rows("x.amkd", &header, labels, n);
}

static int check_x(void)
{
    amkd_cat_found found;
    return amkd_cat_check(&found, "x.amkd", 1);
}

/* The output of a way of showing x.amkd, as a string that is freed. */
static char *shown(const char *format, const char *field, uint64_t head)
{
    size_t nbytes;
    amkd_cat_options options = {.path = "x.amkd",
                                .output = "shown",
                                .head = head,
                                .format = format,
                                .fields = &field,
                                .nfields = field != NULL};
    ck_assert_msg(!amkd_cat_rows(&options), "%s", amkd_error());
    char *text = (char *)get_file("shown", &nbytes);
    text[nbytes] = 0;
    return text;
}

START_TEST(pairs_are_ordered_and_inside_the_sets)
{
    save_pairs((amkd_pair[]){{0, 1}, {2, 3}}, 2);
    ck_assert_msg(!check_x(), "%s", amkd_error());
    save_pairs((amkd_pair[]){{0, 1}, {2, 4}}, 2);
    ck_assert_int_eq(check_x(), -1);
    assert_error("'x.amkd': row 1: j = 4 is outside the image sets, which hold 4");
    save_pairs((amkd_pair[]){{1, 0}}, 1);
    ck_assert_int_eq(check_x(), -1);
    assert_error("i = 1 is above j = 0");
    save_pairs((amkd_pair[]){{1, 1}}, 1);
    ck_assert_int_eq(check_x(), -1);
    assert_error("no pair");
}
END_TEST

START_TEST(picks_have_a_lambda_in_range_and_a_finite_score)
{
    static const struct {
        amkd_pick pick;
        const char *message;
    } cases[] = {
        {{0, 1, 0.3f, 0.5f}, NULL},
        {{0, 1, 0, 0.5f}, NULL},
        {{2, 2, 1, 0.5f}, NULL},
        {{0, 1, 1.01f, 0.5f}, "lambda 1.01 is outside [0, 1]"},
        {{0, 1, -0.01f, 0.5f}, "lambda -0.01 is outside [0, 1]"},
        {{0, 1, NAN, 0.5f}, "lambda nan is outside [0, 1]"},
        {{2, 2, 0.5f, 0.5f}, "of an image alone"},
        {{0, 1, 0.5f, NAN}, "score nan"},
        {{0, 1, 0.5f, INFINITY}, "score inf"},
        {{3, 4, 0.5f, 0.5f}, "j = 4"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        save_picks(&cases[c].pick, 1);
        ck_assert_int_eq(check_x(), cases[c].message ? -1 : 0);
        if (cases[c].message)
            assert_error(cases[c].message);
    }
}
END_TEST

START_TEST(labels_are_probabilities_that_sum_to_one)
{
    static const struct {
        label label;
        const char *message;
    } cases[] = {
        {{{0, 1, 0.3f}, {0.2f, 0.3f, 0.5f}}, NULL},
        {{{1, 1, 1}, {0, 0, 1.0009f}}, NULL},
        {{{0, 1, 0.3f}, {0.2f, 0.3f, 0.6f}}, "probabilities sum to 1.1"},
        {{{0, 1, 0.3f}, {-0.5f, 1, 0.5f}}, "probability -0.5 of class 0"},
        {{{0, 1, 0.3f}, {0, NAN, 1}}, "probability nan of class 1"},
        {{{0, 1, 2}, {0, 0, 1}}, "lambda 2"},
        {{{0, 9, 1}, {0, 0, 1}}, "j = 9"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        save_labels(&cases[c].label, 1);
        ck_assert_int_eq(check_x(), cases[c].message ? -1 : 0);
        if (cases[c].message)
            assert_error(cases[c].message);
    }
}
END_TEST

START_TEST(labels_of_images_are_classes)
{
    amkd_images *set;
    for (int32_t value = -1; value <= 3; value++) {
        amkd_header header;
        ck_assert_int_eq(amkd_images_new(&set, 1, 1, 1, 1, 3), 0);
        set->labels[0] = value;
        ck_assert_int_eq(amkd_images_header(&header, 1, 1, 1, 3, NULL), 0);
        ck_assert_int_eq(amkd_images_save(set, "x.amkd", &header, 1), 0);
        amkd_header_clear(&header);
        amkd_images_free(set);
        ck_assert_int_eq(check_x(), value < 0 || value == 3 ? -1 : 0);
    }
    assert_error("'x.amkd': row 0: label 3 is outside 0..2");
}
END_TEST

START_TEST(text_has_a_column_an_item_and_floats_that_read_back)
{
    const label labels[] = {{{0, 1, 0.3f}, {0.1f, 1 / 3.0f, 1e-30f}},
                            {{2, 3, 1}, {NAN, 0, 16777216}}};
    save_labels(labels, 2);
    char *text = shown("tsv", NULL, UINT64_MAX);
    ck_assert_str_eq(text, "i\tj\tlambda\tp0\tp1\tp2\n"
                           "0\t1\t0.3\t0.1\t0.33333334\t1e-30\n"
                           "2\t3\t1\tnan\t0\t16777216\n");
    free(text);
    text = shown("json", NULL, UINT64_MAX);
    ck_assert_str_eq(text,
                     "{\"i\":0,\"j\":1,\"lambda\":0.3,\"p\":[0.1,0.33333334,1e-30]}\n"
                     "{\"i\":2,\"j\":3,\"lambda\":1,\"p\":[null,0,16777216]}\n");
    free(text);
    text = shown("json", "lambda", 1);
    ck_assert_str_eq(text, "{\"lambda\":0.3}\n");
    free(text);
}
END_TEST

START_TEST(json_nests_arrays_by_their_shape)
{
    amkd_images_free(save_set());
    const char *source = "set.amkd";
    amkd_cat_options options = {
        .path = source, .output = "shown", .head = 1, .format = "json"};
    size_t nbytes;
    ck_assert_int_eq(amkd_cat_rows(&options), 0);
    char *text = (char *)get_file("shown", &nbytes);
    text[nbytes] = 0;
    ck_assert_str_eq(text, "{\"pixels\":[[[0],[10]]]}\n");
    free(text);
}
END_TEST

START_TEST(npy_is_an_array_of_records_or_of_one_field)
{
    save_labels((label[]){{{0, 1, 0.5f}, {0, 0, 1}}, {{0, 2, 0.5f}, {0, 1, 0}}}, 2);
    char *bytes = shown("npy", NULL, UINT64_MAX);
    ck_assert_ptr_nonnull(strstr(bytes + 10,
                                 "{'descr': [('i', '<u4'), ('j', '<u4'), ('lambda', "
                                 "'<f4'), ('p', '<f4', (3,))], 'fortran_order': False, "
                                 "'shape': (2,), }"));
    free(bytes);
    bytes = shown("npy", "p", 1);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "'<f4', 'fortran_order': False, 'shape': "
                                             "(1, 3), }"));
    float last;
    memcpy(&last, bytes + 128 + 8, sizeof last);
    ck_assert(last == 1);
    free(bytes);
}
END_TEST

START_TEST(an_unknown_field_is_an_error_and_leaves_no_file)
{
    const char *field = "score";
    amkd_cat_options options = {.path = "x.amkd",
                                .output = "gone",
                                .head = UINT64_MAX,
                                .format = "tsv",
                                .fields = &field,
                                .nfields = 1};
    save_pairs((amkd_pair[]){{0, 1}}, 1);
    ck_assert_int_eq(amkd_cat_rows(&options), -1);
    assert_error("'x.amkd': a row of pairs has no field 'score'");
    ck_assert_int_ne(access("gone", F_OK), 0);
}
END_TEST

/* The picture of x.amkd drawn as it is, one row of images. */
static amkd_picture drawn(size_t columns)
{
    size_t nbytes;
    amkd_picture sheet;
    amkd_cat_options options = {
        .path = "x.amkd", .output = "x.png", .head = 10, .columns = columns, .scale = 1};
    ck_assert_msg(!amkd_cat_sheet(&options), "%s", amkd_error());
    uint8_t *bytes = get_file("x.png", &nbytes);
    ck_assert_int_eq(amkd_png_decode(&sheet, bytes, nbytes), 0);
    free(bytes);
    return sheet;
}

START_TEST(a_sheet_of_picks_shows_the_mixed_pixels)
{
    save_picks((amkd_pick[]){{0, 1, 0.25f, 0}, {1, 2, 1, 0}}, 2);
    amkd_picture sheet = drawn(2);
    ck_assert_uint_eq(sheet.width, 2 + 2 + 2 + 2 + 2);
    ck_assert_uint_eq(sheet.height, 5);
    const uint8_t line[] = {112, 112, 75, 153, 112, 112, 100, 200, 112, 112};
    ck_assert_mem_eq(sheet.pixels + 2 * sheet.width, line, sizeof line);
    amkd_picture_clear(&sheet);
    save_pairs((amkd_pair[]){{0, 1}}, 1);
    sheet = drawn(1);
    ck_assert_uint_eq(sheet.pixels[2 * sheet.width + 2], 50);
    ck_assert_uint_eq(sheet.pixels[2 * sheet.width + 3], 105);
    amkd_picture_clear(&sheet);
}
END_TEST

START_TEST(a_sheet_needs_rows_that_are_sound)
{
    amkd_cat_options options = {.path = "x.amkd", .output = "x.png", .head = 10};
    remove("x.png");
    save_picks(&(amkd_pick){0, 4, 0.5f, 0}, 1);
    ck_assert_int_eq(amkd_cat_sheet(&options), -1);
    assert_error("'x.amkd': row 0: j = 4 is outside");
    save_picks(NULL, 0);
    ck_assert_int_eq(amkd_cat_sheet(&options), -1);
    assert_error("no images to draw");
    ck_assert_int_ne(access("x.png", F_OK), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cat");
    TCase *tests = tcase_create("cat");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pairs_are_ordered_and_inside_the_sets);
    tcase_add_test(tests, picks_have_a_lambda_in_range_and_a_finite_score);
    tcase_add_test(tests, labels_are_probabilities_that_sum_to_one);
    tcase_add_test(tests, labels_of_images_are_classes);
    tcase_add_test(tests, text_has_a_column_an_item_and_floats_that_read_back);
    tcase_add_test(tests, json_nests_arrays_by_their_shape);
    tcase_add_test(tests, npy_is_an_array_of_records_or_of_one_field);
    tcase_add_test(tests, an_unknown_field_is_an_error_and_leaves_no_file);
    tcase_add_test(tests, a_sheet_of_picks_shows_the_mixed_pixels);
    tcase_add_test(tests, a_sheet_needs_rows_that_are_sound);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
