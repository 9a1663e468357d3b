/* The journal: two streams on disk, and in memory the map from questions to answers. */
#include "teacher/journal.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/journal_internal.h"
#include "teacher/journal_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* How many values an answer is taken to have before the first, and what blocks and the
 * end of a stream add to a row. */
enum { GUESSED_NVALUES = 1000, ROW_OVERHEAD = 128, STREAM_OVERHEAD = 1 << 16 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int open_directory(amkd_journal *journal, const char *directory)
{
    size_t nvalues;
    journal->directory = amkd_strdup(directory);
    journal->sent_path = amkd_format("%s/sent.amkd", directory);
    journal->answers_path = amkd_format("%s/answers.amkd", directory);
    journal->reserve_path = amkd_format("%s/reserve", directory);
    if (!journal->directory || !journal->sent_path || !journal->answers_path ||
        !journal->reserve_path || amkd_journal_lock(&journal->lock, directory) ||
        amkd_journal_open_sent(journal) || amkd_journal_count_values(&nvalues, journal))
        return -1;
    return nvalues ? amkd_journal_open_answers(journal, nvalues) : 0;
}

int amkd_journal_open(amkd_journal **out, const char *directory, const char *identity)
{
    amkd_journal *journal = amkd_alloc(1, sizeof *journal);
    if (!journal)
        return -1;
    journal->lock = journal->reserve = -1;
    journal->identity = amkd_strdup(identity);
    if (!journal->identity || (directory && open_directory(journal, directory))) {
        amkd_writer_discard(journal->sent);
        amkd_writer_discard(journal->answers);
        journal->sent = journal->answers = NULL;
        amkd_journal_close(journal);
        return -1;
    }
    *out = journal;
    return 0;
}

int amkd_journal_exists(const char *directory)
{
    char *path = amkd_format("%s/sent.amkd", directory);
    const int yes = path && !access(path, F_OK);
    free(path);
    return yes;
}

/* ------------------------------------------------------------------------- questions --
 */

amkd_question_key amkd_question_key_of(const char *identity, const void *pixels,
                                       size_t nbytes)
{
    const XXH64_hash_t seed = XXH3_64bits(identity, strlen(identity));
    const XXH128_hash_t digest = XXH3_128bits_withSeed(pixels, nbytes, seed);
    return (amkd_question_key){{digest.low64, digest.high64}};
}

amkd_question_key amkd_journal_question(const amkd_journal *journal, const void *pixels,
                                        size_t nbytes)
{
    return amkd_question_key_of(journal->identity, pixels, nbytes);
}

const float *amkd_journal_find(const amkd_journal *journal, amkd_question_key question)
{
    return amkd_answer_map_find(&journal->map, question);
}

size_t amkd_journal_nvalues(const amkd_journal *journal)
{
    return journal->map.nvalues;
}

void amkd_journal_forget(amkd_journal *journal, amkd_question_key question)
{
    amkd_answer_map_forget(&journal->map, question);
}

int amkd_journal_claim(amkd_journal *journal, amkd_question_key question)
{
    return amkd_answer_map_claim(&journal->map, question);
}

uint64_t amkd_journal_spent(const amkd_journal *journal)
{
    return journal->nsent - journal->nreturned;
}

uint64_t amkd_journal_nanswers(const amkd_journal *journal)
{
    return journal->map.nanswers + journal->nreplaced;
}

/* ---------------------------------------------------------------------- the sendings --
 */

/* Room on the disk for all answers still to come. */
static int set_aside(amkd_journal *journal)
{
    const size_t nvalues = journal->map.nvalues ? journal->map.nvalues : GUESSED_NVALUES;
    const uint64_t row = sizeof(row_head) + nvalues * sizeof(float) + ROW_OVERHEAD;
    const off_t nbytes = (off_t)(journal->nwaiting * row + STREAM_OVERHEAD);
    const char *path = journal->reserve_path;
    if (journal->reserve < 0)
        journal->reserve = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->reserve < 0)
        return amkd_fail_errno("'%s'", path);
    const int code = posix_fallocate(journal->reserve, 0, nbytes);
    errno = code;
    return code ? amkd_fail_errno("'%s': no room for the answers to come", path) : 0;
}

/* Room for n more items in a growing block. */
static int make_room(void **block, size_t *most, size_t used, size_t n, size_t nbytes)
{
    if (used + n <= *most)
        return 0;
    const size_t larger = (used + n) * 2;
    void *grown = amkd_realloc(*block, larger, nbytes);
    if (!grown)
        return -1;
    *block = grown;
    *most = larger;
    return 0;
}

