/* Folders of pictures imported: classes, differing shapes, broken files. */
#include "base/error.h"
#include "data/import.h"
#include "data/png.h"
#include "scratch.h"

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

/* Writes a PNG of one colour. */
static void put_png(const char *name, size_t height, size_t width, size_t channels,
                    int value)
{
    amkd_picture picture;
    ck_assert_int_eq(amkd_picture_new(&picture, height, width, channels), 0);
    memset(picture.pixels, value, height * width * channels);
    ck_assert_msg(!amkd_png_write(name, &picture), "%s", amkd_error());
    amkd_picture_clear(&picture);
}

START_TEST(subfolders_are_classes_in_the_order_of_their_names)
{
    amkd_images *set;
    mkdir("f", 0777);
    mkdir("f/b", 0777);
    mkdir("f/a-", 0777);
    mkdir("f/a", 0777);
    put_png("f/b/1.png", 2, 2, 1, 30);
    put_png("f/a/2.PNG", 2, 2, 1, 10);
    put_png("f/a-/1.png", 2, 2, 1, 20);
    put_file("f/a/notes.txt", "x", 1);
    put_file("f/a/.hidden.png", "x", 1);
    ck_assert_msg(!import(&set, "f/"), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 3);
    ck_assert_uint_eq(set->nclasses, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(set->labels[i], i);
        ck_assert_uint_eq(set->pixels[4 * i], 10 * i + 10);
    }
    ck_assert_str_eq(json_string_value(json_array_get(set->class_names, 1)), "a-");
    amkd_images_free(set);

    const char *folder = "f";
    amkd_import_options options = from(&folder);
    options.class_names = json_pack("[s, s, s, s]", "b", "z", "a", "a-");
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    ck_assert_int_eq(set->labels[0], 2);
    ck_assert_int_eq(set->labels[2], 0);
    ck_assert_uint_eq(set->nclasses, 4);
    amkd_images_free(set);
    json_array_remove(options.class_names, 2);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("'f/a/2.PNG': class 'a' is none of the class names");
    json_decref(options.class_names);

    put_png("f/flat.png", 2, 2, 1, 40);
    ck_assert_int_eq(import(&set, "f"), -1);
    assert_error("'f/flat.png' lies beside class folders");
    options = from(&folder);
    options.unlabeled = 1;
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    ck_assert_uint_eq(set->n, 4);
    ck_assert_ptr_null(set->labels);
    amkd_images_free(set);
    remove("f/flat.png");

    /* Folders go by the names of their classes. */
    options = from(&folder);
    options.class_names = json_pack("[s, s, s, s]", "a", "a-", "b", "b");
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("class name 4: 'b' was there before");
    json_decref(options.class_names);

    mkdir("f/c", 0777);
    ck_assert_int_eq(import(&set, "f"), -1);
    assert_error("class folder 'f/c' holds no PNG or JPEG");
    ck_assert_int_eq(system("rm -r f"), 0);
}
END_TEST

START_TEST(differing_shapes_are_an_error_that_names_both)
{
    amkd_images *set;
    const char *folder = "g";
    amkd_import_options options = from(&folder);
    mkdir("g", 0777);
    put_png("g/1.png", 4, 6, 1, 7);
    put_png("g/2.png", 5, 6, 3, 7);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("'g/1.png' is 6x4, 1 channels, 'g/2.png' is 6x5, 3 channels");
    assert_error("--resize with --gray or --rgb");
    options.width = 3;
    options.height = 2;
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("(--gray or --rgb makes them one)");
    options.channels = 3;
    ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
    ck_assert_uint_eq(set->width, 3);
    ck_assert_uint_eq(set->channels, 3);
    for (size_t i = 0; i < set->n * amkd_images_npixels(set); i++)
        ck_assert_uint_eq(set->pixels[i], 7);
    amkd_images_free(set);
    const size_t others[][3] = {{5, 6, 1}, {4, 5, 1}, {4, 6, 3}};
    for (size_t i = 0; i < 3; i++) {
        put_png("g/2.png", others[i][0], others[i][1], others[i][2], 7);
        ck_assert_int_eq(import(&set, "g"), -1);
        assert_error("'g/1.png' is 6x4, 1 channels, 'g/2.png' is");
    }
    ck_assert_int_eq(system("rm -r g"), 0);
}
END_TEST

START_TEST(a_broken_picture_is_named)
{
    amkd_images *set;
    mkdir("h", 0777);
    put_png("h/1.png", 4, 4, 1, 7);
    put_file("h/2.png", "\x89PNG\r\n\x1a\n broken", 15);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error("'h/2.png': PNG: ");
    put_file("h/2.png", "GIF89a", 6);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error("'h/2.png': neither PNG nor JPEG");
    ck_assert_int_eq(system("rm h/*"), 0);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error("'h': no PNG or JPEG files");
    rmdir("h");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("folders");
    TCase *tests = tcase_create("folders");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, subfolders_are_classes_in_the_order_of_their_names);
    tcase_add_test(tests, differing_shapes_are_an_error_that_names_both);
    tcase_add_test(tests, a_broken_picture_is_named);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
