/* The messages of the protocols that teachers behind HTTP speak, good and broken. */
#include "base/bytes.h"
#include "base/error.h"
#include "teacher/oip.h"
#include "teacher/template.h"
#include "teacher/tfserving.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t pixels[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};
static amkd_teacher_options options; /* of gray images, 2 x 3 */
static amkd_values values;

static void start(void)
{
    options = (amkd_teacher_options){.shape = {1, 2, 3}};
    values = (amkd_values){0};
}

static void end(void)
{
    amkd_values_clear(&values);
}

static void assert_text(amkd_bytes *bytes, const char *text)
{
    ck_assert_int_eq(amkd_bytes_add(bytes, "", 1), 0);
    ck_assert_str_eq(bytes->data, text);
    amkd_bytes_clear(bytes);
}

static void assert_said(const char *text)
{
    ck_assert_msg(strstr(amkd_error(), text) != NULL, "said '%s', expected '%s'",
                  amkd_error(), text);
}

static json_t *load(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_msg(json != NULL, "%s", text);
    return json;
}

static amkd_http_answer answer_of(const char *text, size_t n)
{
    return (amkd_http_answer){
        .ticket = 7, .n = n, .body = text, .nbytes = strlen(text), .json_nbytes = -1};
}

/* --------------------------------------------------- the Open Inference Protocol -- */

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
        {"{" OUTPUT "}", "0 inputs, expected one"},
        {"{\"inputs\":[{},{}]}", "2 inputs, expected one"},
        {"{\"inputs\":[{}]}", "no input"},
        {"{\"inputs\":[{\"name\":\"x\"}]}", "input 'x': has no shape"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[\"a\"]}]}", "whole numbers"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,6],\"datatype\":\"BYTES\"}]}",
         "takes 'BYTES'"},
        {"{\"inputs\":[{\"name\":\"x\",\"shape\":[-1,7],\"datatype\":\"FP32\"}]}",
         "takes [-1,7]"},
        {"{" INPUT
         ",\"outputs\":[{\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[1]}]}",
         "no output of FP32 or FP64"},
        {"{" INPUT
         ",\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
         "{\"name\":\"q\",\"datatype\":\"FP64\",\"shape\":[-1,-1]}]}",
         "has 2 outputs that may hold the answers, 'p', 'q': choose by --answer"},
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

static amkd_outcome decode_oip(const char *text, const char *output)
{
    amkd_oip_model model = {.output = (char *)output, .tensor.has_batch = 1};
    const amkd_http_answer answer = answer_of(text, 2);
    return amkd_oip_decode(&values, &model, &answer);
}

#define ANSWER(rest) "{\"id\":\"7\",\"outputs\":[{\"name\":\"p\"," rest "}]}"

START_TEST(oip_answers_in_json_are_read)
{
    ck_assert_int_eq(decode_oip(ANSWER("\"datatype\":\"FP32\",\"shape\":[2,3],\"data\":"
                                       "[0.25,0.5,0.25,1,0,0]"),
                                "p"),
                     AMKD_ANSWERED);
    ck_assert_uint_eq(values.nvalues, 3);
    ck_assert(values.at[1] == 0.5f && values.at[3] == 1);
    ck_assert_int_eq(decode_oip("{\"outputs\":[{\"datatype\":\"FP64\",\"shape\":[2,2],"
                                "\"data\":[[0.25,0.75],[1,0]]}]}",
                                NULL),
                     AMKD_ANSWERED);
    ck_assert(values.at[1] == 0.75f && values.at[2] == 1);
}
END_TEST

START_TEST(oip_answers_that_are_damaged_are_doubtful)
{
    static const char *const texts[][2] = {
        {"", "no JSON"},
        {"<html>", "no JSON"},
        {"{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,3],\"da",
         "no JSON"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,NaN,0,1]"), "no JSON"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,1e999,0,1]"),
         "no JSON"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,1e99,0,1]"),
         "1e+99 for image 0, class 1"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[3,2],\"data\":[1,0,1,0,1,0]"),
         "3 rows for 2 images"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,0,1,0,1,0]"),
         "3 values an image, its shape says 2"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,0],\"data\":[]"), "no tensor has"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,4611686018427387904,4],\"data\":[1]"),
         "no tensor has"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[1,1]"),
         "1 values an image, expected 2"},
        {ANSWER("\"datatype\":\"FP32\",\"shape\":[2,2]"), "no array of numbers"},
        {"{\"id\":\"8\",\"outputs\":[]}", "answers request '8', not '7'"},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_msg(decode_oip(texts[t][0], "p") == AMKD_DOUBTFUL, "%s", texts[t][0]);
        assert_said(texts[t][1]);
    }
}
END_TEST

