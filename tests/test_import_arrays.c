/* Arrays as people have them: where their channels are, how their labels lie, what their
 * files are named; formats that are easily taken for one another. */
#include "base/error.h"
#include "base/memory.h"
#include "data/import.h"
#include "data/npy.h"
#include "scratch.h"

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

static amkd_import_options from(const char *const *sources, size_t n)
{
    return (amkd_import_options){
        .sources = sources, .nsources = n, .nthreads = 2, .quiet = 1};
}

static int import(amkd_images **set, const char *source)
{
    amkd_import_options options = from(&source, 1);
    return amkd_import(set, &options);
}

/* Writes an NPY file of these data. */
static void put_npy(const char *name, const char *dtype, const size_t *shape, size_t ndim,
                    const void *data, size_t ndata)
{
    char *header;
    size_t nbytes;
    ck_assert_int_eq(amkd_npy_print(&header, &nbytes, dtype, shape, ndim), 0);
    char *file = amkd_realloc(header, nbytes + ndata, 1);
    memcpy(file + nbytes, data, ndata);
    put_file(name, file, nbytes + ndata);
    free(file);
}

static void put_pixels(const char *name, const size_t *shape, size_t ndim)
{
    static uint8_t bytes[1 << 16];
    size_t n = 1;
    for (size_t d = 0; d < ndim; d++)
        n *= shape[d];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 7);
    put_npy(name, "|u1", shape, ndim, bytes, n);
}

START_TEST(channels_that_come_first_are_moved_and_it_is_said)
{
    const size_t shape[] = {2, 3, 5, 6};
    const char *source = "x.npy";
    amkd_import_options options = from(&source, 1);
    amkd_import_report report;
    amkd_images *set;
    put_pixels(source, shape, 4);
    amkd_import_report_init(&report, 9);
    options.report = &report;
    ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
    ck_assert_uint_eq(set->height, 5);
    ck_assert_uint_eq(set->width, 6);
    ck_assert_uint_eq(set->channels, 3);
    for (size_t i = 0; i < 2 * 90; i++) {
        size_t c = i % 3, x = i / 3 % 6, y = i / 18 % 5, n = i / 90;
        ck_assert_uint_eq(set->pixels[i], (uint8_t)((((n * 3 + c) * 5 + y) * 6 + x) * 7));
    }
    ck_assert_uint_eq(report.remarks.n, 1);
    ck_assert_ptr_nonnull(
        strstr(report.remarks.kept[0].text, "(2, 3, 5, 6) is read as channels first"));
    amkd_import_report_clear(&report);
    amkd_images_free(set);
}
END_TEST

START_TEST(the_layout_is_told_by_the_shape_or_asked_for)
{
    /* 0 channels: the shape does not tell. */
    static const struct {
        size_t shape[4], channels;
    } cases[] = {
        {{2, 8, 9, 3}, 3},  {{2, 8, 9, 1}, 1},  {{2, 3, 8, 9}, 3}, {{2, 1, 8, 8}, 1},
        {{2, 4, 8, 9}, 4},  {{2, 4, 5, 1}, 1},  {{2, 3, 3, 1}, 1}, {{2, 1, 3, 3}, 1},
        {{2, 1, 1, 1}, 1},  {{2, 8, 8, 32}, 0}, {{2, 8, 8, 5}, 0}, {{2, 1, 28, 1}, 0},
        {{2, 3, 32, 3}, 0}, {{2, 3, 3, 3}, 0},
    };
    const char *source = "x.npy";
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const size_t *shape = cases[c].shape;
        amkd_images *set;
        put_pixels(source, shape, 4);
        int failed = import(&set, source);
        ck_assert_msg(failed == (cases[c].channels ? 0 : -1), "case %zu", c);
        if (failed) {
            assert_error("does not tell where the channels are: ");
            assert_error("(--layout nhwc: last");
        } else {
            ck_assert_msg(set->channels == cases[c].channels, "case %zu", c);
            amkd_images_free(set);
        }
        amkd_import_options options = from(&source, 1);
        options.layout = "nhwc";
        ck_assert_int_eq(amkd_import(&set, &options), 0);
        ck_assert_uint_eq(set->channels, shape[3]);
        amkd_images_free(set);
        options.layout = "nchw";
        ck_assert_int_eq(amkd_import(&set, &options), 0);
        ck_assert_uint_eq(set->channels, shape[1]);
        amkd_images_free(set);
    }
}
END_TEST

