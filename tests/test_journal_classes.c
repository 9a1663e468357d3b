/* The names of a journal's classes: some may be added at the end, others are refused. */
#include "base/error.h"
#include "journals.h"
#include "scratch.h"
#include <math.h>

/* Opens it for the classes of these letters; NULL: they are refused. */
static amkd_journal *open_named(const char *letters)
{
    amkd_journal *journal = open_journal("journal");
    json_t *names = json_array();
    for (const char *c = letters; *c; c++)
        ck_assert_int_eq(json_array_append_new(names, json_stringn(c, 1)), 0);
    const int rc = amkd_journal_name_classes(journal, names);
    json_decref(names);
    if (!rc)
        return journal;
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    return NULL;
}

static void assert_answers_of(amkd_journal *journal, size_t nvalues, uint64_t nanswers)
{
    ck_assert_msg(journal != NULL, "%s", amkd_error());
    ck_assert_uint_eq(amkd_journal_nvalues(journal), nvalues);
    ck_assert_uint_eq(amkd_journal_nanswers(journal), nanswers);
    for (uint8_t image = 0; image < 8; image++) {
        assert_answered(journal, image);
        for (size_t y = NVALUES; y < nvalues; y++)
            ck_assert(isnan(amkd_journal_find(journal, question(journal, image))[y]));
    }
}

START_TEST(journal_takes_names_of_classes_added_at_the_end)
{
    const float all[] = {1, 2, 3, 4, 5};
    amkd_journal *journal = open_named("abc");
    buy(journal, 0, 10, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    journal = open_named("abcde");
    assert_answers_of(journal, 5, 8);
    ck_assert_uint_eq(amkd_journal_spent(journal), 10);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    journal = open_named("abcd"); /* nothing is about the last */
    assert_answers_of(journal, 4, 8);
    const amkd_question_key q = question(journal, 8);
    ck_assert_int_eq(amkd_journal_answer(journal, &q, all, 1, 4), 0);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_ptr_null(open_named("abc"));
    ck_assert_msg(strstr(amkd_error(), "about class 3") != NULL, "%s", amkd_error());
    journal = open_named("abcde");
    assert_answers_of(journal, 5, 9);
    ck_assert_float_eq(amkd_journal_find(journal, q)[3], 4);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

START_TEST(journal_refuses_other_names_of_its_classes)
{
    static const char *const bad[] = {"abd", "acb", "xabc"};
    amkd_journal *journal = open_named("abc");
    buy(journal, 0, 8, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        ck_assert_ptr_null(open_named(bad[b]));
        ck_assert_msg(strstr(amkd_error(), "at the end only") != NULL, "%s",
                      amkd_error());
    }
    journal = open_named("abc");
    assert_answers_of(journal, NVALUES, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

START_TEST(journal_of_unnamed_answers_takes_as_many_names)
{
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 8, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_ptr_null(open_named("abcd"));
    ck_assert_msg(strstr(amkd_error(), "answers of 3 classes") != NULL, "%s",
                  amkd_error());
    journal = open_named("abc");
    assert_answers_of(journal, NVALUES, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_classes");
    TCase *tests = tcase_create("journal_classes");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, remove_journals);
    tcase_add_test(tests, journal_takes_names_of_classes_added_at_the_end);
    tcase_add_test(tests, journal_refuses_other_names_of_its_classes);
    tcase_add_test(tests, journal_of_unnamed_answers_takes_as_many_names);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
