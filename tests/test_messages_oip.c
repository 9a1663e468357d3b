/* The messages of the Open Inference Protocol that teachers speak, good and broken. */
#include "messages.h"
#include "teacher/oip.h"
#include <math.h>

#define INPUT "\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[-1,2,3,1]}]"
#define OUTPUT "\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[-1,3]}]"

static int read_model(amkd_oip_model *model, const char *text)
{
    json_t *json = load(text);
    int rc = amkd_oip_read_model(model, json, &options);
    json_decref(json);
    return rc;
}

START_TEST(oip_asks_in_json_or_binary)
{
    amkd_oip_model model;
    amkd_bytes body = {0};
    size_t length;
    ck_assert_int_eq(read_model(&model, "{" INPUT "," OUTPUT "}"), 0);
    ck_assert_int_eq(amkd_oip_encode(&body, &length, &model, 7, pixels, 2), 0);
    ck_assert_uint_eq(length, 0);
    assert_text(&body, "{\"id\":\"7\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\","
                       "\"shape\":[2,2,3,1],\"data\":[0,1,2,3,4,5,6,7,8,9,10,255]}],"
                       "\"outputs\":[{\"name\":\"p\"}]}");
    model.binary = 1;
    ck_assert_int_eq(amkd_oip_encode(&body, &length, &model, 7, pixels, 2), 0);
    ck_assert_uint_eq(body.n, length + 12);
    ck_assert_mem_eq(body.data + length, pixels, 12);
    body.n = length;
    assert_text(&body,
                "{\"id\":\"7\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\","
                "\"shape\":[2,2,3,1],\"parameters\":{\"binary_data_size\":12}}],"
                "\"outputs\":[{\"name\":\"p\",\"parameters\":{\"binary_data\":true}}"
                "]}");
    amkd_oip_clear(&model);
}
END_TEST

START_TEST(oip_metadata_that_do_not_tell_are_refused)
{
    static const char *const texts[][2] = {
        {"{" OUTPUT "}", "no input: --input-name must, and --input and --input-shape"},
        {"{\"inputs\":[]," OUTPUT "}", "no input: --input-name must"},
        {"{\"inputs\":[{},{}]}", "2 inputs, expected one"},
        {"{\"inputs\":[{}]}", "no input: --input-name must"},
        {"{\"inputs\":[{\"name\":\"x\"}]}",
         "input 'x': has no shape in its metadata: --input-shape must tell it"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,6]}]}",
         "input 'x': has no datatype in its metadata: --input must tell it"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[\"a\"]}]}", "whole numbers"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,6],\"datatype\":\"BYTES\"}]}",
         "takes 'BYTES'"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,7],\"datatype\":\"FP32\"}]}",
         "takes [-1,7]"},
        {"{" INPUT
         ",\"outputs\":[{\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[1]}]}",
         "no output with a row of classes an image, choose by --answer and --labels; its "
         "outputs: 'p' (INT64 [1])"},
        {"{" INPUT
         ",\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
         "{\"name\":\"q\",\"datatype\":\"FP64\",\"shape\":[-1,-1]}]}",
         "has several outputs that may hold the answers, choose by --answer and "
         "--labels; its outputs: 'p' (FP32 [-1,3]), 'q' (FP64 [-1,-1])"},
    };
    amkd_oip_model model;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_int_eq(read_model(&model, texts[t][0]), -1);
        assert_said(texts[t][1]);
    }
    options.dtype = "float32";
    ck_assert_int_eq(read_model(&model, "{" INPUT "," OUTPUT "}"), -1);
    assert_said("not the 'float32' of --input");
}
END_TEST

START_TEST(oip_metadata_that_tell_nothing_are_filled_in_by_options)
{
    amkd_oip_model model;
    options.http.input_name = "x";
    ck_assert_int_eq(read_model(&model, "{\"inputs\":[],\"outputs\":[]}"), 0);
    ck_assert_str_eq(model.input, "x");
    ck_assert_str_eq(model.datatype, "FP32");
    ck_assert_ptr_null(model.output);
    ck_assert(model.tensor.has_batch && !model.tensor.planes && model.tensor.ndim == 3);
    amkd_oip_clear(&model);
    options.dtype = "float64";
    options.http.input_shape = "n,6";
    options.http.answer = "p";
    ck_assert_int_eq(read_model(&model, "{}"), 0);
    ck_assert_str_eq(model.datatype, "FP64");
    ck_assert_str_eq(model.output, "p");
    ck_assert(model.tensor.has_batch && model.tensor.ndim == 1);
    amkd_oip_clear(&model);
    ck_assert_int_eq(read_model(&model, "{\"inputs\":[{\"shape\":[-1,-1]}]}"), 0);
    ck_assert_str_eq(model.input, "x");
    amkd_oip_clear(&model);
    ck_assert_int_eq(read_model(&model, "{" INPUT "," OUTPUT "}"), -1);
    assert_said("takes [-1,2,3,1], not the n,6 of --input-shape");
    options.http.input_name = "y";
    ck_assert_int_eq(read_model(&model, "{" INPUT "," OUTPUT "}"), -1);
    assert_said("by 'x', not by the 'y' of --input-name");
}
END_TEST

