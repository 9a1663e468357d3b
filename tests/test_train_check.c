/* What headers tell of a training before it: inputs that go together, and networks that
 * take them. */
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_writer.h"
#include "net/known.h"
#include "scratch.h"
#include "steps/learn/train_check.h"

static void expect_message(const char *text)
{
    ck_assert_msg(strstr(amkd_error(), text) != NULL, "said '%s', expected '%s'",
                  amkd_error(), text);
}

static void put_images(const char *path, size_t side, size_t channels, size_t nclasses)
{
    amkd_images *images;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&images, 5, side, side, channels, nclasses), 0);
    ck_assert_int_eq(amkd_images_header(&header, side, side, channels, nclasses, NULL),
                     0);
    ck_assert_int_eq(amkd_images_save(images, path, &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(images);
}

static int check(const char *arch, const char *input, const char *val)
{
    const amkd_train_plan plan = {
        .inputs = &input, .ninputs = 1, .arch = arch, .val = val};
    return amkd_train_check(&plan);
}

static int check_of(const char *arch, const char *input, uint64_t nclasses)
{
    const amkd_train_plan plan = {.inputs = &input,
                                  .ninputs = 1,
                                  .arch = arch,
                                  .says_classes = 1,
                                  .nclasses = nclasses};
    return amkd_train_check(&plan);
}

START_TEST(headers_tell_shape_classes_and_rows)
{
    amkd_known known;
    put_images("set", 7, 3, 4);
    ck_assert_int_eq(amkd_known_read(&known, "set", "labels images"), 0);
    ck_assert_str_eq(known.kind, "images");
    ck_assert_uint_eq(known.shape.channels, 3);
    ck_assert_uint_eq(known.shape.height, 7);
    ck_assert_uint_eq(known.nclasses, 4);
    ck_assert_uint_eq(known.nrows, 5);
    ck_assert_int_eq(amkd_known_read(&known, "set", "labels pairs"), -1);
    expect_message("'set': holds images, expected labels pairs");
}
END_TEST

START_TEST(what_is_not_there_yet_is_passed_over)
{
    amkd_known known;
    ck_assert_int_eq(amkd_known_read(&known, "none", "images"), 0);
    ck_assert_str_eq(known.kind, "");
    ck_assert_int_eq(amkd_known_read(&known, "-", "images"), 0);
    ck_assert_int_eq(check("lenet5", "none", "none"), 0);
    put_file("junk", "no stream", 9);
    ck_assert_int_eq(amkd_known_read(&known, "junk", "images"), -1);
}
END_TEST

START_TEST(more_channels_than_networks_take_are_refused)
{
    put_images("deep", 8, 65, 0);
    ck_assert_int_eq(check("mlp", "deep", NULL), -1);
    expect_message("'deep': inputs of 65 channels, at most 64 are supported");
    put_images("deep", 8, 64, 0);
    ck_assert_int_eq(check("mlp", "deep", NULL), 0);
}
END_TEST

START_TEST(an_architecture_must_fit_images_and_classes)
{
    put_images("plain", 8, 1, 0);
    put_images("labeled", 8, 1, 3);
    put_images("large", 9, 1, 3);
    ck_assert_int_eq(check("conv 2 k9 | fc classes", "plain", NULL), -1);
    ck_assert_int_eq(check("fc 7", "plain", NULL), 0);
    ck_assert_int_eq(check("fc classes", "plain", NULL), 0);
    ck_assert_int_eq(check("fc 7", "labeled", NULL), -1);
    ck_assert_int_eq(check("fc 7", "plain", "labeled"), -1);
    ck_assert_int_eq(check("fc classes", "plain", "large"), -1);
    expect_message("'large': 1x9x9 images");
    ck_assert_int_eq(check_of("fc 7", "labeled", 7), 0);
    ck_assert_int_eq(check_of("fc 7", "labeled", 0), 0);
    ck_assert_int_eq(check_of("fc 7", "plain", 6), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train_check");
    TCase *tests = tcase_create("headers");
    tcase_add_test(tests, headers_tell_shape_classes_and_rows);
    tcase_add_test(tests, what_is_not_there_yet_is_passed_over);
    tcase_add_test(tests, more_channels_than_networks_take_are_refused);
    tcase_add_test(tests, an_architecture_must_fit_images_and_classes);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
