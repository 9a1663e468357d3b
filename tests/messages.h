/* What the tests of teachers' messages share. */
#ifndef AMKD_TESTS_MESSAGES_H
#define AMKD_TESTS_MESSAGES_H

#include "base/bytes.h"
#include "base/error.h"
#include "teacher/remote.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t pixels[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};
static amkd_teacher_options options; /* of gray images, 2 x 3 */
static amkd_values values;

static inline void start(void)
{
    options = (amkd_teacher_options){.shape = {1, 2, 3}};
    values = (amkd_values){0};
}

static inline void end(void)
{
    amkd_values_clear(&values);
}

static inline void assert_text(amkd_bytes *bytes, const char *text)
{
    ck_assert_int_eq(amkd_bytes_add(bytes, "", 1), 0);
    ck_assert_str_eq(bytes->data, text);
    amkd_bytes_clear(bytes);
}

static inline void assert_said(const char *text)
{
    ck_assert_msg(strstr(amkd_error(), text) != NULL, "said '%s', expected '%s'",
                  amkd_error(), text);
}

static inline json_t *load(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_msg(json != NULL, "%s", text);
    return json;
}

static inline amkd_http_answer answer_of(const char *text, size_t n)
{
    return (amkd_http_answer){
        .ticket = 7, .n = n, .body = text, .nbytes = strlen(text), .json_nbytes = -1};
}

/* Runs all tests of a suite that has one case. */
static inline int run(const char *name, TCase *tests)
{
    Suite *suite = suite_create(name);
    tcase_add_checked_fixture(tests, start, end);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}

#endif