START_TEST(oip_answers_of_another_kind_are_refused)
{
    ck_assert_int_eq(decode_oip("{}", "p"), AMKD_UNREADABLE);
    assert_said("no outputs");
    ck_assert_int_eq(decode_oip("{\"outputs\":[{\"name\":\"q\"}]}", "p"), AMKD_UNREADABLE);
    assert_said("without the output 'p'");
    ck_assert_int_eq(decode_oip("{\"outputs\":[{},{}]}", NULL), AMKD_UNREADABLE);
    assert_said("choose by --answer");
    ck_assert_int_eq(decode_oip(ANSWER("\"datatype\":\"INT64\""), "p"), AMKD_UNREADABLE);
    assert_said("datatype 'INT64'");
}
END_TEST

/* An answer of two images and three classes in binary, behind another tensor. */
static amkd_outcome decode_binary(size_t sizes[2], size_t ncut, const float p[6],
                                  int json_more)
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
    ck_assert_int_eq(decode_binary(right, 0, p, 0), AMKD_ANSWERED);
    ck_assert_uint_eq(values.nvalues, 3);
    ck_assert_mem_eq(values.at, p, sizeof p);
}
END_TEST

START_TEST(oip_answers_in_binary_that_are_damaged_are_doubtful)
{
    float p[6] = {0.1f, 0.2f, 0.7f, 1e-30f, 0.5f, 0.5f};
    size_t right[] = {5, 24}, shorter[] = {5, 20}, fewer[] = {1, 28},
           huge[] = {5, (size_t)1 << 62};
    ck_assert_int_eq(decode_binary(right, 1, p, 0), AMKD_DOUBTFUL);
    assert_said("which is not all");
    ck_assert_int_eq(decode_binary(huge, 0, p, 0), AMKD_DOUBTFUL);
    assert_said("which is not all");
    ck_assert_int_eq(decode_binary(shorter, 0, p, 0), AMKD_DOUBTFUL);
    assert_said("4 bytes behind its tensors");
    ck_assert_int_eq(decode_binary(fewer, 0, p, 0), AMKD_DOUBTFUL);
    assert_said("28 bytes for 2 x 3 values");
    ck_assert_int_eq(decode_binary(right, 0, p, 1000), AMKD_DOUBTFUL);
    assert_said("should be JSON");
    ck_assert_int_eq(decode_binary(right, 0, p, -1), AMKD_DOUBTFUL);
    assert_said("no JSON");
    p[4] = INFINITY;
    ck_assert_int_eq(decode_binary(right, 0, p, 0), AMKD_DOUBTFUL);
    assert_said("inf for image 1, class 1");
}
END_TEST

/* ----------------------------------------------------------- TensorFlow Serving -- */

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

static amkd_outcome decode_tfserving(const char *text, int columns, const char *output)
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
        {"{\"outputs\":[[0.25,0.75],[1,0]]}", NULL, 1},
        {"{\"outputs\":{\"p\":[[0.25,0.75],[1,0]],\"q\":[1,2]}}", "p", 1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(decode_tfserving(cases[c].text, cases[c].columns,
                                       cases[c].output) == AMKD_ANSWERED,
                      "%s: %s", cases[c].text, amkd_error());
        ck_assert(values.nvalues == 2 && values.at[1] == 0.75f && values.at[2] == 1);
    }
}
END_TEST

START_TEST(tfserving_answers_that_are_bad_are_told_apart)
{
    static const struct {
        const char *text, *said;
        amkd_outcome outcome;
    } cases[] = {
        {"{\"predictions\":[[0.25,0.7", "no JSON", AMKD_DOUBTFUL},
        {"{\"predictions\":[[0.25,NaN],[1,0]]}", "no JSON", AMKD_DOUBTFUL},
        {"{\"predictions\":[[0.25,0.75]]}", "1 rows for 2 images", AMKD_DOUBTFUL},
        {"{\"predictions\":[]}", "no array of numbers", AMKD_DOUBTFUL},
        {"{\"predictions\":7}", "no array of numbers", AMKD_DOUBTFUL},
        {"{\"predictions\":[[1,0],[1]]}", "1 values for image 1", AMKD_DOUBTFUL},
        {"{\"error\":\"no\"}", "without \"predictions\"", AMKD_UNREADABLE},
        {"{\"predictions\":[{\"p\":[1,0],\"q\":1}]}", "--answer", AMKD_UNREADABLE},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(decode_tfserving(cases[c].text, 0, NULL), cases[c].outcome);
        assert_said(cases[c].said);
    }
}
END_TEST

