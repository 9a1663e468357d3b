/* What was paid for is there when the journal is opened again, and nobody else may write
 * meanwhile. */
#include "base/error.h"
#include "scratch.h"
#include "stream/stream.h"
#include "teacher/journal.h"
#include <math.h>
#include <signal.h>
#include <sys/wait.h>

enum { NPIXELS = 12, NVALUES = 3 };

static const char identity[] = "exec:anyone";

static amkd_journal *open_journal(const char *directory)
{
    amkd_journal *journal;
    ck_assert_msg(amkd_journal_open(&journal, directory, identity) == 0, "%s",
                  amkd_error());
    return journal;
}

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

static amkd_question question(const amkd_journal *journal, uint8_t image)
{
    uint8_t pixels[NPIXELS] = {image, 7};
    return amkd_journal_question(journal, pixels, sizeof pixels);
}

/* Sends images first..end and has the first nanswered of them answered. */
static void buy(amkd_journal *journal, uint8_t first, uint8_t end, uint8_t nanswered)
{
    for (uint8_t image = first; image < end; image++) {
        const amkd_question q = question(journal, image);
        const float values[NVALUES] = {image, 1, 2};
        ck_assert_int_eq(amkd_journal_claim(journal, q), 1);
        ck_assert_int_eq(amkd_journal_send(journal, &q, 1), 0);
        ck_assert_msg(amkd_journal_sync(journal) == 0, "%s", amkd_error());
        if (image - first < nanswered)
            ck_assert_int_eq(amkd_journal_answer(journal, &q, values, 1, NVALUES), 0);
    }
    ck_assert_msg(amkd_journal_sync(journal) == 0, "%s", amkd_error());
}

static void remove_journals(void)
{
    static const char *const directories[] = {"journal", "another"};
    static const char *const files[] = {"sent.amkd", "answers.amkd", "lock", "reserve"};
    char path[40];
    for (size_t d = 0; d < 2; d++) {
        for (size_t f = 0; f < 4; f++) {
            snprintf(path, sizeof path, "%s/%s", directories[d], files[f]);
            unlink(path);
        }
        rmdir(directories[d]);
    }
}

static void assert_answered(const amkd_journal *journal, uint8_t image)
{
    const float *values = amkd_journal_find(journal, question(journal, image));
    ck_assert_ptr_nonnull(values);
    ck_assert_float_eq(values[0], image);
    ck_assert_float_eq(values[2], 2);
}

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
    const amkd_question q = question(journal, 2);
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
    const amkd_question q = question(journal, 2);
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
    amkd_question questions[MANY];
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
    const amkd_question q = question(journal, 1);
    buy(journal, 0, 1, 1);
    ck_assert_int_eq(amkd_journal_close(journal), 0);
    ck_assert_int_eq(amkd_journal_open(&other, "journal", "exec:another"), -1);
    ck_assert_msg(strstr(amkd_error(), "exec:anyone") != NULL, "%s", amkd_error());
    ck_assert_int_eq(amkd_journal_open(&other, "another", "exec:another"), 0);
    const amkd_question theirs = question(other, 1);
    ck_assert(memcmp(&q, &theirs, sizeof q) != 0);
    ck_assert_int_eq(amkd_journal_close(other), 0);
}
END_TEST

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
    const amkd_question q = question(journal, 8);
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
    const amkd_question q = question(journal, 0), r = question(journal, 1);
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
    tcase_add_test(tests, journal_takes_names_of_classes_added_at_the_end);
    tcase_add_test(tests, journal_refuses_other_names_of_its_classes);
    tcase_add_test(tests, journal_of_unnamed_answers_takes_as_many_names);
    tcase_add_test(tests, journal_in_memory_leaves_nothing);
    tcase_add_test(tests, journal_refuses_answers_of_another_length);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
