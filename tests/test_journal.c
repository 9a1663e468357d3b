/* What was paid for is there when the journal is opened again, and nobody else may write
 * meanwhile. */
#include "base/error.h"
#include "journals.h"
#include "scratch.h"
#include "stream/stream.h"
#include <signal.h>
#include <sys/wait.h>

START_TEST(journal_finds_the_answers_of_earlier_runs)
{
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 10, 8);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    journal = open_journal("journal");
    ck_assert_uint_eq(amkd_journal_nanswers(journal), 8);
    ck_assert_uint_eq(amkd_journal_nvalues(journal), NVALUES);
    ck_assert_uint_eq(amkd_journal_spent(journal), 10);
    for (uint8_t image = 0; image < 8; image++)
        assert_answered(journal, image);
    ck_assert_ptr_null(amkd_journal_find(journal, question(journal, 8)));
    ck_assert_int_eq(amkd_journal_claim(journal, question(journal, 3)), 0);
    ck_assert_int_eq(amkd_journal_claim(journal, question(journal, 8)), 1);
    ck_assert_int_eq(amkd_journal_claim(journal, question(journal, 8)), 0);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

START_TEST(journal_counts_what_came_back_unprocessed_as_not_spent)
{
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 4, 0);
    const amkd_question_key q = question(journal, 2);
    ck_assert_int_eq(amkd_journal_return(journal, &q, 1), 0);
    ck_assert_uint_eq(amkd_journal_spent(journal), 3);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    journal = open_journal("journal");
    ck_assert_uint_eq(amkd_journal_spent(journal), 3);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

START_TEST(journal_takes_the_later_answer_to_a_question_that_was_forgotten)
{
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 4, 4);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    journal = open_journal("journal");
    const amkd_question_key q = question(journal, 2);
    ck_assert_int_eq(amkd_journal_claim(journal, q), 0);
    amkd_journal_forget(journal, q);
    ck_assert_ptr_null(amkd_journal_find(journal, q));
    buy(journal, 2, 3, 0); /* claims it */
    ck_assert_int_eq(amkd_journal_claim(journal, q), 0);
    ck_assert_int_eq(
        amkd_journal_answer(journal, &q, (float[NVALUES]){7, 8, 9}, 1, NVALUES), 0);
    for (int opened = 0; opened < 2; opened++) {
        const float *values = amkd_journal_find(journal, q);
        ck_assert(values && values[0] == 7 && values[2] == 9);
        assert_answered(journal, 1);
        assert_answered(journal, 3);
        ck_assert_uint_eq(amkd_journal_nanswers(journal), 5);
        ck_assert_uint_eq(amkd_journal_spent(journal), 5);
        ck_assert_int_eq(amkd_journal_close(journal), 0);
        journal = open_journal("journal");
    }
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

/* A child that is killed between two steps has everything it synced on the disk.
 */
