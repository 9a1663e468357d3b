/* Requests to any API and its answers, good and broken. */
#include "messages.h"
#include "teacher/template.h"
#include <math.h>

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
                                         {"", "no class names"},
                                         {"\n\r\n", "no class names"},
                                         {"a\n\xff\n", "class name 2: is no UTF-8"}};
    ck_assert_int_eq(amkd_classes_parse(&classes, "a b\r\nc", 6), 0);
    ck_assert_str_eq(json_string_value(json_array_get(classes.names, 0)), "a b");
    amkd_classes_clear(&classes);
    for (size_t t = 0; t < 4; t++) {
        ck_assert_int_eq(amkd_classes_parse(&classes, bad[t][0], strlen(bad[t][0])), -1);
        assert_said(bad[t][1]);
    }
}
END_TEST

static int decode_template(const char *text, const char *path_text, const char *names)
{
    amkd_classes classes = {0};
    amkd_json_path *path;
    const amkd_http_answer answer = answer_of(text, 1);
    ck_assert_int_eq(amkd_json_path_parse(&path, path_text), 0);
    if (names)
        ck_assert_int_eq(amkd_classes_parse(&classes, names, strlen(names)), 0);
    const int rc = amkd_template_decode(&values, path, &classes, &answer);
    amkd_classes_clear(&classes);
    amkd_json_path_free(path);
    return rc;
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
        {"{\"s\":[\"0.25\",\"0\",\"0.75\"]}", "$.s"},
        {"{\"s\":{\"cat\":\"0.75\",\"bee\":\"0\",\"ant\":\"2.5e-1\"}}", "$.s"},
        {"\xef\xbb\xbf{\"s\":[0.25,0,0.75],\"s2\":NaN,\"s2\":\"\xe9\"}", "$.s"},
        {"{\"n\":[\"cat\",\"ant\",\"bee\"],\"s\":[0.75,0.25,0]}", "$['s','n']"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_msg(decode_template(cases[c].text, cases[c].path, names) == 0, "%s: %s",
                      cases[c].text, amkd_error());
        ck_assert_uint_eq(values.nvalues, 3);
        ck_assert(values.at[0] == 0.25f && values.at[1] == 0 && values.at[2] == 0.75f);
    }
    ck_assert_int_eq(
        decode_template("[{\"n\":\"bee\",\"s\":0.5}]", "$[*]['n','s']", names), 0);
    ck_assert(isnan(values.at[0]) && values.at[1] == 0.5f && isnan(values.at[2]));
    ck_assert_int_eq(decode_template("[\"bee\",\"0.5\",\"ant\",\"0.25\"]", "$", names),
                     0);
    ck_assert(values.at[0] == 0.25f && values.at[1] == 0.5f && isnan(values.at[2]));
    ck_assert_int_eq(decode_template("{\"best\":\"cat\"}", "$.best", names), 0);
    ck_assert(isnan(values.at[0]) && isnan(values.at[1]) && values.at[2] == 1);
    ck_assert_int_eq(decode_template("[\"7\",\"0.5\"]", "$", "3\n5\n7\n"), 0);
    ck_assert(isnan(values.at[0]) && isnan(values.at[1]) && values.at[2] == 0.5f);
}
END_TEST

START_TEST(two_classes_of_one_name_are_told_apart_by_position_alone)
{
    static const char twice[] = "\xef\xbb\xbf"
                                "ant\ncrane\ncrane\n";
    ck_assert_int_eq(decode_template("[0.25,0,0.75]", "$", twice), 0);
    ck_assert(values.at[0] == 0.25f && values.at[1] == 0 && values.at[2] == 0.75f);
    ck_assert_int_eq(decode_template("[0.25,0,0.75]", "$", "ant\n\ncat\n"), 0);
    ck_assert_int_eq(decode_template("{\"ant\":1}", "$", twice), -1);
    assert_said("class name 3: 'crane' was there before, as name 2");
    ck_assert_int_eq(decode_template("{\"ant\":1}", "$",
                                     "\xef\xbb\xbf"
                                     "ant\r\nbee\r\n\r\n"),
                     0);
    ck_assert(values.at[0] == 1 && isnan(values.at[1]));
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
        {"{\"s\":{\"ant\":\"one\"}}", "$.s", "something else than names and numbers"},
        {"{\"s\":[0.5,NaN]}", "$.s", "something else than names and numbers"},
        {"{\"s\":[1]}", "$.s", "1 values"},
        {"{\"s\":{\"ant\":1e99,\"bee\":0}}", "$.s", "1e+99 for class 0"},
        {"[\"ant\",1,2]", "$", "1 names and 2 numbers"},
        {"[\"ant\",1,\"ant\",2]", "$", "class 'ant' twice"},
        {"[\"cow\",1]", "$", "'cow', which --classes does not name"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(decode_template(cases[c].text, cases[c].path, names), -1);
        assert_said(cases[c].said);
        assert_said("where --response looks");
    }
    ck_assert_int_eq(decode_template("[\"ant\",1]", "$", NULL), -1);
    assert_said("--classes must tell");
    ck_assert_int_eq(decode_template("[0.5,0.", "$", NULL), -1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("template");
    tcase_add_test(tests, templates_take_the_image_in_base64_or_as_a_file);
    tcase_add_test(tests, templates_without_a_place_for_the_image_are_refused);
    tcase_add_test(tests, classes_are_names_a_line_each);
    tcase_add_test(tests, labels_are_found_by_order_or_name);
    tcase_add_test(tests, two_classes_of_one_name_are_told_apart_by_position_alone);
    tcase_add_test(tests, labels_that_are_not_clear_are_refused);
    return run("messages of template", tests);
}
