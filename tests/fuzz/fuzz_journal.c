/* Journals whose files hold any bytes: refused, or what is bought next is there when they
 * are opened again. The first byte says which file (2: the answers') and whether the rest
 * is its plain bytes, to be packed into blocks (1), since no fuzzer guesses checksums. */
#include "base/file.h"
#include "fuzz/target.h"
#include "stream/bgzf_writer.h"
#include "teacher/journal.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_NVALUES = 1 << 10 };

static char directory[40], paths[4][64];

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void remove_files(void)
{
    for (int f = 0; f < 4; f++)
        unlink(paths[f]);
}

static void remove_directory(void)
{
    remove_files();
    rmdir(directory);
}

/* In memory where possible: a journal syncs. */
static void make_directory(void)
{
    static const char *const names[] = {"sent.amkd", "answers.amkd", "lock", "reserve"};
    snprintf(directory, sizeof directory, "%s/amkd-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    require(mkdtemp(directory) != NULL, "a temporary directory can be made");
    for (int f = 0; f < 4; f++)
        snprintf(paths[f], sizeof paths[f], "%s/%s", directory, names[f]);
    atexit(remove_directory);
}

static void put_plain(const char *path, const uint8_t *bytes, size_t nbytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(fd >= 0 && write(fd, bytes, nbytes) == (ssize_t)nbytes, "files are written");
    close(fd);
}

static void put_packed(const char *path, const uint8_t *bytes, size_t nbytes)
{
    amkd_output *output;
    amkd_bgzf_writer *writer;
    require(!amkd_output_open(&output, path), "an output opens");
    require(!amkd_bgzf_writer_open(&writer, output, 0), "a packer opens");
    require(!amkd_bgzf_writer_write(writer, bytes, nbytes), "bytes are packed");
    require(!amkd_bgzf_writer_finish(writer), "a file is ended");
    amkd_bgzf_writer_free(writer);
    require(!amkd_output_commit(output), "a file is committed");
}

static amkd_journal *open_journal(void)
{
    amkd_journal *journal;
    return amkd_journal_open(&journal, directory, "t") ? NULL : journal;
}

/* Buys an image that the journal does not know yet. */
static void check(amkd_journal *journal)
{
    static const float values[MAX_NVALUES] = {1, 2};
    const uint64_t spent = amkd_journal_spent(journal);
    const size_t known = amkd_journal_nvalues(journal), nvalues = known ? known : 2;
    const amkd_question_key question = amkd_journal_question(journal, "pixels", 6);
    const int fresh = nvalues <= MAX_NVALUES && amkd_journal_claim(journal, question);
    if (fresh) {
        require(!amkd_journal_send(journal, &question, 1) && !amkd_journal_sync(journal),
                "a sending is written down");
        require(!amkd_journal_answer(journal, &question, values, 1, nvalues),
                "an answer is taken");
    }
    require(!amkd_journal_close(journal), "a journal is closed");
    journal = open_journal();
    require(journal != NULL, "a journal opens once more");
    require(amkd_journal_spent(journal) == spent + (fresh ? 1 : 0), "what is spent");
    const float *answer = amkd_journal_find(journal, question);
    require(!fresh || (answer && !memcmp(answer, values, nvalues * sizeof *values)),
            "the answer is there");
    require(!amkd_journal_close(journal), "a journal is closed again");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    if (!nbytes)
        return 0;
    if (!*directory)
        make_directory();
    remove_files();
    const char *path = paths[bytes[0] >> 1 & 1];
    if (bytes[0] & 1)
        put_packed(path, bytes + 1, nbytes - 1);
    else
        put_plain(path, bytes + 1, nbytes - 1);
    amkd_journal *journal = open_journal();
    if (journal)
        check(journal);
    return 0;
}
