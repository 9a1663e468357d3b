/* IDX, NPY and CIFAR imported: tiny files, whole, cut short and lying; samples. */
#include "base/error.h"
#include "base/memory.h"
#include "data/class_names.h"
#include "data/import.h"
#include "data/npy.h"
#include "data/source.h"
#include "scratch.h"
#include <zlib.h>

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

static amkd_import_options from(const char *const *source)
{
    return (amkd_import_options){
        .sources = source, .nsources = 1, .nthreads = 2, .quiet = 1};
}

/* Imports one source with all defaults. */
static int import(amkd_images **set, const char *source)
{
    amkd_import_options options = from(&source);
    return amkd_import(set, &options);
}

static const uint8_t idx_images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0,
                                     1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
static const uint8_t idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

START_TEST(idx_images_find_their_labels_also_gzipped)
{
    amkd_images *set;
    put_file("t-images-idx3-ubyte", idx_images, sizeof idx_images);
    gzFile zipped = gzopen("t-labels-idx1-ubyte.gz", "wb");
    ck_assert_int_eq(gzwrite(zipped, idx_labels, sizeof idx_labels), sizeof idx_labels);
    ck_assert_int_eq(gzclose(zipped), Z_OK);
    ck_assert_msg(!import(&set, "t-images-idx3-ubyte"), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 3);
    ck_assert_uint_eq(set->width, 2);
    ck_assert_mem_eq(set->pixels, idx_images + 16, 6);
    ck_assert_uint_eq(set->nclasses, 3);
    ck_assert_int_eq(set->labels[0], 2);
    amkd_images_free(set);
    scratch_clear();
    ck_assert_int_eq(import(&set, "t-images-idx3-ubyte"), -1);
    assert_error("'t-images-idx3-ubyte'");
}
END_TEST

/* Every proper beginning of the file and the file with a byte more must fail. */
static void assert_whole_only(const char *name, const uint8_t *bytes, size_t nbytes,
                              const char *format)
{
    uint8_t *longer = calloc(nbytes + 1, 1);
    memcpy(longer, bytes, nbytes);
    for (size_t n = 0; n <= nbytes + 1; n++) {
        amkd_images *set = NULL;
        amkd_import_options options = from(&name);
        options.format = format;
        put_file(name, longer, n);
        int failed = amkd_import(&set, &options);
        ck_assert_msg(failed == (n == nbytes ? 0 : -1), "%zu of %zu bytes", n, nbytes);
        if (failed)
            assert_error(name);
        else
            amkd_images_free(set);
    }
    free(longer);
}

START_TEST(idx_cut_short_anywhere_or_longer_is_refused)
{
    assert_whole_only("x.idx", idx_images, sizeof idx_images, "idx");
    assert_whole_only("x.idx", idx_images, sizeof idx_images, NULL);
}
END_TEST

START_TEST(idx_labels_that_do_not_fit_are_refused)
{
    amkd_images *set;
    uint8_t labels[sizeof idx_labels];
    memcpy(labels, idx_labels, sizeof labels);
    put_file("t-images-idx3-ubyte", idx_images, sizeof idx_images);
    labels[7] = 2;
    put_file("t-labels-idx1-ubyte", labels, sizeof labels - 1);
    ck_assert_int_eq(import(&set, "t-images-idx3-ubyte"), -1);
    assert_error("3 images, but 2 labels in 't-labels-idx1-ubyte'");
    labels[7] = 255;
    put_file("t-labels-idx1-ubyte", labels, sizeof labels);
    ck_assert_int_eq(import(&set, "t-images-idx3-ubyte"), -1);
    assert_error("3 bytes, expected 255 by the header");
    ck_assert_int_eq(import(&set, "t-labels-idx1-ubyte"), -1);
    assert_error("1 dimensions, expected 3 (images)");
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    uint8_t bytes[24] = {0, 0, 8, 3};
    amkd_images *set;
    memset(bytes + 4, 0xff, 12);
    put_file("x.idx", bytes, sizeof bytes);
    ck_assert_int_eq(import(&set, "x.idx"), -1);
    assert_error("more than memory holds");
}
END_TEST

