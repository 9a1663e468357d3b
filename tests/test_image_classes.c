/* The classes of images from answers about them, of several sets and of views. */
#include "base/error.h"
#include "scratch.h"
#include "steps/image_classes.h"
#include "stream/rows.h"
#include "stream/stream.h"

enum { NCLASSES = 3 };

typedef struct row {
    amkd_label_key key;
    float p[NCLASSES];
} row;

/* A header whose images are the sets of a JSON list. */
static amkd_header header_of(const char *refs, int labels)
{
    amkd_header header = {0};
    ck_assert(
        !(labels ? amkd_labels_header(&header, NCLASSES) : amkd_pairs_header(&header)));
    ck_assert(!amkd_header_put(&header, "images", json_loads(refs, 0, NULL)));
    return header;
}

static void write_labels(const char *path, const char *refs, const row *rows, size_t n)
{
    amkd_writer *writer;
    amkd_header header = header_of(refs, 1);
    ck_assert_msg(!amkd_writer_open(&writer, path, &header, 0), "%s", amkd_error());
    ck_assert(!amkd_writer_write(writer, rows, n));
    ck_assert(!amkd_writer_close(writer));
    amkd_header_clear(&header);
}

static int load(amkd_image_classes *classes, const char *refs, const uint32_t *sources,
                size_t npaths)
{
    static const char *const paths[] = {"a.amkd", "b.amkd"};
    amkd_header header = header_of(refs, 0);
    const int rc = amkd_image_classes_load(classes, paths, npaths, &header, sources, 0);
    amkd_header_clear(&header);
    return rc;
}

#define SET(name, rows)                                                                  \
    "{\"path\": \"" name "\", \"rows\": " rows ", \"digest\": \"" name "\"}"
#define VIEWS(rows, name, of)                                                            \
    "{\"path\": \"v\", \"rows\": " rows ", \"digest\": \"v\", \"of\": {\"rows\": " of    \
    ", \"digest\": \"" name "\"}}"

/* Answers about x, three images, with a mix between; and about y behind x. */
static void write_answers(void)
{
    const row x[] = {{{2, 2, 1}, {0.2F, 0.2F, 0.6F}},
                     {{0, 1, 0.5F}, {1, 0, 0}},
                     {{0, 0, 1}, {0.4F, 0.4F, 0.2F}},
                     {{1, 1, 1}, {0, 1, 0}},
                     {{1, 1, 1}, {1, 0, 0}}};
    const row y[] = {{{4, 4, 1}, {0, 0.5F, 0.5F}}, {{3, 3, 1}, {0, 0, 1}}};
    scratch_clear();
    write_labels("a.amkd", "[" SET("x", "3") "]", x, 5);
    write_labels("b.amkd", "[" SET("x", "3") ", " SET("y", "2") "]", y, 2);
}

START_TEST(classes_are_the_likeliest_of_the_first_answer_about_each_image)
{
    amkd_image_classes classes, again;
    write_answers();
    ck_assert_msg(!load(&classes, "[" SET("x", "3") "]", NULL, 1), "%s", amkd_error());
    ck_assert_uint_eq(classes.n, NCLASSES);
    ck_assert_mem_eq(classes.of_image, ((uint32_t[]){0, 1, 2}), 3 * sizeof(uint32_t));
    ck_assert(!load(&again, "[" SET("y", "2") ", " SET("x", "3") "]", NULL, 2));
    ck_assert_mem_eq(again.of_image, ((uint32_t[]){2, 1, 0, 1, 2}), 5 * sizeof(uint32_t));
    ck_assert_str_ne(again.digest, classes.digest);
    amkd_image_classes_clear(&classes);
    amkd_image_classes_clear(&again);
}
END_TEST

START_TEST(views_have_the_class_of_their_source)
{
    amkd_image_classes classes;
    write_answers();
    const uint32_t views[] = {2, 0, 2, 1}, joined[] = {0, 1, 3, 4, 2, 2, 0};
    ck_assert(!load(&classes, "[" VIEWS("4", "x", "3") "]", views, 1));
    ck_assert_mem_eq(classes.of_image, ((uint32_t[]){2, 0, 2, 1}), 4 * sizeof(uint32_t));
    amkd_image_classes_clear(&classes);
    /* y, then views of x, which are numbered behind y, then x. */
    ck_assert(!load(&classes,
                    "[" SET("y", "2") ", " VIEWS("2", "x", "3") ", " SET("x", "3") "]",
                    joined, 2));
    ck_assert_mem_eq(classes.of_image, ((uint32_t[]){2, 1, 1, 2, 0, 0, 2}),
                     7 * sizeof(uint32_t));
    amkd_image_classes_clear(&classes);
}
END_TEST

START_TEST(images_without_an_answer_and_files_that_disagree_are_errors)
{
    amkd_image_classes classes;
    write_answers();
    ck_assert_int_eq(load(&classes, "[" SET("x", "3") ", " SET("y", "2") "]", NULL, 1),
                     -1);
    ck_assert_msg(strstr(amkd_error(), "class of image 3 is not known") != NULL, "%s",
                  amkd_error());
    ck_assert_int_eq(load(&classes, "[" SET("z", "3") "]", NULL, 2), -1);
    amkd_writer *writer;
    amkd_header header = {0};
    ck_assert(!amkd_labels_header(&header, 2));
    ck_assert(
        !amkd_header_put(&header, "images", json_loads("[" SET("y", "2") "]", 0, NULL)));
    ck_assert(!amkd_writer_open(&writer, "b.amkd", &header, 0));
    ck_assert(!amkd_writer_close(writer));
    amkd_header_clear(&header);
    ck_assert_int_eq(load(&classes, "[" SET("x", "3") "]", NULL, 2), -1);
    ck_assert_str_eq(amkd_error(),
                     "'b.amkd' has 2 classes, but the files before it have 3");
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("image classes");
    tcase_add_test(test, classes_are_the_likeliest_of_the_first_answer_about_each_image);
    tcase_add_test(test, views_have_the_class_of_their_source);
    tcase_add_test(test, images_without_an_answer_and_files_that_disagree_are_errors);
    Suite *suite = suite_create("image_classes");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