START_TEST(oip_metadata_choose_outputs_by_name_and_classes)
{
    const char two[] =
        "{" INPUT ",\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
        "{\"name\":\"q\",\"datatype\":\"FP64\",\"shape\":[-1,5]}]}";
    amkd_oip_model model;
    options.nclasses = 5;
    ck_assert_int_eq(read_model(&model, two), 0);
    ck_assert_str_eq(model.output, "q");
    amkd_oip_clear(&model);
    options.http.answer = "p";
    ck_assert_int_eq(read_model(&model, two), 0);
    ck_assert_str_eq(model.output, "p");
    json_t *config = load("{\"max_batch_size\": 8}");
    amkd_oip_read_config(&model, config);
    ck_assert_uint_eq(model.tensor.nmax, 8);
    json_decref(config);
    amkd_oip_clear(&model);
}
END_TEST

static int decode_oip(const char *text, const char *output)
{
    amkd_oip_model model = {.output = (char *)output, .tensor.has_batch = 1};
    const amkd_http_answer answer = answer_of(text, 2);
    return amkd_oip_decode(&values, &model, &answer);
}

#define ANSWER(rest) "{\"id\":\"7\",\"outputs\":[{\"name\":\"p\"," rest "}]}"

START_TEST(oip_metadata_choose_outputs_by_what_answers_are)
{
    const char several[] =
        "{" INPUT ",\"outputs\":[{\"name\":\"Logits\",\"datatype\":\"FP32\",\"shape\":"
        "[-1,3]},{\"name\":\"embedding\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
        "{\"name\":\"predict_proba\",\"datatype\":\"FP16\",\"shape\":[-1,3]}]}";
    const char whole[] =
        "{" INPUT
        ",\"outputs\":[{\"name\":\"scores\",\"datatype\":\"INT8\",\"shape\":[-1,3]}]}";
    amkd_oip_model model;
    ck_assert_int_eq(read_model(&model, several), 0);
    ck_assert_str_eq(model.output, "predict_proba");
    amkd_oip_clear(&model);
    ck_assert_int_eq(read_model(&model, whole), -1);
    options.kind = AMKD_LOGITS;
    ck_assert_int_eq(read_model(&model, several), 0);
    ck_assert_str_eq(model.output, "Logits");
    amkd_oip_clear(&model);
    ck_assert_int_eq(read_model(&model, whole), 0);
    ck_assert_str_eq(model.output, "scores");
    amkd_oip_clear(&model);
}
END_TEST

START_TEST(oip_metadata_may_name_the_classes)
{
    static const char *const wrong[] = {"[\"ant\",\"bee\"]", "[\"ant\",\"bee\",3]",
                                        "\"ant\"", "{}"};
    const char format[] = "{" INPUT "," OUTPUT ",\"parameters\":{\"class_names\":%s}}";
    char text[400];
    amkd_oip_model model;
    snprintf(text, sizeof text, format, "[\"ant\",\"bee\",\"cat\"]");
    ck_assert_int_eq(read_model(&model, text), 0);
    ck_assert_uint_eq(json_array_size(model.class_names), 3);
    amkd_oip_clear(&model);
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        snprintf(text, sizeof text, format, wrong[w]);
        ck_assert_int_eq(read_model(&model, text), 0);
        ck_assert_ptr_null(model.class_names);
        amkd_oip_clear(&model);
    }
}
END_TEST

START_TEST(oip_answers_in_json_are_read)
{
    ck_assert_int_eq(decode_oip(ANSWER("\"datatype\":\"FP32\",\"shape\":[2,3],\"data\":"
                                       "[0.25,0.5,0.25,1,0,0]"),
                                "p"),
                     0);
    ck_assert_uint_eq(values.nvalues, 3);
    ck_assert(values.at[1] == 0.5f && values.at[3] == 1);
    ck_assert_int_eq(decode_oip("{\"outputs\":[{\"datatype\":\"FP64\",\"shape\":[2,2],"
                                "\"data\":[[0.25,0.75],[1,0]]}]}",
                                NULL),
                     0);
    ck_assert(values.at[1] == 0.75f && values.at[2] == 1);
}
END_TEST