START_TEST(one_picture_is_not_taken_for_a_set_of_gray_ones)
{
    const size_t shape[] = {28, 30, 3};
    amkd_images *set;
    put_pixels("x.npy", shape, 3);
    ck_assert_int_eq(import(&set, "x.npy"), -1);
    assert_error("(28, 30, 3) looks like one picture");
}
END_TEST

START_TEST(images_in_fortrans_order_are_the_same_images)
{
    /* The file of numpy.asfortranarray: (3, 4, 5, 1), the first index fastest. */
    const size_t shape[] = {3, 4, 5, 1};
    uint8_t bytes[60];
    size_t nbytes;
    for (size_t i = 0; i < 60; i++)
        bytes[i % 3 + 3 * (i / 3 % 4 + 4 * (i / 12))] =
            (uint8_t)(i % 3 * 20 + i / 3 % 4 * 5 + i / 12);
    put_npy("x.npy", "|u1", shape, 4, bytes, 60);
    uint8_t *file = get_file("x.npy", &nbytes);
    memcpy(strstr((char *)file + 10, "False"), "True ", 5);
    put_file("x.npy", file, nbytes);
    free(file);
    amkd_images *set;
    ck_assert_msg(!import(&set, "x.npy"), "%s", amkd_error());
    for (size_t i = 0; i < 60; i++)
        ck_assert_uint_eq(set->pixels[i], i);
    amkd_images_free(set);
}
END_TEST

static int import_labels(amkd_images **set, const char *dtype, const size_t *shape,
                         size_t ndim, const void *labels, size_t nbytes)
{
    const size_t pixels[] = {3, 2, 2};
    const char *source = "x.npy";
    amkd_import_options options = from(&source, 1);
    put_pixels(source, pixels, 3);
    put_npy("y.npy", dtype, shape, ndim, labels, nbytes);
    options.labels = "y.npy";
    return amkd_import(set, &options);
}

START_TEST(labels_are_a_row_or_a_column_of_any_integers)
{
    static const struct {
        const char *dtype, *labels;
        size_t ndim, nbytes;
    } cases[] = {
        {"|u1", "\2\0\1", 1, 3},
        {"|u1", "\2\0\1", 2, 3},
        {"|i1", "\2\0\1", 2, 3},
        {"<u2", "\2\0\0\0\1\0", 1, 6},
        {">u2", "\0\2\0\0\0\1", 1, 6},
        {"<i4", "\2\0\0\0\0\0\0\0\1\0\0\0", 2, 12},
        {">u8", "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 2, 24},
    };
    const size_t column[] = {3, 1};
    amkd_images *set;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(!import_labels(&set, cases[c].dtype, column, cases[c].ndim,
                                     cases[c].labels, cases[c].nbytes),
                      "case %zu: %s", c, amkd_error());
        ck_assert_int_eq(set->labels[0], 2);
        ck_assert_int_eq(set->labels[1], 0);
        ck_assert_int_eq(set->labels[2], 1);
        amkd_images_free(set);
    }
    ck_assert_int_eq(import_labels(&set, "|b1", column, 1, "\1\0\1", 3), 0);
    ck_assert_uint_eq(set->nclasses, 2);
    amkd_images_free(set);
}
END_TEST

START_TEST(rows_with_a_one_and_floats_are_no_labels)
{
    const size_t rows[] = {3, 2};
    const float floats[] = {0, 1, 2};
    amkd_images *set;
    ck_assert_int_eq(import_labels(&set, "|u1", rows, 2, "\0\1\1\0\0\1", 6), -1);
    assert_error("'y.npy': labels of shape (3, 2), expected (n) or (n, 1) (numpy.argmax");
    ck_assert_int_eq(import_labels(&set, "<f4", rows, 1, floats, sizeof floats), -1);
    assert_error("'y.npy': labels of dtype '<f4', expected integers");
    ck_assert_int_eq(import_labels(&set, "|i1", rows, 1, "\0\xff\1", 3), -1);
    assert_error("label -1 is outside");
}
END_TEST

static const uint8_t idx_images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0,
                                     1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
static const uint8_t idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