START_TEST(broken_gzip_is_refused)
{
    amkd_images *set;
    size_t nbytes;
    gzFile zipped = gzopen("x.gz", "wb");
    ck_assert_int_eq(gzwrite(zipped, idx_images, sizeof idx_images), sizeof idx_images);
    ck_assert_int_eq(gzclose(zipped), Z_OK);
    uint8_t *bytes = get_file("x.gz", &nbytes);
    assert_whole_only("x.gz", bytes, nbytes, "idx");
    bytes[nbytes - 6] ^= 1; /* the checksum */
    put_file("x.gz", bytes, nbytes);
    ck_assert_int_eq(import(&set, "x.gz"), -1);
    assert_error("'x.gz': gzip data are broken");
    free(bytes);
}
END_TEST

START_TEST(all_members_of_a_gzip_file_are_read)
{
    amkd_images *set;
    for (size_t at = 0; at < sizeof idx_images; at += 11) {
        gzFile zipped = gzopen("x.gz", at ? "ab" : "wb");
        ck_assert_int_eq(gzwrite(zipped, idx_images + at, 11), 11);
        ck_assert_int_eq(gzclose(zipped), Z_OK);
    }
    ck_assert_msg(!import(&set, "x.gz"), "%s", amkd_error());
    ck_assert_mem_eq(set->pixels, idx_images + 16, 6);
    amkd_images_free(set);
    remove("x.gz");
}
END_TEST

/* Writes an NPY file of ndata bytes that count up. */
static void put_npy(const char *name, const char *dtype, const size_t *shape, size_t ndim,
                    size_t ndata)
{
    char *header;
    size_t nbytes;
    ck_assert_int_eq(amkd_npy_print(&header, &nbytes, dtype, shape, ndim), 0);
    char *file = amkd_realloc(header, nbytes + ndata, 1);
    for (size_t i = 0; i < ndata; i++)
        file[nbytes + i] = (char)i;
    put_file(name, file, nbytes + ndata);
    free(file);
}

START_TEST(npy_images_have_three_or_four_dimensions_of_uint8)
{
    amkd_images *set;
    const size_t shape[] = {2, 2, 1, 3, 1};
    put_npy("x.npy", "|u1", shape, 4, 12);
    ck_assert_msg(!import(&set, "x.npy"), "%s", amkd_error());
    ck_assert_uint_eq(set->channels, 3);
    ck_assert_uint_eq(set->pixels[11], 11);
    ck_assert_ptr_null(set->labels);
    amkd_images_free(set);
    put_npy("x.npy", "|u1", shape, 3, 4);
    ck_assert_int_eq(import(&set, "x.npy"), 0);
    ck_assert_uint_eq(set->channels, 1);
    amkd_images_free(set);
    put_npy("x.npy", "|u1", shape, 5, 12);
    ck_assert_int_eq(import(&set, "x.npy"), -1);
    assert_error("5 dimensions");
    put_npy("x.npy", "<f4", shape, 4, 48);
    ck_assert_int_eq(import(&set, "x.npy"), -1);
    assert_error("expected '|u1'");
}
END_TEST

START_TEST(npy_cut_short_anywhere_or_longer_is_refused)
{
    const size_t shape[] = {2, 1, 3};
    size_t nbytes;
    put_npy("x.npy", "|u1", shape, 3, 6);
    uint8_t *bytes = get_file("x.npy", &nbytes);
    assert_whole_only("x.npy", bytes, nbytes, "npy");
    free(bytes);
}
END_TEST