static int add_events(amkd_journal *journal, const amkd_question_key *questions, size_t n,
                      amkd_journal_event event)
{
    void *events = journal->events;
    if (!journal->directory)
        return 0;
    if (make_room(&events, &journal->max_events, journal->nevents, n, SENT_NBYTES))
        return -1;
    journal->events = events;
    const double now = seconds_now();
    for (size_t q = 0; q < n; q++) {
        const row_head head = {now, questions[q]};
        char *row = journal->events + journal->nevents++ * SENT_NBYTES;
        memcpy(row, &head, sizeof head);
        row[sizeof head] = (char)event;
    }
    return 0;
}

int amkd_journal_send(amkd_journal *journal, const amkd_question_key *questions, size_t n)
{
    journal->nwaiting += n;
    journal->nsent += n;
    return add_events(journal, questions, n, AMKD_SENT);
}

int amkd_journal_return(amkd_journal *journal, const amkd_question_key *questions,
                        size_t n)
{
    journal->nwaiting -= n;
    journal->nreturned += n;
    return add_events(journal, questions, n, AMKD_RETURNED);
}

static int write_events(amkd_journal *journal)
{
    if (!journal->nevents)
        return 0;
    if (journal->full)
        return amkd_fail("journal '%s': the disk was full", journal->directory);
    if (set_aside(journal) ||
        amkd_writer_write(journal->sent, journal->events, journal->nevents) ||
        amkd_writer_flush(journal->sent))
        return -1;
    journal->nevents = 0;
    return 0;
}

/* -------------------------------------------------------------------- the answers -- */

int amkd_journal_answer(amkd_journal *journal, const amkd_question_key *questions,
                        const float *values, size_t n, size_t nvalues)
{
    void *fresh = journal->fresh;
    journal->nwaiting -= n < journal->nwaiting ? n : journal->nwaiting;
    if (make_room(&fresh, &journal->max_fresh, journal->nfresh, n, sizeof *questions))
        return -1;
    journal->fresh = fresh;
    for (size_t q = 0; q < n; q++) {
        if (amkd_answer_map_add(&journal->map, questions[q], values + q * nvalues,
                                nvalues))
            return -1;
        journal->fresh[journal->nfresh++] = questions[q];
    }
    return 0;
}

static int write_answers(amkd_journal *journal)
{
    const size_t nvalues = journal->map.nvalues, nbytes = nvalues * sizeof(float);
    if (!journal->answers && amkd_journal_open_answers(journal, nvalues))
        return -1;
    char *row = amkd_alloc(1, sizeof(row_head) + nbytes);
    int rc = row ? 0 : -1;
    const double now = seconds_now();
    for (size_t q = 0; !rc && q < journal->nfresh; q++) {
        const row_head head = {now, journal->fresh[q]};
        memcpy(row, &head, sizeof head);
        memcpy(row + sizeof head, amkd_answer_map_find(&journal->map, head.question),
               nbytes);
        rc = amkd_writer_write(journal->answers, row, 1);
    }
    free(row);
    return rc ? -1 : amkd_writer_flush(journal->answers);
}

/* Once more, with the room that was set aside; fails all the same. What the first try
 * left half written is mended as the stream is opened again. */
static int write_into_reserve(amkd_journal *journal)
{
    char *why = amkd_strdup(amkd_error());
    amkd_writer_discard(journal->answers);
    journal->answers = NULL;
    journal->full = 1;
    if (journal->reserve >= 0)
        close(journal->reserve);
    journal->reserve = -1;
    if (unlink(journal->reserve_path) && errno != ENOENT)
        amkd_fail_errno("'%s'", journal->reserve_path);
    else if (!write_answers(journal)) {
        journal->nfresh = 0;
        amkd_fail("%s (the answers that came are kept)", why ? why : "disk full");
    }
    free(why);
    return -1;
}

int amkd_journal_sync(amkd_journal *journal)
{
    if (!journal->directory) {
        journal->nfresh = 0;
        return 0;
    }
    if (journal->nfresh && write_answers(journal))
        return journal->full ? -1 : write_into_reserve(journal);
    journal->nfresh = 0;
    return write_events(journal);
}

/* ------------------------------------------------------------------------------ the end
 * --
 */

int amkd_journal_close(amkd_journal *journal)
{
    if (!journal)
        return 0;
    int rc = journal->sent ? amkd_journal_sync(journal) : 0;
    if (journal->sent && amkd_writer_close(journal->sent))
        rc = -1;
    if (journal->answers && amkd_writer_close(journal->answers))
        rc = -1;
    if (journal->reserve >= 0) {
        close(journal->reserve);
        if (unlink(journal->reserve_path))
            rc = amkd_fail_errno("'%s'", journal->reserve_path);
    }
    if (journal->lock >= 0)
        close(journal->lock);
    amkd_answer_map_clear(&journal->map);
    free(journal->events);
    free(journal->fresh);
    free(journal->identity);
    json_decref(journal->class_names);
    free(journal->directory);
    free(journal->sent_path);
    free(journal->answers_path);
    free(journal->reserve_path);
    free(journal);
    return rc;
}
