/* Requests and answers of the Open Inference Protocol that amkd-serve speaks, as bytes.
 */
#include "base/error.h"
#include "scratch.h"
#include "serve/oip.h"
#include "serve/skeleton.h"
#include "serve/tfserving.h"
#include "served.h"
#include <check.h>
#include <math.h>

static int parse(amkd_question *question, const char *json, const void *tensors,
                 size_t ntensors)
{
    const size_t n = strlen(json);
    char *body = malloc(n + ntensors + 1);
    static char *kept;
    memcpy(body, json, n);
    if (ntensors)
        memcpy(body + n, tensors, ntensors);
    free(kept); /* the last question may have pointed into it */
    kept = body;
    return amkd_oip_parse(question, &served, body, n + ntensors, n);
}

#define INPUT(shape, datatype, rest)                                                     \
    "{\"inputs\":[{\"name\":\"image\",\"shape\":" shape ",\"datatype\":\"" datatype      \
    "\"," rest "}]}"
#define PIXELS(data) INPUT("[1,1,3,2]", "UINT8", "\"data\":" data)
#define PLANES(data) INPUT("[1,2,1,3]", "FP32", "\"data\":" data)

static void assert_pixels(const char *json, const void *tensors, size_t ntensors,
                          size_t n)
{
    static const uint8_t expected[] = {1, 2, 3, 4, 5, 255, 0, 9, 8, 7, 6, 5};
    amkd_question question;
    ck_assert_msg(!parse(&question, json, tensors, ntensors), "%s", amkd_error());
    ck_assert_uint_eq(question.n, n);
    ck_assert_ptr_null(question.planes);
    ck_assert_mem_eq(question.pixels, expected, n * SIZE);
    ck_assert_uint_eq(question.noutputs, 1);
    ck_assert_int_eq(question.outputs[0].kind, AMKD_OUTPUT_PROBS);
    amkd_question_clear(&question);
}

START_TEST(pixels_may_be_flat_or_nested_or_bytes)
{
    assert_pixels(PIXELS("[1,2,3,4,5,255]"), NULL, 0, 1);
    assert_pixels(PIXELS("[ [\n[[1,2],[3,\t4], [5,255]]] ]"), NULL, 0, 1);
    assert_pixels(PIXELS("[1.0,20e-1,3,4,5,2.55E2]"), NULL, 0, 1);
    assert_pixels(INPUT("[2,1,3,2]", "UINT8",
                        "\"data\":[[[[1,2],[3,4],[5,255]]],[[[0,9],[8,7],[6,5]]]]"),
                  NULL, 0, 2);
    assert_pixels(INPUT("[2,1,3,2]", "UINT8", "\"parameters\":{\"binary_data_size\":12}"),
                  "\1\2\3\4\5\xff\0\t\b\a\6\5", 12, 2);
}
END_TEST

START_TEST(floats_that_are_pixels_become_pixels)
{
    const float planes[] = {1 / 255.f, 3 / 255.f, 5 / 255.f, 2 / 255.f, 4 / 255.f, 1};
    assert_pixels(INPUT("[1,2,1,3]", "FP32", "\"parameters\":{\"binary_data_size\":24}"),
                  planes, sizeof planes, 1);
    assert_pixels(PLANES("[0.0039215686,0.0117647059,0.0196078431,0.0078431373,"
                         "0.0156862745,1]"),
                  NULL, 0, 1);
}
END_TEST

START_TEST(other_floats_stay_as_they_are)
{
    static const float expected[] = {0.5f, 0.25f, 1e-3f, 0, 1, 0.123456789f};
    amkd_question question;
    ck_assert_int_eq(
        parse(&question, PLANES("[5e-1,0.25,1E-3,-0,1,0.123456789]"), NULL, 0), 0);
    ck_assert_ptr_null(question.pixels);
    for (size_t i = 0; i < SIZE; i++)
        ck_assert(question.planes[i] == expected[i]);
    amkd_question_clear(&question);
}
END_TEST

static void assert_refused(const char *json, const char *message)
{
    amkd_question question;
    ck_assert_msg(parse(&question, json, NULL, 0) == -1, "accepted: %s", json);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "%s\n said '%s', expected '%s'",
                  json, amkd_error(), message);
    ck_assert_ptr_null(question.block);
}

