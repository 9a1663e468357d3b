/* Asking a teacher about many images: requests under way at once, retries, a rate, a
 * budget; every step written to a journal before the next depends on it. Until an answer
 * came that could be used, requests go one at a time: what is wrong with all answers of a
 * teacher is paid for once. */
#ifndef AMKD_TEACHER_ASKER_H
#define AMKD_TEACHER_ASKER_H

#include "teacher/budget.h"
#include "teacher/journal.h"
#include "teacher/probabilities.h"
#include "teacher/retry.h"
#include "teacher/teacher.h"

typedef struct amkd_asker amkd_asker;

typedef struct amkd_asker_options {
    size_t batch;        /* images a request; fewer where the teacher takes fewer, and no
                            more than a tenth of the rate */
    size_t image_nbytes; /* of an image's pixels */
    amkd_answer_rule rule; /* answers are checked by it */
    amkd_retry retry;
    double rate;         /* images sent a second at most; 0: no limit */
    amkd_budget *budget; /* over the same journal, borrowed; NULL: no limit */
    /* Called when n more images are answered and their answers in the journal, before
     * anything else is sent. -1: nothing more shall be. */
    int (*answered)(void *context, size_t n);
    void *context;
} amkd_asker_options;

/* Teacher and journal must outlive the asker. */
int amkd_asker_new(amkd_asker **out, amkd_teacher *teacher, amkd_journal *journal,
                   const amkd_asker_options *options);

/* Takes an image to be asked, whose pixels are copied; requests are sent and answers
 * taken meanwhile. Returns 1; 0 when it was not taken, because the budget is spent or a
 * signal asked to stop (base/interrupt.h); -1 when a request failed for good. */
int amkd_asker_add(amkd_asker *asker, amkd_question_key question, const uint8_t *pixels);

/* Sends what is left and waits for every answer. On failure, and after a signal, nothing
 * more is sent, and what is under way is waited for first: no answer is lost. */
int amkd_asker_finish(amkd_asker *asker);

typedef struct amkd_asker_counts {
    uint64_t answered;
    uint64_t retries; /* requests made once more */
} amkd_asker_counts;

amkd_asker_counts amkd_asker_count(const amkd_asker *asker);

/* Requests still under way are abandoned. NULL is fine. */
void amkd_asker_free(amkd_asker *asker);

#endif
