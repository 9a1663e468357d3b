/* TensorFlow Serving's requests and answers that amkd-serve speaks, as bytes. */
#include "base/error.h"
#include "scratch.h"
#include "serve/tfserving.h"
#include "served.h"
#include <check.h>

static void assert_tf(const char *json, const uint8_t *pixels, size_t n,
                      const char *answer)
{
    static const float probs[] = {0.25f, 0.75f, 0.5f, 0.5f};
    const amkd_outputs outputs = {{probs, NULL}};
    amkd_question question;
    amkd_bytes text = {0};
    ck_assert_msg(!amkd_tfserving_parse(&question, &served, json, strlen(json)), "%s: %s",
                  json, amkd_error());
    ck_assert_uint_eq(question.n, n);
    ck_assert_mem_eq(question.pixels, pixels, n * SIZE);
    amkd_tfserving_answer(&text, &served, &question, &outputs);
    ck_assert_uint_eq(text.n, strlen(answer));
    ck_assert_mem_eq(text.data, answer, text.n);
    amkd_bytes_clear(&text);
    amkd_question_clear(&question);
}

START_TEST(rows_and_columns_ask_the_same)
{
    static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const char *rows = "{\"predictions\":[[0.25,0.75],[0.5,0.5]]}";
    const char *columns = "{\"outputs\":[[0.25,0.75],[0.5,0.5]]}";
    assert_tf("{\"instances\":[[[[1,2],[3,4],[5,6]]],[[[7,8],[9,10],[11,12]]]]}", pixels,
              2, rows);
    assert_tf("{\"signature_name\":\"serving_default\",\"instances\":[{\"image\":[[[1,2],"
              "[3,4],[5,6]]]},{\"image\":[[[7,8],[9,10],[11,12]]]}]}",
              pixels, 2, rows);
    assert_tf("{\"inputs\":[[[[1,2],[3,4],[5,6]]],[[[7,8],[9,10],[11,12]]]]}", pixels, 2,
              columns);
    assert_tf("{\"inputs\":{\"image\":[[[[1,2],[3,4],[5,6]]],[[[7,8],[9,10],[11,12]]]]}}",
              pixels, 2, columns);
}
END_TEST

START_TEST(planes_are_told_from_rows_by_their_shape)
{
    static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    assert_tf("{\"instances\":[[[[1,3,5]],[[2,4,6]]]]}", pixels, 1,
              "{\"predictions\":[[0.25,0.75]]}");
    served.floats = 1;
    assert_tf("{\"instances\":[[[[0.00392156863,0.00784313725],[0.0117647059,"
              "0.0156862745],[0.0196078431,0.0235294118]]]]}",
              pixels, 1, "{\"predictions\":[[0.25,0.75]]}");
    served.floats = 0;
}
END_TEST

static void assert_tf_refused(const char *json, const char *message)
{
    amkd_question question;
    ck_assert_msg(amkd_tfserving_parse(&question, &served, json, strlen(json)) == -1,
                  "accepted: %s", json);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "%s\n said '%s', expected '%s'",
                  json, amkd_error(), message);
}

START_TEST(bad_predict_requests_are_refused)
{
    assert_tf_refused("{}", "expected either");
    assert_tf_refused("{\"instances\":[],\"inputs\":[]}", "expected either");
    assert_tf_refused("{\"instances\":[]}", "\"instances\": no images");
    assert_tf_refused("{\"instances\":7}", "not an array of images");
    assert_tf_refused("{\"instances\":[1,2]}", "nested 1 deep");
    assert_tf_refused("{\"instances\":[[[[1,2],[3,4]]]]}", "not nested [1][3][2]");
    assert_tf_refused("{\"instances\":[{\"b64\":\"AQ==\"}]}",
                      "instance 0: expected an object with \"image\" alone");
    assert_tf_refused("{\"instances\":[{\"image\":\"x\"}]}",
                      "instance 0: not an array of numbers");
    assert_tf_refused("{\"instances\":[{\"image\":[[[1,2],[3,4],[5,6]]]},"
                      "{\"image\":[[[1,3,5]],[[2,4,6]]]}]}",
                      "instance 1: an image is not nested");
    assert_tf_refused("{\"instances\":[{\"image\":[[[1,2],[3,4],[5,256]]]}]}",
                      "value 5 is 256");
    assert_tf_refused("{\"inputs\":{\"x\":[[[[1,2],[3,4],[5,6]]]]}}",
                      "expected an object");
    assert_tf_refused("{\"inputs\":{\"image\":7}}", "\"inputs\": not an array of images");
    assert_tf_refused("{\"signature_name\":\"x\",\"instances\":[]}",
                      "\"signature_name\"");
}
END_TEST

START_TEST(images_beyond_the_limit_are_refused)
{
    char json[1024], *at = json;
    at += sprintf(at, "{\"instances\":[");
    for (size_t i = 0; i < 4; i++)
        at += sprintf(at, "%s{\"image\":[[[1,2],[3,4],[5,6]]]}", i ? "," : "");
    sprintf(at, "]}");
    assert_tf_refused(json, "4 images in one request, at most 3");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("serve_tfserving");
    TCase *tests = tcase_create("serve_tfserving");
    tcase_add_test(tests, rows_and_columns_ask_the_same);
    tcase_add_test(tests, planes_are_told_from_rows_by_their_shape);
    tcase_add_test(tests, bad_predict_requests_are_refused);
    tcase_add_test(tests, images_beyond_the_limit_are_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