START_TEST(what_is_not_a_request_is_refused)
{
    assert_refused("", "malformed JSON");
    assert_refused("[1]", "malformed JSON: expected an object");
    assert_refused("{\"inputs\":[}", "malformed JSON");
    assert_refused("{\"a\":1,\"a\":2}", "malformed JSON: duplicate");
    assert_refused("{\"a\":[1,]}", "malformed JSON");
    assert_refused("{\"a\":\"\xff\"}", "malformed JSON");
    assert_refused("{\"a\":[[[[[[[[[1]]]]]]]]]}", "nested deeper than 8");
    assert_refused("{}", "\"inputs\" is not an array of one object");
    assert_refused("{\"inputs\":[]}", "\"inputs\" is not an array of one object");
    assert_refused("{\"inputs\":[{},{}]}", "\"inputs\" is not an array of one object");
    assert_refused("{\"inputs\":[{\"name\":\"x\"}]}", "the input is not named \"image\"");
    assert_refused("{\"id\":7,\"inputs\":[]}", "\"id\" is not a string");
}
END_TEST

START_TEST(tensors_that_do_not_fit_are_refused)
{
    assert_refused(INPUT("[1,1,3,2]", "INT64", "\"data\":[1]"), "datatype 'INT64'");
    assert_refused("{\"inputs\":[{\"name\":\"image\",\"shape\":[1,1,3,2]}]}",
                   "no \"datatype\"");
    assert_refused(INPUT("[1,2,1,3]", "UINT8", "\"data\":[1]"),
                   "shape [1,2,1,3], expected [n,1,3,2]");
    assert_refused(INPUT("[6]", "UINT8", "\"data\":[1]"), "shape [6], expected");
    assert_refused(INPUT("[]", "UINT8", "\"data\":[1]"), "\"shape\" is not an array");
    assert_refused(INPUT("[1,1,3,-2]", "UINT8", "\"data\":[1]"), "value 3 is -2");
    assert_refused(INPUT("[0,1,3,2]", "UINT8", "\"data\":[]"), "no images");
    assert_refused(INPUT("[4,1,3,2]", "UINT8", "\"data\":[1]"),
                   "4 images in one request, at most 3");
    assert_refused(INPUT("[1e300,1,3,2]", "UINT8", "\"data\":[1]"), "value 0 is 1");
    assert_refused(PIXELS("[1,2,3,4,5]"), "5 values, the shape says 6");
    assert_refused(PIXELS("[1,2,3,4,5,6,7]"), "7 values, the shape says 6");
    assert_refused(PIXELS("[[1,2,3],[4,5,6]]"), "nested otherwise");
    assert_refused(PIXELS("[[[[1,2,3],[4,5,6]]]]"), "nested otherwise");
    assert_refused(PIXELS("[[1,2,3],[4,5]]"), "different lengths");
    assert_refused(PIXELS("[1,[2,3,4,5,6]]"), "different lengths or depths");
    assert_refused(PIXELS("[1,2,3,4,5,256]"), "value 5 is 256");
    assert_refused(PIXELS("[1,2,3,4,5,-1]"), "value 5 is -1");
    assert_refused(PIXELS("[1,2,3,4,0.5,6]"), "value 4 is 0.5");
    assert_refused(PIXELS("[1,2,03,4,5,6]"), "value 2 is not a number");
    assert_refused(PIXELS("[1,2,3.,4,5,6]"), "value 2 is not a number");
    assert_refused(PIXELS("[1,2,1-1,4,5,6]"), "value 2 is not a number");
    assert_refused(PIXELS("[1,2,+3,4,5,6]"), "value 2 is not a number");
    assert_refused(PIXELS("[1,2,NaN,4,5,6]"), "malformed JSON");
    assert_refused(PIXELS("[1,2,null,4,5,6]"), "\"data\" is not an array of numbers");
    assert_refused(PIXELS("\"AQID\""), "\"data\" is not an array of numbers");
    assert_refused(PIXELS("0"), "\"data\" is not an array of numbers");
    assert_refused(PLANES("[0,0,0,0,0,1.5]"), "value 5 is 1.5, expected 0 to 1");
    assert_refused(PLANES("[0,0,0,0,0,-0.1]"), "value 5 is -0.1");
    assert_refused(PLANES("[0,0,0,0,0,1e999]"), "expected a finite number");
    assert_refused(PLANES("[0,0,0,0,0,1e39]"), "expected a finite number");
    assert_refused(INPUT("[1,1,3,2]", "UINT8", "\"x\":0"), "expected either");
    assert_refused(INPUT("[1,1,3,2]", "UINT8",
                         "\"data\":[1],\"parameters\":{\"binary_data_size\":6}"),
                   "expected either");
    assert_refused(INPUT("[1,1,3,2]", "UINT8", "\"data\":[1],\"parameters\":7"),
                   "\"parameters\" is not an object");
}
END_TEST