START_TEST(labels_of_a_file_go_with_all_sources_in_turn)
{
    amkd_images *set;
    const char *sources[] = {"a.npy", "b.npy"};
    const size_t shape[] = {2, 1, 1}, nlabels = 4, nwrong = 3;
    amkd_import_options options = {
        .sources = sources, .nsources = 2, .labels = "y.npy", .nthreads = 1, .quiet = 1};
    put_npy("a.npy", "|u1", shape, 3, 2);
    put_npy("b.npy", "|u1", shape, 3, 2);
    put_npy("y.npy", "|u1", &nlabels, 1, 4);
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    ck_assert_int_eq(set->labels[3], 3);
    ck_assert_uint_eq(set->nclasses, 4);
    amkd_images_free(set);
    options.class_names = json_pack("[s, s]", "a", "b");
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("label 3 has no name");
    json_decref(options.class_names);
    options.class_names = NULL;
    put_npy("y.npy", "|u1", &nwrong, 1, 3);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("'y.npy': 3 labels for 4 images");
}
END_TEST

START_TEST(cifar_records_become_interleaved_pixels_with_the_fine_label)
{
    static uint8_t batch[2 * 3074];
    amkd_images *set;
    memset(batch, 0, sizeof batch);
    batch[3073] = 9;
    batch[3074] = 1;
    batch[3074 + 1024] = 2;
    batch[3074 + 2048] = 3;
    put_file("data.bin", batch, 2 * 3073);
    ck_assert_msg(!import(&set, "data.bin"), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 2);
    ck_assert_uint_eq(set->nclasses, 10);
    ck_assert_int_eq(set->labels[1], 9);
    ck_assert_mem_eq(set->pixels + 3072, ((uint8_t[]){1, 2, 3, 0}), 4);
    amkd_images_free(set);
    batch[3073] = 10;
    put_file("data.bin", batch, 2 * 3073);
    ck_assert_int_eq(import(&set, "data.bin"), -1);
    assert_error("'data.bin': image 1: label 10 is outside 0..9");
    batch[3074] = 19;
    batch[3075] = 99;
    put_file("data.bin", batch, 2 * 3074);
    ck_assert_int_eq(import(&set, "data.bin"), 0);
    ck_assert_uint_eq(set->nclasses, 100);
    ck_assert_int_eq(set->labels[1], 99);
    amkd_images_free(set);
    put_file("data.bin", batch, 3075);
    ck_assert_int_eq(import(&set, "data.bin"), -1);
    assert_error("nor of the size of a CIFAR batch");
}
END_TEST

START_TEST(cifar_takes_class_names_from_the_file_beside_it)
{
    static uint8_t batch[3073];
    amkd_images *set;
    const char *names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
    put_file("data.bin", batch, sizeof batch);
    put_file("batches.meta.txt", names, strlen(names));
    ck_assert_int_eq(import(&set, "data.bin"), 0);
    ck_assert_uint_eq(json_array_size(set->class_names), 10);
    amkd_images_free(set);
    put_file("batches.meta.txt", names, 6);
    ck_assert_int_eq(import(&set, "data.bin"), -1);
    assert_error("3 class names, expected 10");
    remove("batches.meta.txt");
}
END_TEST

START_TEST(a_sample_is_drawn_without_replacement_and_kept_in_order)
{
    amkd_images *set, *again, *other;
    const size_t shape[] = {200, 1, 1};
    const char *source = "n.npy";
    amkd_import_options options = from(&source);
    put_npy("n.npy", "|u1", shape, 3, 200);
    put_npy("m.npy", "|u1", shape, 1, 200);
    options.labels = "m.npy";
    options.limit = 100;
    options.sample = 60;
    options.seed = 3;
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    ck_assert_uint_eq(set->n, 60);
    ck_assert_uint_eq(set->nclasses, 200);
    for (size_t i = 0; i < 60; i++)
        ck_assert_int_eq(set->labels[i], set->pixels[i]);
    for (size_t i = 1; i < 60; i++)
        ck_assert_uint_gt(set->pixels[i], set->pixels[i - 1]);
    ck_assert_uint_lt(set->pixels[59], 100);
    ck_assert_uint_gt(set->pixels[59], 60);
    ck_assert_int_eq(amkd_import(&again, &options), 0);
    ck_assert_mem_eq(set->pixels, again->pixels, 60);
    options.seed = 4;
    ck_assert_int_eq(amkd_import(&other, &options), 0);
    ck_assert_mem_ne(set->pixels, other->pixels, 60);
    options.sample = 101;
    amkd_images_free(set);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("cannot sample 101 of 100 images");
    amkd_images_free(again);
    amkd_images_free(other);
}
END_TEST

