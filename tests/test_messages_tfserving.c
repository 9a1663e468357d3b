/* TensorFlow Serving's messages that teachers speak, good and broken. */
#include "messages.h"
#include "teacher/tfserving.h"
#include <math.h>

#define SIGNATURE(name, type, dims)                                                      \
    "{\"metadata\":{\"signature_def\":{\"signature_def\":{\"" name                       \
    "\":{\"inputs\":{\"x\":{\"dtype\":\"" type "\",\"tensor_shape\":{\"dim\":[" dims     \
    "]}}}}}}}}"
#define DIM(n) "{\"size\":\"" n "\"}"

static int read_signature(amkd_tfserving_model *model, const char *text)
{
    json_t *json = text ? load(text) : NULL;
    int rc = amkd_tfserving_read_model(model, json, &options);
    json_decref(json);
    return rc;
}

START_TEST(tfserving_asks_by_rows_or_columns)
{
    amkd_tfserving_model model;
    amkd_bytes body = {0};
    ck_assert_int_eq(
        read_signature(
            &model, SIGNATURE("mine", "DT_UINT8", DIM("-1") "," DIM("2") "," DIM("3"))),
        0);
    ck_assert_int_eq(amkd_tfserving_encode(&body, &model, pixels, 2), 0);
    assert_text(&body, "{\"signature_name\":\"mine\",\"instances\":"
                       "[[[0,1,2],[3,4,5]],[[6,7,8],[9,10,255]]]}");
    amkd_tfserving_clear(&model);
    options.http.columns = 1;
    options.dtype = "uint8";
    ck_assert_int_eq(read_signature(&model, NULL), 0);
    ck_assert_int_eq(amkd_tfserving_encode(&body, &model, pixels, 1), 0);
    assert_text(&body, "{\"inputs\":[[[[0],[1],[2]],[[3],[4],[5]]]]}");
    amkd_tfserving_clear(&model);
}
END_TEST

START_TEST(tfserving_metadata_that_do_not_tell_are_refused)
{
    static const char *const texts[][2] = {
        {"{}", "0 signatures"},
        {SIGNATURE("__init", "DT_UINT8", DIM("-1")), "0 signatures"},
        {SIGNATURE("a", "DT_UINT8", ""), "no shape"},
        {SIGNATURE("a", "DT_STRING", DIM("-1") "," DIM("6")), "takes 'DT_STRING'"},
        {SIGNATURE("a", "DT_UINT8", DIM("2") "," DIM("3")), "use --columns"},
        {"{\"metadata\":{\"signature_def\":{\"signature_def\":{\"a\":{\"inputs\":{}}}}}}",
         "takes 0 inputs"},
    };
    amkd_tfserving_model model;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_int_eq(read_signature(&model, texts[t][0]), -1);
        assert_said(texts[t][1]);
    }
}
END_TEST

static int decode_tfserving(const char *text, int columns, const char *output)
{
    const amkd_tfserving_model model = {.columns = columns, .output = (char *)output};
    const amkd_http_answer answer = answer_of(text, 2);
    return amkd_tfserving_decode(&values, &model, &answer);
}

START_TEST(tfserving_answers_are_read)
{
    static const struct {
        const char *text, *output;
        int columns;
    } cases[] = {
        {"{\"predictions\":[[0.25,0.75],[1,0]]}", NULL, 0},
        {"{\"predictions\":[{\"p\":[0.25,0.75],\"q\":1},{\"p\":[1,0],\"q\":2}]}", "p", 0},
        {"{\"predictions\":[{\"p\":[0.25,0.75]},{\"p\":[1,0]}]}", NULL, 0},
        {"{\"predictions\":[[\"0.25\",\"0.75\"],[\"1\",\"0\"]]}", NULL, 0},
        {"{\"ms\":NaN,\"predictions\":[[0.25,0.75],[1,0]],\"ms\":1e999}", NULL, 0},
        {"{\"outputs\":[[0.25,0.75],[1,0]]}", NULL, 1},
        {"{\"outputs\":{\"p\":[[0.25,0.75],[1,0]],\"q\":[1,2]}}", "p", 1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(
            decode_tfserving(cases[c].text, cases[c].columns, cases[c].output) == 0,
            "%s: %s", cases[c].text, amkd_error());
        ck_assert(values.nvalues == 2 && values.at[1] == 0.75f && values.at[2] == 1);
    }
}
END_TEST

START_TEST(tfserving_answers_that_are_bad_are_refused)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"{\"predictions\":[[0.25,0.7", "no JSON"},
        {"{\"predictions\":[[0.25,0.75]]}", "1 rows for 2 images"},
        {"{\"predictions\":[]}", "no array of numbers"},
        {"{\"predictions\":7}", "no array of numbers"},
        {"{\"predictions\":[[1,0],[1]]}", "1 values for image 1"},
        {"{\"error\":\"no\"}", "without \"predictions\""},
        {"{\"predictions\":[{\"p\":[1,0],\"q\":1}]}", "--answer"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(decode_tfserving(cases[c].text, 0, NULL), -1);
        assert_said(cases[c].said);
    }
    /* What is no number spoils its row alone. */
    ck_assert_int_eq(decode_tfserving("{\"predictions\":[[0.25,NaN],[1,0]]}", 0, NULL),
                     0);
    ck_assert(isinf(values.at[1]) && values.at[2] == 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tfserving");
    tcase_add_test(tests, tfserving_asks_by_rows_or_columns);
    tcase_add_test(tests, tfserving_metadata_that_do_not_tell_are_refused);
    tcase_add_test(tests, tfserving_answers_are_read);
    tcase_add_test(tests, tfserving_answers_that_are_bad_are_refused);
    return run("messages of tfserving", tests);
}