START_TEST(idx_labels_are_found_under_names_in_capitals)
{
    static const char *const names[][2] = {
        {"T-IMAGES-IDX3-UBYTE", "T-LABELS-IDX1-UBYTE"},
        {"T-IMAGES-IDX3-UBYTE.GZ", "T-LABELS-IDX1-UBYTE"},
        {"T-IMAGES-IDX3-UBYTE", "T-LABELS-IDX1-UBYTE.GZ"},
        {"Images.Idx3", "Labels.Idx1"},
        {"t-images-idx3-ubyte.gz", "t-labels-idx1-ubyte"},
    };
    for (size_t c = 0; c < sizeof names / sizeof *names; c++) {
        amkd_images *set;
        put_file(names[c][0], idx_images, sizeof idx_images);
        put_file(names[c][1], idx_labels, sizeof idx_labels);
        ck_assert_msg(!import(&set, names[c][0]), "%s", amkd_error());
        ck_assert_msg(set->labels != NULL, "%s has no labels", names[c][0]);
        ck_assert_int_eq(set->labels[0], 2);
        amkd_images_free(set);
        scratch_clear();
    }
}
END_TEST

/* A batch of n records, each of nlabels bytes with the label last, and dark pixels. */
static void put_cifar(const char *name, size_t n, size_t nlabels, uint8_t label)
{
    uint8_t *batch = calloc(n, nlabels + 3072);
    for (size_t r = 0; r < n; r++)
        batch[r * (nlabels + 3072) + nlabels - 1] = label;
    put_file(name, batch, n * (nlabels + 3072));
    free(batch);
}

START_TEST(a_batch_of_cifar_that_begins_like_idx_is_one_of_cifar)
{
    size_t nbytes;
    amkd_images *set;
    put_cifar("c.bin", 5, 1, 0);
    uint8_t *batch = get_file("c.bin", &nbytes);
    memcpy(batch, "\0\0\x08\x03", 4);
    put_file("c.bin", batch, nbytes);
    free(batch);
    ck_assert_msg(!import(&set, "c.bin"), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 5);
    ck_assert_uint_eq(set->channels, 3);
    ck_assert_uint_eq(set->nclasses, 10);
    amkd_images_free(set);
}
END_TEST

START_TEST(cifar_10_and_cifar_100_do_not_share_labels)
{
    const char *sources[] = {"c10.bin", "c100.bin"};
    amkd_import_options options = from(sources, 2);
    amkd_images *set;
    put_cifar("c10.bin", 2, 1, 3);
    put_cifar("c100.bin", 2, 2, 3);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("'c10.bin' has 10 classes and 'c100.bin' has 100");
    sources[0] = "c100.bin";
    sources[1] = "c10.bin";
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("'c100.bin' has 100 classes and 'c10.bin' has 10");
    options.unlabeled = 1;
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    ck_assert_uint_eq(set->n, 4);
    amkd_images_free(set);
}
END_TEST

START_TEST(files_of_other_formats_are_named)
{
    static const struct {
        const char *bytes;
        size_t nbytes;
        const char *name;
    } cases[] = {
        {"PK\3\4....", 8, "a zip archive (.npz is one"},
        {"\x80\2}q\1", 5, "a Python pickle"},
        {"GIF89a", 6, "a GIF picture"},
        {"8BPS\0\1", 6, "a Photoshop picture"},
        {"<!DOCTYPE HTML>", 15, "a web page"},
        {"", 0, "an empty file"},
    };
    amkd_images *set;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        put_file("x", cases[c].bytes, cases[c].nbytes);
        ck_assert_int_eq(import(&set, "x"), -1);
        assert_error(cases[c].name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_arrays");
    TCase *tests = tcase_create("import_arrays");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, channels_that_come_first_are_moved_and_it_is_said);
    tcase_add_test(tests, the_layout_is_told_by_the_shape_or_asked_for);
    tcase_add_test(tests, one_picture_is_not_taken_for_a_set_of_gray_ones);
    tcase_add_test(tests, images_in_fortrans_order_are_the_same_images);
    tcase_add_test(tests, labels_are_a_row_or_a_column_of_any_integers);
    tcase_add_test(tests, rows_with_a_one_and_floats_are_no_labels);
    tcase_add_test(tests, idx_labels_are_found_under_names_in_capitals);
    tcase_add_test(tests, a_batch_of_cifar_that_begins_like_idx_is_one_of_cifar);
    tcase_add_test(tests, cifar_10_and_cifar_100_do_not_share_labels);
    tcase_add_test(tests, files_of_other_formats_are_named);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