/* -------------------------------------------------------------------- templates -- */

static const amkd_bytes png = {.data = "PNG", .n = 3};

static int parse_template(amkd_template *template, const char *text)
{
    return amkd_template_parse(template, text, strlen(text));
}

START_TEST(templates_take_the_image_in_base64_or_as_a_file)
{
    amkd_template template;
    amkd_bytes body = {0};
    char type[64];
    ck_assert_int_eq(
        parse_template(&template, "{\"url\": \"data:image/png;base64,{{png}}\"}"), 0);
    ck_assert_int_eq(amkd_template_fill(&body, type, sizeof type, &template, &png), 0);
    ck_assert_str_eq(type, "application/json");
    assert_text(&body, "{\"url\": \"data:image/png;base64,UE5H\"}");
    amkd_template_clear(&template);
    ck_assert_int_eq(parse_template(&template,
                                    "{\"multipart/form-data\": {\"file\": \"{{png}}\", "
                                    "\"note\": \"amkd-boundary-0\", \"k\": [5, true]}}"),
                     0);
    ck_assert_int_eq(amkd_template_fill(&body, type, sizeof type, &template, &png), 0);
    ck_assert_str_eq(type, "multipart/form-data; boundary=amkd-boundary-1");
    assert_text(
        &body,
        "--amkd-boundary-1\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"image.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n"
        "--amkd-boundary-1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n"
        "amkd-boundary-0\r\n"
        "--amkd-boundary-1\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\n"
        "[5,true]\r\n--amkd-boundary-1--\r\n");
    amkd_template_clear(&template);
}
END_TEST

START_TEST(templates_without_a_place_for_the_image_are_refused)
{
    amkd_template template;
    ck_assert_int_eq(parse_template(&template, "{\"image\": \"png\"}"), -1);
    assert_said("no {{png}}");
    ck_assert_int_eq(parse_template(&template, "{\n\"image\": {{png}}}"), -1);
    assert_said("line 2");
    ck_assert_int_eq(
        parse_template(&template, "{\"multipart/form-data\": {\"a\": \"x{{png}}\"}}"),
        -1);
    assert_said("no field of the form");
    ck_assert_int_eq(
        parse_template(&template, "{\"multipart/form-data\": {\"a\\\"\": \"{{png}}\"}}"),
        -1);
    assert_said("quote or line break");
}
END_TEST

START_TEST(classes_are_names_a_line_each)
{
    amkd_classes classes;
    static const char *const bad[][2] = {{"a\n", "1 classes"},
                                         {"a\nb\na\n", "line 3: 'a' was there before"},
                                         {"a\n\nb\n", "line 2: is empty"},
                                         {"a\n\xff\n", "line 2: is no UTF-8"}};
    ck_assert_int_eq(amkd_classes_parse(&classes, "a b\r\nc", 6), 0);
    ck_assert_str_eq(json_string_value(json_array_get(classes.names, 0)), "a b");
    amkd_classes_clear(&classes);
    for (size_t t = 0; t < 4; t++) {
        ck_assert_int_eq(amkd_classes_parse(&classes, bad[t][0], strlen(bad[t][0])), -1);
        assert_said(bad[t][1]);
    }
}
END_TEST

static amkd_outcome decode_template(const char *text, const char *path_text,
                                    const char *names)
{
    amkd_classes classes = {0};
    amkd_json_path *path;
    amkd_http_answer answer = answer_of(text, 1);
    strcpy(answer.message, "HTTP status 200: ...");
    ck_assert_int_eq(amkd_json_path_parse(&path, path_text), 0);
    if (names)
        ck_assert_int_eq(amkd_classes_parse(&classes, names, strlen(names)), 0);
    amkd_outcome outcome = amkd_template_decode(&values, path, &classes, &answer);
    amkd_classes_clear(&classes);
    amkd_json_path_free(path);
    return outcome;
}

