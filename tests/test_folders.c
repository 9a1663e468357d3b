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

    mkdir("f/d", 0777);
    mkdir("f/c", 0777);
    ck_assert_int_eq(import(&set, "f"), -1);
    assert_error("class folder 'f/c', one of 2 such, holds no pictures");
    assert_error("(remove it, or name the classes by --class-names");
    options.unlabeled = 0;
    options.class_names = json_pack("[s, s, s]", "a", "a-", "b");
    ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
    amkd_images_free(set);
    json_decref(options.class_names);
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
    put_file("h/2.png", "RIFF\1\1\1\1WEBP", 12);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error("'h/2.png': WebP: the file is cut short");
    put_file("h/2.png", "GIF89a", 6);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error(
        "'h/2.png': no PNG, JPEG, WebP or BMP, but a GIF picture (--skip-bad leaves");
    ck_assert_int_eq(system("rm h/*"), 0);
    ck_assert_int_eq(import(&set, "h"), -1);
    assert_error("'h': no PNG, JPEG, WebP or BMP files");
    rmdir("h");
}
END_TEST

/* A folder of 40 pictures, number i of value i; those of bad are none. */
static void make_folder(const char *folder, const int *bad, size_t nbad)
{
    char path[64];
    mkdir(folder, 0777);
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "%s/%02d.png", folder, i);
        put_png(path, 2, 2, 1, i);
        for (size_t b = 0; b < nbad; b++)
            if (bad[b] == i)
                put_file(path, "bad", 3);
    }
}

START_TEST(bad_pictures_are_left_out_and_named_in_their_order)
{
    static const int bad[] = {0, 1, 17, 39};
    const char *folder = "k";
    amkd_images *set;
    for (size_t nthreads = 1; nthreads < 5; nthreads += 3) {
        amkd_import_options options = from(&folder);
        amkd_import_report report;
        make_folder(folder, bad, 4);
        amkd_import_report_init(&report, 3);
        options.skip_bad = 0.1;
        options.nthreads = nthreads;
        options.report = &report;
        ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
        ck_assert_uint_eq(set->n, 36);
        for (int i = 0; i < 36; i++)
            ck_assert_uint_eq(set->pixels[4 * i], i + 2 + (i >= 15));
        ck_assert_uint_eq(report.npictures, 40);
        ck_assert_uint_eq(report.bad.n, 4);
        amkd_notes_sort(&report.bad);
        ck_assert_uint_eq(report.bad.nkept, 3);
        ck_assert_str_eq(report.bad.kept[0].text,
                         "'k/00.png': no PNG, JPEG, WebP or BMP");
        ck_assert_str_eq(report.bad.kept[2].text,
                         "'k/17.png': no PNG, JPEG, WebP or BMP");
        amkd_images_free(set);
        amkd_import_report_clear(&report);
    }
    ck_assert_int_eq(system("rm -r k"), 0);
}
END_TEST

START_TEST(labels_stay_with_their_pictures_when_bad_ones_are_left_out)
{
    static const int bad[] = {3, 5};
    const char *folder = "m";
    amkd_images *set;
    amkd_import_options options = from(&folder);
    mkdir("m", 0777);
    make_folder("m/a", bad, 2);
    make_folder("m/b", bad, 1);
    options.skip_bad = 0.05;
    ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 77);
    ck_assert_uint_eq(set->nclasses, 2);
    for (int i = 0; i < 77; i++)
        ck_assert_int_eq(set->labels[i], i >= 38);
    ck_assert_uint_eq(set->pixels[4 * 38], 0);
    amkd_images_free(set);
    ck_assert_int_eq(system("rm -r m"), 0);
}
END_TEST

START_TEST(more_bad_pictures_than_the_share_are_an_error)
{
    static const int bad[] = {1, 2, 3, 4, 5};
    const char *folder = "l";
    amkd_images *set;
    amkd_import_options options = from(&folder);
    make_folder(folder, bad, 5);
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error(
        "'l/01.png': no PNG, JPEG, WebP or BMP (--skip-bad leaves such files out)");
    options.skip_bad = 0.1;
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("5 of 40 pictures cannot be read, more than the share of 0.1 that");
    options.skip_bad = 0.125;
    ck_assert_int_eq(amkd_import(&set, &options), 0);
    amkd_images_free(set);
    ck_assert_int_eq(system("for f in l/*; do echo bad >$f; done"), 0);
    options.skip_bad = 1;
    ck_assert_int_eq(amkd_import(&set, &options), -1);
    assert_error("none of 40 pictures can be read");
    ck_assert_int_eq(system("rm -r l"), 0);
}
END_TEST