START_TEST(bytes_that_do_not_fit_are_refused)
{
    amkd_question question;
    const float nan[SIZE] = {NAN};
    const char *json =
        INPUT("[1,1,3,2]", "UINT8", "\"parameters\":{\"binary_data_size\":6}");
    ck_assert_int_eq(parse(&question, json, "12345", 5), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "5 bytes behind the JSON, expected 6"));
    ck_assert_int_eq(parse(&question, json, "1234567", 7), -1);
    ck_assert_int_eq(parse(&question, PIXELS("[1,2,3,4,5,6]"), "1", 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "belong to no input"));
    ck_assert_int_eq(
        parse(&question,
              INPUT("[1,1,3,2]", "UINT8", "\"parameters\":{\"binary_data_size\":7}"),
              "1234567", 7),
        -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "\"binary_data_size\" is not 6"));
    ck_assert_int_eq(
        parse(&question,
              INPUT("[1,2,1,3]", "FP32", "\"parameters\":{\"binary_data_size\":24}"), nan,
              sizeof nan),
        -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "value 0 is nan"));
    ck_assert_int_eq(amkd_oip_parse(&question, &served, json, strlen(json), 1000), -1);
    ck_assert_ptr_nonnull(
        strstr(amkd_error(), "Inference-Header-Content-Length is 1000"));
}
END_TEST

/* A document may be large only by its numbers. */
START_TEST(a_document_of_many_values_is_refused_before_it_takes_much_memory)
{
    enum { N = 200000 };
    char *json = malloc(2 * N + 16), *at = json;
    at += sprintf(at, "{\"inputs\":[");
    for (size_t i = 0; i < N; i++)
        at += sprintf(at, "{}");
    assert_refused(json, "bytes of JSON besides arrays of numbers");
    at = json + sprintf(json, "{\"a\":");
    memset(at, '[', N);
    at[N] = 0;
    assert_refused(json, "nested deeper than 8");
    free(json);
}
END_TEST

static void assert_answer(const char *request, const char *expected, size_t json_nbytes)
{
    static const float probs[] = {0.1f, 0.9f}, logits[] = {-1.5f, 1e10f};
    const amkd_outputs outputs = {{probs, logits}};
    amkd_question question;
    amkd_bytes answer = {0};
    size_t n;
    ck_assert_msg(!parse(&question, request, NULL, 0), "%s", amkd_error());
    amkd_oip_answer(&answer, &n, &served, &question, &outputs);
    ck_assert_int_eq(answer.failed, 0);
    ck_assert_uint_eq(n, json_nbytes);
    ck_assert_uint_ge(answer.n, strlen(expected));
    if (memcmp(answer.data, expected, strlen(expected)))
        ck_abort_msg("answered %.*s", (int)answer.n, answer.data);
    if (json_nbytes)
        ck_assert_mem_eq(answer.data + json_nbytes, probs, sizeof probs);
    else
        ck_assert_uint_eq(answer.n, strlen(expected));
    amkd_bytes_clear(&answer);
    amkd_question_clear(&question);
}

#define ASKING(more)                                                                     \
    "{" more "\"inputs\":[{\"name\":\"image\",\"shape\":[1,1,3,2],"                      \
    "\"datatype\":\"UINT8\",\"data\":[1,2,3,4,5,6]}]}"
#define ANSWER "{\"model_name\":\"m\",\"model_version\":\"4\","
#define PROBS "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[1,2],"
#define LOGITS "{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[1,2],"