START_TEST(class_names_are_a_file_or_a_list)
{
    json_t *names;
    ck_assert_int_eq(amkd_class_names_read(&names, "T-shirt/top,bag"), 0);
    ck_assert_uint_eq(json_array_size(names), 2);
    json_decref(names);
    put_file("names.txt", "one\r\ntwo", 8);
    ck_assert_int_eq(amkd_class_names_read(&names, "names.txt"), 0);
    ck_assert_str_eq(json_string_value(json_array_get(names, 0)), "one");
    json_decref(names);
    ck_assert_int_eq(amkd_class_names_read(&names, "nowhere"), -1);
    assert_error("no such file");
}
END_TEST

/* As ImageNet's, which has two cranes, comes out of an editor on Windows. */
START_TEST(class_names_keep_the_numbers_of_their_lines)
{
    static const char text[] = "\xef\xbb\xbf"
                               "ant\r\n\r\ncrane\r\ncrane\r\n\r\n\r\n";
    static const char *const expected[] = {"ant", "", "crane", "crane"};
    static const char *const lists[] = {"names.txt", "ant,,crane,crane,"};
    put_file("names.txt", text, sizeof text - 1);
    for (size_t l = 0; l < 2; l++) {
        json_t *names;
        ck_assert_msg(amkd_class_names_read(&names, lists[l]) == 0, "%s", amkd_error());
        ck_assert_uint_eq(json_array_size(names), 4);
        for (size_t y = 0; y < 4; y++)
            ck_assert_str_eq(json_string_value(json_array_get(names, y)), expected[y]);
        ck_assert_int_eq(amkd_class_names_distinct(names), -1);
        assert_error("class name 2: is empty");
        json_array_remove(names, 1);
        ck_assert_int_eq(amkd_class_names_distinct(names), -1);
        assert_error("class name 3: 'crane' was there before, as name 2");
        json_array_remove(names, 1);
        ck_assert_int_eq(amkd_class_names_distinct(names), 0);
        json_decref(names);
    }
    put_file("names.txt", "a\0b\n", 4);
    json_t *names;
    ck_assert_int_eq(amkd_class_names_read(&names, "names.txt"), -1);
    assert_error("'names.txt': class names: is no text");
    ck_assert_int_eq(amkd_class_names_read(&names, ",,"), -1);
    assert_error("no class names");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("importers");
    TCase *tests = tcase_create("importers");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, idx_images_find_their_labels_also_gzipped);
    tcase_add_test(tests, idx_cut_short_anywhere_or_longer_is_refused);
    tcase_add_test(tests, idx_labels_that_do_not_fit_are_refused);
    tcase_add_test(tests, sizes_that_overflow_are_refused);
    tcase_add_test(tests, broken_gzip_is_refused);
    tcase_add_test(tests, all_members_of_a_gzip_file_are_read);
    tcase_add_test(tests, npy_images_have_three_or_four_dimensions_of_uint8);
    tcase_add_test(tests, npy_cut_short_anywhere_or_longer_is_refused);
    tcase_add_test(tests, labels_of_a_file_go_with_all_sources_in_turn);
    tcase_add_test(tests, cifar_records_become_interleaved_pixels_with_the_fine_label);
    tcase_add_test(tests, cifar_takes_class_names_from_the_file_beside_it);
    tcase_add_test(tests, a_sample_is_drawn_without_replacement_and_kept_in_order);
    tcase_add_test(tests, class_names_are_a_file_or_a_list);
    tcase_add_test(tests, class_names_keep_the_numbers_of_their_lines);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
