/* What was asked of a teacher and what it answered, so that nothing paid for is lost or
 * bought twice: by this run or another, today or in the next round.
 *
 * A journal is a directory of two amkd streams (amkd-stream(5)), to which rows are only
 * ever added, a lock, and a reserve of disk space:
 *
 *     sent.amkd     time <f8, key <u8 [2], event |u1: AMKD_SENT or AMKD_RETURNED
 *     answers.amkd  time <f8, key <u8 [2], values <f4 [nvalues]: as the teacher gave them;
 *                   where a key is there twice the last one counts
 *     lock          who holds it
 *     reserve       as large as the answers still to come may get
 *
 * The header of answers.amkd has the classes' names under "class_names" where they decide
 * which value is of which class.
 *
 * A key is the XXH3-128 of the teacher's identity and the exact pixels. An image is spent
 * when it was sent and not returned; a spent image without an answer is doubtful: it may
 * have been answered to a process that no longer lives. */
#ifndef AMKD_TEACHER_JOURNAL_H
#define AMKD_TEACHER_JOURNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_journal amkd_journal;

/* Names a question: an image asked of a teacher. */
typedef struct amkd_question_key {
    uint64_t key[2];
} amkd_question_key;

typedef enum amkd_journal_event {
    AMKD_RETURNED, /* the teacher surely did not process it: it cost nothing */
    AMKD_SENT,
} amkd_journal_event;

/* Opens a journal, which is made when it is not there; NULL: one in memory alone, gone
 * with the process. identity: the teacher's as text; a journal is of one teacher. Fails
 * at once, saying who, when another process has it open. */
int amkd_journal_open(amkd_journal **out, const char *directory, const char *identity);

/* Says which classes the values of answers are of, in turn, before anything is answered.
 * Names behind those that the journal has make its answers longer, by NaN; names that no
 * answer speaks of may be gone again from the end. Fails, the answers untouched, where
 * names differ otherwise. */
int amkd_journal_name_classes(amkd_journal *journal, const json_t *names);

/* Whether there is one in the directory. */
int amkd_journal_exists(const char *directory);

/* The question of an image's pixels to the teacher of this identity. */
amkd_question_key amkd_question_key_of(const char *identity, const void *pixels,
                                       size_t nbytes);

/* The same, to the journal's teacher. */
amkd_question_key amkd_journal_question(const amkd_journal *journal, const void *pixels,
                                        size_t nbytes);

/* The answer, [nvalues], or NULL where there is none; valid until the next answer is
 * added. */
const float *amkd_journal_find(const amkd_journal *journal, amkd_question_key question);
size_t amkd_journal_nvalues(const amkd_journal *journal); /* 0 before any answer */

/* Has the question be new again, to be asked once more; what is answered then counts from
 * now on, also when the journal is opened again. */
void amkd_journal_forget(amkd_journal *journal, amkd_question_key question);

/* Whether the question is new to this run: neither answered nor claimed before. Claims
 * it. 1 yes, 0 no, -1 on error. */
int amkd_journal_claim(amkd_journal *journal, amkd_question_key question);

/* What happened, in memory until amkd_journal_sync: n questions are about to be sent; n
 * that were sent were surely not processed; values[n][nvalues] came. */
int amkd_journal_send(amkd_journal *journal, const amkd_question_key *questions,
                      size_t n);
int amkd_journal_return(amkd_journal *journal, const amkd_question_key *questions,
                        size_t n);
int amkd_journal_answer(amkd_journal *journal, const amkd_question_key *questions,
                        const float *values, size_t n, size_t nvalues);

/* Puts it on the disk, and before questions that are about to be sent sets aside room for
 * their answers: when it fails none of them may be sent. Answers for which the disk has
 * no room get the reserve's; it fails all the same, and from then on. */
int amkd_journal_sync(amkd_journal *journal);

/* Images, over all runs; those answered once more after they were forgotten each time. */
uint64_t amkd_journal_spent(const amkd_journal *journal);
uint64_t amkd_journal_nanswers(const amkd_journal *journal);

/* Syncs, ends both streams and frees the journal, on failure too. NULL is fine. */
int amkd_journal_close(amkd_journal *journal);

#endif