/* Reads the answer of n images, of which the metadata told so many classes. */
static int decode_of(const char *text, size_t n, size_t nclasses, int has_batch)
{
    amkd_oip_model model = {
        .output = (char *)"p", .nclasses = nclasses, .tensor.has_batch = has_batch};
    const amkd_http_answer answer = answer_of(text, n);
    return amkd_oip_decode(&values, &model, &answer);
}

START_TEST(oip_answers_are_read_whatever_nobody_asked_for_is_in_them)
{
#define DATA "\"outputs\":[{\"name\":\"p\",\"shape\":[2,2],\"data\":[0.25,0.75,1,0]}]"
    static const char *const texts[] = {
        "{\"id\":\"their own\"," DATA "}",
        "{\"id\":17," DATA "}",
        "{\"parameters\":{\"ms\":NaN,\"least\":-Infinity}," DATA "}",
        "{\"parameters\":{\"seed\":18446744073709551616}," DATA "}",
        "{\"parameters\":{\"ms\":-1e999}," DATA "}",
        "{\"model_name\":\"caf\xe9\"," DATA "}",
        "{\"model_name\":\"half a pair: \\ud800\"," DATA "}",
        "{\"model_name\":\"a\\u0000b\tc\"," DATA "}",
        "\xef\xbb\xbf{" DATA "}",
        "{\"model_name\":\"m\"," DATA ",\"model_name\":\"m\"}",
        "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"BYTES\",\"shape\":[2,2],\"data\":"
        "[\"0.25\",\"7.5e-1\",\"1\",\"0\"]}]}",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_msg(decode_oip(texts[t], "p") == 0, "%s: %s", texts[t], amkd_error());
        ck_assert(values.nvalues == 2 && values.at[1] == 0.75f && values.at[2] == 1);
    }
}
END_TEST

START_TEST(oip_shapes_that_are_wrong_are_read_past_where_the_values_are_clear)
{
#define SHAPED(shape) ANSWER("\"shape\":" shape ",\"data\":[0.25,0.75,1,0]")
    static const struct {
        const char *text;
        size_t n, nclasses;
    } cases[] = {
        {ANSWER("\"data\":[0.25,0.75,1,0]"), 2, 0}, /* absent */
        {SHAPED("[]"), 2, 0},
        {SHAPED("[-1,2]"), 2, 0}, /* as in the metadata */
        {SHAPED("[4]"), 1, 0},    /* the batch's 1 squeezed away */
        {SHAPED("[1,1,4]"), 1, 4},
        {SHAPED("[4]"), 2, 2},
        {SHAPED("[1,2]"), 2, 2}, /* always of one image */
        {ANSWER("\"shape\":[7],\"data\":[[0.25,0.75],[1,0]]"), 2, 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(decode_of(cases[c].text, cases[c].n, cases[c].nclasses, 1) == 0,
                      "%s: %s", cases[c].text, amkd_error());
        ck_assert_uint_eq(values.nvalues, 4 / cases[c].n);
        ck_assert(values.at[1] == 0.75f && values.at[2] == 1);
    }
    ck_assert_int_eq(decode_of(SHAPED("[2,2]"), 1, 0, 0), 0); /* without a batch */
    ck_assert_uint_eq(values.nvalues, 4);
}
END_TEST

START_TEST(oip_answers_that_are_damaged_are_refused)
{
    static const char *const texts[][2] = {
        {"", "no JSON"},
        {"<html>", "no JSON"},
        {"{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,3],\"da",
         "no JSON"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,1,0,\"none\"]"),
         "something else than a number for image 1, class 1"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[3,2],\"data\":[1,0,1,0,1,0]"),
         "3 rows for 2 images"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[6],\"data\":[1,0,1,0,1,0]"),
         "6 rows for 2 images"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,0,1,0,1,0]"),
         "6 values for 2 images, its shape says 4"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[3,2],\"data\":[[1,0],[1,0],[1,0]]"),
         "3 rows for 2 images"},
        {ANSWER("\"shape\":[2,4611686018427387904,4],\"data\":[1]"),
         "1 values, which makes no 2 equal rows"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,0],\"data\":[]"),
         "no array of numbers"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[1,1]"),
         "1 values an image, expected 2"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2]"), "no array of numbers"},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_msg(decode_oip(texts[t][0], "p") == -1, "%s", texts[t][0]);
        assert_said(texts[t][1]);
    }
    ck_assert_int_eq(decode_of(SHAPED("[1,2]"), 2, 3, 1), -1);
    assert_said("4 values for 2 images of 3 classes");
    ck_assert_int_eq(decode_of(SHAPED("[4]"), 2, ((size_t)1 << 63) + 2, 1), -1);
}
END_TEST