START_TEST(journal_survives_a_kill)
{
    for (uint8_t run = 0; run < 3; run++) {
        const pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (!pid) {
            buy(open_journal("journal"), run * 10, run * 10 + 10, 9);
            kill(getpid(), SIGKILL);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
    }
    amkd_journal *journal = open_journal("journal");
    ck_assert_uint_eq(amkd_journal_spent(journal), 30);
    ck_assert_uint_eq(amkd_journal_nanswers(journal), 27);
    assert_answered(journal, 28);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

START_TEST(journal_keeps_all_whole_rows_of_a_file_cut_short)
{
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 5, 5);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    struct stat status;
    ck_assert_int_eq(stat("journal/answers.amkd", &status), 0);
    ck_assert_int_eq(truncate("journal/answers.amkd", status.st_size - 30), 0);
    journal = open_journal("journal");
    ck_assert_uint_eq(amkd_journal_nanswers(journal), 4);
    assert_answered(journal, 3);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

/* A kill may come while a file is begun. */
START_TEST(journal_opens_wherever_a_file_was_cut_short)
{
    static const char *const names[] = {"journal/sent.amkd", "journal/answers.amkd"};
    for (size_t f = 0; f < 2; f++) {
        size_t nbytes;
        amkd_journal *journal = open_journal("journal");
        buy(journal, 0, 2, 2);
        ck_assert_int_eq(amkd_journal_close(journal), 0);
        uint8_t *bytes = get_file(names[f], &nbytes);
        for (size_t n = 0; n < nbytes; n += 7) {
            put_file(names[f], bytes, n);
            journal = open_journal("journal");
            ck_assert_uint_le(amkd_journal_nanswers(journal), 2);
            buy(journal, 2, 3, 1);
            ck_assert_int_eq(amkd_journal_close(journal), 0);
            journal = open_journal("journal");
            assert_answered(journal, 2);
            ck_assert_int_eq(amkd_journal_close(journal), 0);
            remove_journals();
            journal = open_journal("journal");
            buy(journal, 0, 2, 2);
            ck_assert_int_eq(amkd_journal_close(journal), 0);
        }
        free(bytes);
        remove_journals();
    }
}
END_TEST

/* The file system had made the file longer, but what was written last did not come. */
START_TEST(journal_keeps_what_was_synced_before_a_tail_of_zeros)
{
    static const char *const names[] = {"journal/sent.amkd", "journal/answers.amkd"};
    const char *name = names[_i];
    struct stat synced;
    size_t nbytes;
    amkd_journal *journal = open_journal("journal");
    buy(journal, 0, 20, 20);
    ck_assert_int_eq(stat(name, &synced), 0);
    buy(journal, 20, 40, 20);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    uint8_t *bytes = get_file(name, &nbytes);
    uint8_t *torn = malloc(nbytes);
    for (size_t from = (size_t)synced.st_size; from < nbytes; from++) {
        memcpy(torn, bytes, nbytes);
        memset(torn + from, 0, nbytes - from);
        put_file(name, torn, nbytes);
        journal = open_journal("journal");
        for (uint8_t image = 0; image < 20; image++)
            assert_answered(journal, image);
        ck_assert_uint_ge(amkd_journal_spent(journal), _i ? 40 : 20);
        ck_assert_uint_ge(amkd_journal_nanswers(journal), _i ? 20 : 40);
        ck_assert_int_eq(amkd_journal_close(journal), 0);
    }
    free(torn);
    free(bytes);
}
END_TEST

/* As many as fill the map's first slots several times, in a file without its end too. */
START_TEST(journal_finds_thousands_of_answers)
{
    enum { MANY = 3000 };
    amkd_question_key questions[MANY];
    float values[MANY][NVALUES] = {{0}};
    amkd_journal *journal = open_journal("journal");
    for (uint32_t q = 0; q < MANY; q++) {
        questions[q] = amkd_journal_question(journal, &q, sizeof q);
        values[q][1] = (float)q;
    }
    ck_assert_int_eq(amkd_journal_send(journal, questions, MANY), 0);
    ck_assert_int_eq(amkd_journal_answer(journal, questions, values[0], MANY, NVALUES),
                     0);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    for (int cut = 0; cut < 2; cut++) {
        struct stat status;
        ck_assert_int_eq(stat("journal/sent.amkd", &status), 0);
        if (cut)
            ck_assert_int_eq(truncate("journal/sent.amkd", status.st_size - 28), 0);
        journal = open_journal("journal");
        ck_assert_uint_eq(amkd_journal_spent(journal), MANY);
        ck_assert_uint_eq(amkd_journal_nanswers(journal), MANY);
        for (uint32_t q = 0; q < MANY; q++)
            ck_assert_float_eq(amkd_journal_find(journal, questions[q])[1], (float)q);
        ck_assert_int_eq(amkd_journal_close(journal), 0);
    }
}
END_TEST

START_TEST(journal_leaves_alone_what_is_no_journal)
{
    static const char *const names[] = {"journal/sent.amkd", "journal/answers.amkd"};
    static const char text[] = "my diary, which must not be lost, whatever it is called";
    for (size_t f = 0; f < 2; f++) {
        amkd_journal *journal = open_journal("journal");
        ck_assert_int_eq(amkd_journal_close(journal), 0);
        put_file(names[f], text, sizeof text);
        ck_assert_int_eq(amkd_journal_open(&journal, "journal", identity), -1);
        size_t nbytes;
        uint8_t *bytes = get_file(names[f], &nbytes);
        ck_assert_uint_eq(nbytes, sizeof text);
        ck_assert_mem_eq(bytes, text, nbytes);
        free(bytes);
        remove_journals();
    }
}
END_TEST

START_TEST(journal_refuses_a_second_process_and_says_who_holds_it)
{
    amkd_journal *journal = open_journal("journal"), *second;
    char holder[40];
    ck_assert_int_eq(amkd_journal_open(&second, "journal", identity), -1);
    snprintf(holder, sizeof holder, "in use: process %ld on ", (long)getpid());
    ck_assert_msg(strstr(amkd_error(), holder) != NULL, "%s", amkd_error());
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_int_eq(amkd_journal_close(open_journal("journal")), 0);
}
END_TEST

START_TEST(journal_is_of_one_teacher)
{
    amkd_journal *journal = open_journal("journal"), *other;
    const amkd_question_key q = question(journal, 1);
    buy(journal, 0, 1, 1);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_int_eq(amkd_journal_open(&other, "journal", "exec:another"), -1);
    ck_assert_msg(strstr(amkd_error(), "exec:anyone") != NULL, "%s", amkd_error());
    ck_assert_int_eq(amkd_journal_open(&other, "another", "exec:another"), 0);
    const amkd_question_key theirs = question(other, 1);
    ck_assert(memcmp(&q, &theirs, sizeof q) != 0);
    ck_assert_int_eq(amkd_journal_close(other), 0);
}
END_TEST

START_TEST(journal_in_memory_leaves_nothing)
{
    amkd_journal *journal = open_journal(NULL);
    for (int round = 0; round < 20; round++)
        buy(journal, (uint8_t)(round * 12), (uint8_t)(round * 12 + 12), 12);
    ck_assert_uint_eq(amkd_journal_nanswers(journal), 240);
    for (uint8_t image = 0; image < 240; image++)
        assert_answered(journal, image);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_int_eq(access("journal", F_OK), -1);
}
END_TEST

START_TEST(journal_refuses_answers_of_another_length)
{
    amkd_journal *journal = open_journal(NULL);
    const amkd_question_key q = question(journal, 0), r = question(journal, 1);
    const float values[NVALUES + 1] = {0};
    ck_assert_int_eq(amkd_journal_answer(journal, &q, values, 1, NVALUES), 0);
    ck_assert_int_eq(amkd_journal_answer(journal, &r, values, 1, NVALUES + 1), -1);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tests = tcase_create("journal");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, remove_journals);
    tcase_add_test(tests, journal_finds_the_answers_of_earlier_runs);
    tcase_add_test(tests, journal_counts_what_came_back_unprocessed_as_not_spent);
    tcase_add_test(tests,
                   journal_takes_the_later_answer_to_a_question_that_was_forgotten);
    tcase_add_test(tests, journal_survives_a_kill);
    tcase_add_test(tests, journal_keeps_all_whole_rows_of_a_file_cut_short);
    tcase_add_test(tests, journal_opens_wherever_a_file_was_cut_short);
    tcase_add_loop_test(tests, journal_keeps_what_was_synced_before_a_tail_of_zeros, 0,
                        2);
    tcase_add_test(tests, journal_finds_thousands_of_answers);
    tcase_add_test(tests, journal_leaves_alone_what_is_no_journal);
    tcase_add_test(tests, journal_refuses_a_second_process_and_says_who_holds_it);
    tcase_add_test(tests, journal_is_of_one_teacher);
    tcase_add_test(tests, journal_in_memory_leaves_nothing);
    tcase_add_test(tests, journal_refuses_answers_of_another_length);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
