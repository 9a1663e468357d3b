/* Journals of images that are told from each other by their first pixel, each answered
 * with {that pixel, 1, 2}. They are "journal" and "another" in the scratch directory. */
#ifndef AMKD_TESTS_JOURNALS_H
#define AMKD_TESTS_JOURNALS_H

#include "base/error.h"
#include "teacher/journal.h"
#include <check.h>
#include <stdio.h>
#include <unistd.h>

enum { NPIXELS = 12, NVALUES = 3 };

static const char identity[] = "exec:anyone";

static inline amkd_journal *open_journal(const char *directory)
{
    amkd_journal *journal;
    ck_assert_msg(amkd_journal_open(&journal, directory, identity) == 0, "%s",
                  amkd_error());
    return journal;
}

static inline amkd_question_key question(const amkd_journal *journal, uint8_t image)
{
    uint8_t pixels[NPIXELS] = {image, 7};
    return amkd_journal_question(journal, pixels, sizeof pixels);
}

/* Sends images first..end and has the first nanswered of them answered. */
static inline void buy(amkd_journal *journal, uint8_t first, uint8_t end,
                       uint8_t nanswered)
{
    for (uint8_t image = first; image < end; image++) {
        const amkd_question_key q = question(journal, image);
        const float values[NVALUES] = {image, 1, 2};
        ck_assert_int_eq(amkd_journal_claim(journal, q), 1);
        ck_assert_int_eq(amkd_journal_send(journal, &q, 1), 0);
        ck_assert_msg(amkd_journal_sync(journal) == 0, "%s", amkd_error());
        if (image - first < nanswered)
            ck_assert_int_eq(amkd_journal_answer(journal, &q, values, 1, NVALUES), 0);
    }
    ck_assert_msg(amkd_journal_sync(journal) == 0, "%s", amkd_error());
}

static inline void remove_journals(void)
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

static inline void assert_answered(const amkd_journal *journal, uint8_t image)
{
    const float *values = amkd_journal_find(journal, question(journal, image));
    ck_assert_ptr_nonnull(values);
    ck_assert_float_eq(values[0], image);
    ck_assert_float_eq(values[2], 2);
}

#endif