START_TEST(answers_hold_what_was_asked_for_as_it_was_asked_for)
{
    const char *text =
        ANSWER "\"outputs\":[" PROBS "\"data\":[0.100000001,0.899999976]}]}";
    const char *binary =
        ANSWER "\"outputs\":[" PROBS "\"parameters\":{\"binary_data_size\":8}}]}";
    assert_answer(ASKING(""), text, 0);
    assert_answer(ASKING("\"outputs\":[],"), text, 0);
    assert_answer(ASKING("\"id\":\"a\\\"\\u00e9\","),
                  ANSWER "\"id\":\"a\\\"\xc3\xa9\",\"outputs\":[" PROBS
                         "\"data\":[0.100000001,0.899999976]}]}",
                  0);
    assert_answer(ASKING("\"parameters\":{\"binary_data_output\":true},"), binary,
                  strlen(binary));
    assert_answer(ASKING("\"outputs\":[{\"name\":\"probabilities\","
                         "\"parameters\":{\"binary_data\":true}}],"),
                  binary, strlen(binary));
    assert_answer(ASKING("\"outputs\":[{\"name\":\"logits\"},{\"name\":"
                         "\"probabilities\"}],"),
                  ANSWER "\"outputs\":[" LOGITS "\"data\":[-1.5,1e+10]}," PROBS
                         "\"data\":[0.100000001,0.899999976]}]}",
                  0);
}
END_TEST

START_TEST(outputs_that_are_not_there_are_refused)
{
    assert_refused(ASKING("\"outputs\":[{\"name\":\"x\"}],"),
                   "output \"x\": there is none");
    assert_refused(ASKING("\"outputs\":[7],"), "\"outputs\" is not an array of objects");
    assert_refused(ASKING("\"outputs\":{},"), "\"outputs\" is not an array of objects");
    assert_refused(ASKING("\"outputs\":[{\"name\":\"logits\"},{\"name\":\"logits\"}],"),
                   "asked for twice");
    assert_refused(ASKING("\"outputs\":[{\"name\":\"logits\",\"parameters\":"
                          "{\"binary_data\":1}}],"),
                   "\"binary_data\" is not true or false");
    assert_refused(ASKING("\"outputs\":[{\"name\":\"probabilities\",\"parameters\":"
                          "{\"classification\":3}}],"),
                   "classification is not offered");
    assert_refused(ASKING("\"parameters\":[1],"), "\"parameters\" is not an object");
}
END_TEST

static void assert_metadata(void (*print)(amkd_bytes *, const amkd_served *), int floats,
                            const char *part)
{
    amkd_bytes text = {0};
    json_error_t error;
    served.floats = floats;
    print(&text, &served);
    served.floats = 0;
    json_t *json = json_loadb(text.data, text.n, 0, &error);
    ck_assert_msg(json != NULL, "%s: %.*s", error.text, (int)text.n, text.data);
    ck_assert_msg(memmem(text.data, text.n, part, strlen(part)) != NULL, "no %s in %.*s",
                  part, (int)text.n, text.data);
    json_decref(json);
    amkd_bytes_clear(&text);
}

START_TEST(metadata_describe_the_model)
{
    assert_metadata(amkd_oip_model_metadata, 0,
                    "\"datatype\":\"UINT8\",\"shape\":[-1,1,3,2]");
    assert_metadata(amkd_oip_model_metadata, 1,
                    "\"datatype\":\"FP32\",\"shape\":[-1,2,1,3]");
    assert_metadata(amkd_tfserving_metadata, 0, "\"dtype\":\"DT_UINT8\"");
    assert_metadata(amkd_tfserving_status, 0,
                    "\"version\":\"4\",\"state\":\"AVAILABLE\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oip");
    TCase *tests = tcase_create("oip");
    tcase_add_test(tests, pixels_may_be_flat_or_nested_or_bytes);
    tcase_add_test(tests, floats_that_are_pixels_become_pixels);
    tcase_add_test(tests, other_floats_stay_as_they_are);
    tcase_add_test(tests, what_is_not_a_request_is_refused);
    tcase_add_test(tests, tensors_that_do_not_fit_are_refused);
    tcase_add_test(tests, bytes_that_do_not_fit_are_refused);
    tcase_add_test(tests,
                   a_document_of_many_values_is_refused_before_it_takes_much_memory);
    tcase_add_test(tests, answers_hold_what_was_asked_for_as_it_was_asked_for);
    tcase_add_test(tests, outputs_that_are_not_there_are_refused);
    tcase_add_test(tests, metadata_describe_the_model);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
