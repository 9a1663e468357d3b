/* The inside of a query, for its files. */
#ifndef AMKD_STEPS_ASK_QUERY_INTERNAL_H
#define AMKD_STEPS_ASK_QUERY_INTERNAL_H

#include "base/progress.h"
#include "net/predictors.h"
#include "steps/ask/query.h"
#include "steps/ask/query_output.h"
#include "steps/ask/questions.h"
#include "teacher/asker.h"
#include "teacher/budget.h"

/* Images made at once. */
enum { CHUNK = 256 };

/* Pixels made last. */
typedef struct query_pixels {
    uint8_t *pixels; /* [CHUNK][h][w][c]; NULL: none yet */
    size_t first, n; /* of these questions */
} query_pixels;

typedef struct query {
    const amkd_query_options *options;
    amkd_query_counts *counts;
    amkd_budget budget;
    amkd_questions questions;
    amkd_question_key *asked; /* [questions.n] as the journal knows them */
    size_t nasked, nwritten;  /* so many have gone by */
    int unwritable;           /* writing failed: what stands in the output is not known */
    amkd_query_output output;
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices; /* 0: nothing is computed on any */
    amkd_teacher *teacher;
    amkd_predictors *student; /* NULL but for AMKD_FILL_STUDENT */
    amkd_journal *journal;
    amkd_asker *asker;
    query_pixels made;    /* for the teacher */
    query_pixels again;   /* for the student, who is behind it */
    float *student_probs; /* [CHUNK][nclasses] */
    float *probs;         /* [nclasses] */
    amkd_progress *progress;
} query;

/* The pixels [n][h][w][c] of questions first to first + n, CHUNK at most, in made, which
 * may hold them already; valid until others are made there. NULL on failure. */
const uint8_t *amkd_query_pixels(query *q, query_pixels *made, size_t first, size_t n);

/* Fails when the journal holds an answer to one of the questions that is not what the
 * rule says, naming it and the option that reads it. With options->ask_again such answers
 * are forgotten instead. */
int amkd_query_check_kept(query *q);

/* Writes answers in the order of their questions up to the first of nasked without one;
 * at the end, all there are. Answers that are not what the rule says are passed over:
 * whoever found them fails. */
int amkd_query_write_answers(query *q, int at_end);

#endif
