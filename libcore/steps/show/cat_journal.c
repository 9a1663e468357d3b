/* Journals checked: their streams one by one, and what they say together. */
#include "base/error.h"
#include "base/memory.h"
#include "steps/show/cat.h"
#include "teacher/journal_check.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void describe(amkd_cat_found *found, const amkd_journal_part *part,
                     const char *kind)
{
    *found = (amkd_cat_found){.nrows = part->extent.nrows,
                              .row_nbytes = part->row_nbytes,
                              .open = !part->extent.ended,
                              .nlost = part->extent.nlost};
    strcpy(found->kind, kind);
}

int amkd_cat_check_part(amkd_cat_found *found, const char *path, const char *kind)
{
    amkd_journal_part part;
    if (amkd_journal_check(&part, path, kind))
        return -1;
    describe(found, &part, kind);
    amkd_journal_part_clear(&part);
    return 0;
}

static int check_parts(amkd_cat_journal *journal, amkd_journal_part *sent,
                       amkd_journal_part *answers)
{
    if (amkd_journal_check(sent, journal->sent_path, "sent") ||
        (journal->has_answers &&
         amkd_journal_check(answers, journal->answers_path, "answers")))
        return -1;
    if (sent->teacher && answers->teacher && strcmp(sent->teacher, answers->teacher) != 0)
        return amkd_fail("'%s': is of the teacher %s, '%s' of %s", journal->sent_path,
                         sent->teacher, journal->answers_path, answers->teacher);
    describe(&journal->sent, sent, "sent");
    describe(&journal->answers, answers, "answers");
    journal->nasked = sent->extent.nrows - sent->nreturned;
    journal->nspent = journal->nasked - sent->nreturned;
    const char *teacher = sent->teacher ? sent->teacher : answers->teacher;
    journal->teacher = amkd_strdup(teacher ? teacher : "?");
    return journal->teacher ? 0 : -1;
}

int amkd_cat_check_journal(amkd_cat_journal *journal, const char *directory)
{
    amkd_journal_part sent = {0}, answers = {0};
    *journal =
        (amkd_cat_journal){.sent_path = amkd_format("%s/sent.amkd", directory),
                           .answers_path = amkd_format("%s/answers.amkd", directory)};
    int rc = journal->sent_path && journal->answers_path ? 0 : -1;
    if (!rc && access(journal->sent_path, F_OK))
        rc =
            amkd_fail("'%s': Is a directory, but no journal: there is no sent.amkd in it",
                      directory);
    if (!rc) {
        journal->has_answers = !access(journal->answers_path, F_OK);
        rc = check_parts(journal, &sent, &answers);
    }
    amkd_journal_part_clear(&sent);
    amkd_journal_part_clear(&answers);
    if (rc)
        amkd_cat_journal_clear(journal);
    return rc;
}

void amkd_cat_journal_clear(amkd_cat_journal *journal)
{
    free(journal->sent_path);
    free(journal->answers_path);
    free(journal->teacher);
    *journal = (amkd_cat_journal){0};
}
