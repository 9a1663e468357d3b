/* Files that are made are found after a power cut: the directories that hold their names
 * are synced before anything depends on them. */
#include "base/error.h"
#include "scratch.h"
#include "teacher/journal.h"
#include <sys/syscall.h>

enum { MAX_SYNCED = 64 };

static ino_t synced[MAX_SYNCED];
static size_t nsynced;

/* In place of libc's: notes what is synced. */
int fsync(int fd)
{
    struct stat status;
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_lt(nsynced, MAX_SYNCED);
    synced[nsynced++] = status.st_ino;
    return (int)syscall(SYS_fsync, fd);
}

/* Whether path was synced, after *at other times; *at becomes the next. */
static int was_synced(size_t *at, const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    for (size_t s = *at; s < nsynced; s++)
        if (synced[s] == status.st_ino) {
            *at = s + 1;
            return 1;
        }
    return 0;
}

START_TEST(names_of_a_journal_are_on_the_disk_before_anything_is_sent)
{
    static const char *const paths[] = {"journal", "./journal/", "../%s/journal"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        amkd_journal *journal;
        char path[200];
        const uint8_t pixels[4] = {0};
        const float values[] = {1, 0};
        size_t first = 0, second = 0, third = 0;
        snprintf(path, sizeof path, paths[p], strrchr(scratch, '/') + 1);
        nsynced = 0;
        ck_assert_msg(!amkd_journal_open(&journal, path, "anyone"), "%s", amkd_error());
        const amkd_question_key q = amkd_journal_question(journal, pixels, sizeof pixels);
        ck_assert_int_eq(amkd_journal_send(journal, &q, 1), 0);
        ck_assert_int_eq(amkd_journal_sync(journal), 0);
        ck_assert(was_synced(&first, "."));
        ck_assert(was_synced(&second, "journal"));
        ck_assert(was_synced(&third, "journal/sent.amkd"));
        nsynced = first = 0;
        ck_assert_int_eq(amkd_journal_answer(journal, &q, values, 1, 2), 0);
        ck_assert_int_eq(amkd_journal_sync(journal), 0);
        ck_assert(was_synced(&first, "journal"));
        ck_assert(was_synced(&first, "journal/answers.amkd"));
        ck_assert_int_eq(amkd_journal_close(journal), 0);
        unlink("journal/sent.amkd");
        unlink("journal/answers.amkd");
        unlink("journal/lock");
        unlink("journal/reserve");
        ck_assert_int_eq(rmdir("journal"), 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fsync");
    TCase *tests = tcase_create("fsync");
    tcase_add_test(tests, names_of_a_journal_are_on_the_disk_before_anything_is_sent);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