START_TEST(what_is_no_picture_is_passed_over_and_counted)
{
    static const char *const others[] = {"p/a.gif",       "p/b.GIF", "p/c/d.gif",
                                         "p/c/notes.txt", "p/none",  "p/Thumbs.db",
                                         "p/.DS_Store"};
    const char *folder = "p";
    amkd_images *set;
    amkd_import_report report;
    amkd_import_options options = from(&folder);
    amkd_import_report_init(&report, 20);
    options.report = &report;
    options.unlabeled = 1;
    ck_assert_int_eq(
        system("mkdir -p p/c p/__MACOSX p/c/@eaDir p/lost+found &&"
               "ln -s . p/here && ln -s .. p/c/up && ln -s nowhere p/x.png &&"
               "ln -s ring p/ring && mkfifo p/pipe.jpg"),
        0);
    put_png("p/1.png", 2, 2, 1, 1);
    put_png("p/c/2.png", 2, 2, 1, 2);
    put_png("p/__MACOSX/1.png", 2, 2, 1, 3);
    put_png("p/c/@eaDir/thumb.png", 9, 9, 1, 3);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put_file(others[i], "x", 1);
    ck_assert_msg(!amkd_import(&set, &options), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 2);
    ck_assert_uint_eq(report.others.n, 5);
    char *text = amkd_endings_print(&report.others);
    ck_assert_str_eq(text, "3 .gif, 1 .txt, 1 other");
    free(text);
    static const char *const passed[] = {
        "'p/__MACOSX': a folder that a system made for itself",
        "'p/c/@eaDir': a folder that a system made for itself",
        "'p/c/up': a link back to a folder that it lies in",
        "'p/here': a link back to a folder that it lies in",
        "'p/lost+found': a folder that a system made for itself",
        "'p/pipe.jpg': neither a file nor a folder",
        "'p/ring': a link that leads in a circle",
        "'p/x.png': a link that leads nowhere"};
    amkd_notes_sort(&report.passed);
    ck_assert_uint_eq(report.passed.n, 8);
    for (size_t i = 0; i < 8; i++)
        ck_assert_str_eq(report.passed.kept[i].text, passed[i]);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    ck_assert_int_eq(system("rm -r p"), 0);
}
END_TEST

START_TEST(a_folder_of_other_files_alone_says_which)
{
    amkd_images *set;
    mkdir("q", 0777);
    put_file("q/1.gif", "x", 1);
    put_file("q/2.gif", "x", 1);
    put_file("q/notes", "x", 1);
    ck_assert_int_eq(import(&set, "q"), -1);
    assert_error("'q': no PNG, JPEG, WebP or BMP files in it, but 2 .gif, 1 other");
    ck_assert_int_eq(system("rm -r q"), 0);
}
END_TEST

START_TEST(notes_keep_the_first_and_count_all)
{
    amkd_notes notes;
    amkd_notes_init(&notes, 3);
    for (uint64_t i = 0; i < 1000; i++)
        amkd_notes_add(&notes, i * 389 % 1000, "note\n%llu",
                       (unsigned long long)(i * 389 % 1000));
    ck_assert_uint_le(notes.room, 64);
    amkd_notes_sort(&notes);
    ck_assert_uint_eq(notes.n, 1000);
    ck_assert_uint_eq(notes.nkept, 3);
    ck_assert_str_eq(notes.kept[0].text, "note?0");
    ck_assert_str_eq(notes.kept[2].text, "note?2");
    amkd_notes_clear(&notes);
    amkd_notes_init(&notes, 0);
    amkd_notes_add(&notes, 1, "none");
    ck_assert_uint_eq(notes.n + notes.nkept, 1);
    amkd_notes_clear(&notes);
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
    tcase_add_test(tests, bad_pictures_are_left_out_and_named_in_their_order);
    tcase_add_test(tests, labels_stay_with_their_pictures_when_bad_ones_are_left_out);
    tcase_add_test(tests, more_bad_pictures_than_the_share_are_an_error);
    tcase_add_test(tests, what_is_no_picture_is_passed_over_and_counted);
    tcase_add_test(tests, a_folder_of_other_files_alone_says_which);
    tcase_add_test(tests, notes_keep_the_first_and_count_all);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