START_TEST(oip_answers_of_another_kind_are_refused)
{
    static const char *const texts[][2] = {
        {"{}", "no outputs"},
        {"{\"outputs\":[{\"name\":\"q\"}]}", "without the output 'p'"},
        {ANSWER("\"datatype\":\"BYTES\",\"data\":[\"cat\",\"dog\"]"),
         "1 values an image"},
        {ANSWER("\"datatype\":\"BYTES\",\"data\":[\"cat\",\"dog\",\"cow\",\"ox\"]"),
         "something else than a number for image 0, class 0"},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_int_eq(decode_oip(texts[t][0], "p"), -1);
        assert_said(texts[t][1]);
    }
    ck_assert_int_eq(decode_oip("{\"outputs\":[{},{}]}", NULL), -1);
    assert_said("choose by --answer");
}
END_TEST

/* An answer of two images and three classes in binary, behind another tensor. */
static int decode_binary(size_t sizes[2], size_t ncut, const float p[6], int json_more)
{
    static char body[512];
    int n = snprintf(body, sizeof body,
                     "{\"outputs\":[{\"name\":\"q\",\"datatype\":\"INT8\",\"shape\":[5],"
                     "\"parameters\":{\"binary_data_size\":%zu}},{\"name\":\"p\","
                     "\"datatype\":\"FP32\",\"shape\":[2,3],\"parameters\":{"
                     "\"binary_data_size\":%zu}}]}",
                     sizes[0], sizes[1]);
    memset(body + n, 'q', 5);
    memcpy(body + n + 5, p, 24);
    amkd_oip_model model = {.output = (char *)"p", .tensor.has_batch = 1};
    const amkd_http_answer answer = {.n = 2,
                                     .body = body,
                                     .nbytes = (size_t)n + 29 - ncut,
                                     .json_nbytes = n + json_more};
    return amkd_oip_decode(&values, &model, &answer);
}

START_TEST(oip_answers_in_binary_are_read_bit_for_bit)
{
    float p[6] = {0.1f, 0.2f, 0.7f, 1e-30f, 0.5f, 0.5f};
    size_t right[] = {5, 24};
    ck_assert_int_eq(decode_binary(right, 0, p, 0), 0);
    ck_assert_uint_eq(values.nvalues, 3);
    ck_assert_mem_eq(values.at, p, sizeof p);
}
END_TEST

START_TEST(oip_answers_in_binary_that_are_damaged_are_refused)
{
    float p[6] = {0.1f, 0.2f, 0.7f, 1e-30f, 0.5f, 0.5f};
    size_t right[] = {5, 24}, shorter[] = {5, 20}, fewer[] = {1, 28},
           huge[] = {5, (size_t)1 << 62};
    ck_assert_int_eq(decode_binary(right, 1, p, 0), -1);
    assert_said("which is not all");
    ck_assert_int_eq(decode_binary(huge, 0, p, 0), -1);
    assert_said("which is not all");
    ck_assert_int_eq(decode_binary(shorter, 0, p, 0), -1);
    assert_said("4 bytes behind its tensors");
    ck_assert_int_eq(decode_binary(fewer, 0, p, 0), -1);
    assert_said("7 values for 2 images, its shape says 6");
    ck_assert_int_eq(decode_binary(right, 0, p, 1000), -1);
    assert_said("should be JSON");
    ck_assert_int_eq(decode_binary(right, 0, p, -1), -1);
    assert_said("no JSON");
    p[4] = NAN; /* spoils one answer, not the other */
    ck_assert_int_eq(decode_binary(right, 0, p, 0), 0);
    ck_assert(values.at[2] == 0.7f && isinf(values.at[4]));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("oip");
    tcase_add_test(tests, oip_asks_in_json_or_binary);
    tcase_add_test(tests, oip_metadata_that_do_not_tell_are_refused);
    tcase_add_test(tests, oip_metadata_that_tell_nothing_are_filled_in_by_options);
    tcase_add_test(tests, oip_metadata_choose_outputs_by_name_and_classes);
    tcase_add_test(tests, oip_metadata_choose_outputs_by_what_answers_are);
    tcase_add_test(tests, oip_metadata_may_name_the_classes);
    tcase_add_test(tests, oip_answers_in_json_are_read);
    tcase_add_test(tests, oip_answers_are_read_whatever_nobody_asked_for_is_in_them);
    tcase_add_test(tests,
                   oip_shapes_that_are_wrong_are_read_past_where_the_values_are_clear);
    tcase_add_test(tests, oip_answers_that_are_damaged_are_refused);
    tcase_add_test(tests, oip_answers_of_another_kind_are_refused);
    tcase_add_test(tests, oip_answers_in_binary_are_read_bit_for_bit);
    tcase_add_test(tests, oip_answers_in_binary_that_are_damaged_are_refused);
    return run("messages of oip", tests);
}