START_TEST(labels_are_found_by_order_or_name)
{
    static const char names[] = "ant\nbee\ncat\n";
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"{\"s\":[0.25,0,0.75]}", "$.s"},
        {"{\"s\":[0.25,0,0.75]}", "$.s[*]"},
        {"{\"s\":[[{\"v\":0.25},{\"v\":0},{\"v\":0.75}]]}", "$.s[0][*].v"},
        {"{\"s\":{\"cat\":0.75,\"bee\":0,\"ant\":0.25}}", "$.s"},
        {"[{\"s\":0.75,\"n\":\"cat\"},{\"n\":\"ant\",\"s\":0.25},{\"n\":\"bee\",\"s\":0}"
         "]",
         "$[*]['n','s']"},
        {"{\"n\":[\"cat\",\"ant\",\"bee\"],\"s\":[0.75,0.25,0]}", "$['s','n']"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(decode_template(cases[c].text, cases[c].path, names) ==
                          AMKD_ANSWERED,
                      "%s: %s", cases[c].text, amkd_error());
        ck_assert_uint_eq(values.nvalues, 3);
        ck_assert(values.at[0] == 0.25f && values.at[1] == 0 && values.at[2] == 0.75f);
    }
    ck_assert_int_eq(
        decode_template("[{\"n\":\"bee\",\"s\":0.5}]", "$[*]['n','s']", names),
        AMKD_ANSWERED);
    ck_assert(isnan(values.at[0]) && values.at[1] == 0.5f && isnan(values.at[2]));
    ck_assert_int_eq(decode_template("{\"best\":\"cat\"}", "$.best", names),
                     AMKD_ANSWERED);
    ck_assert(isnan(values.at[0]) && isnan(values.at[1]) && values.at[2] == 1);
}
END_TEST

START_TEST(labels_that_are_not_clear_are_refused)
{
    static const char names[] = "ant\nbee\n";
    static const struct {
        const char *text, *path, *said;
    } cases[] = {
        {"{}", "$.s", "answers with nothing"},
        {"{\"s\":[]}", "$.s", "answers with nothing"},
        {"{\"s\":[1,null]}", "$.s", "something else than names and numbers"},
        {"{\"s\":[[1,2]]}", "$.s", "arrays or objects"},
        {"{\"s\":{\"ant\":\"1\"}}", "$.s", "something else than names and numbers"},
        {"{\"s\":[1]}", "$.s", "1 values"},
        {"{\"s\":{\"ant\":1e99,\"bee\":0}}", "$.s", "1e+99 for class 0"},
        {"[\"ant\",1,2]", "$", "1 names and 2 numbers"},
        {"[\"ant\",1,\"ant\",2]", "$", "class 'ant' twice"},
        {"[\"cow\",1]", "$", "'cow', which --classes does not name"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(decode_template(cases[c].text, cases[c].path, names),
                         AMKD_UNREADABLE);
        assert_said(cases[c].said);
        assert_said("HTTP status 200");
    }
    ck_assert_int_eq(decode_template("[\"ant\",1]", "$", NULL), AMKD_UNREADABLE);
    assert_said("--classes must tell");
    ck_assert_int_eq(decode_template("[0.5,0.", "$", NULL), AMKD_DOUBTFUL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_messages");
    TCase *tests = tcase_create("http_messages");
    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, oip_asks_in_json_or_binary);
    tcase_add_test(tests, oip_metadata_that_do_not_tell_are_refused);
    tcase_add_test(tests, oip_metadata_choose_outputs_by_name_and_classes);
    tcase_add_test(tests, oip_answers_in_json_are_read);
    tcase_add_test(tests, oip_answers_that_are_damaged_are_doubtful);
    tcase_add_test(tests, oip_answers_of_another_kind_are_refused);
    tcase_add_test(tests, oip_answers_in_binary_are_read_bit_for_bit);
    tcase_add_test(tests, oip_answers_in_binary_that_are_damaged_are_doubtful);
    tcase_add_test(tests, tfserving_asks_by_rows_or_columns);
    tcase_add_test(tests, tfserving_metadata_that_do_not_tell_are_refused);
    tcase_add_test(tests, tfserving_answers_are_read);
    tcase_add_test(tests, tfserving_answers_that_are_bad_are_told_apart);
    tcase_add_test(tests, templates_take_the_image_in_base64_or_as_a_file);
    tcase_add_test(tests, templates_without_a_place_for_the_image_are_refused);
    tcase_add_test(tests, classes_are_names_a_line_each);
    tcase_add_test(tests, labels_are_found_by_order_or_name);
    tcase_add_test(tests, labels_that_are_not_clear_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
