/* The labels that a query writes: begun with the first answer, which tells how many
 * classes there are, or added to those of an earlier run. */
#ifndef AMKD_STEPS_ASK_QUERY_OUTPUT_H
#define AMKD_STEPS_ASK_QUERY_OUTPUT_H

#include "steps/ask/query.h"
#include "steps/ask/questions.h"
#include "stream/stream.h"
#include "teacher/teacher.h"

typedef struct amkd_query_output {
    const amkd_query_options *options;
    const amkd_questions *questions;
    amkd_label_key *answered; /* [nanswered] keys that the output holds already; owned */
    size_t nanswered;
    size_t nclasses;     /* of those; 0 without */
    amkd_writer *writer; /* NULL until it is known how many classes there are */
    int locked;          /* the output, until it is begun; owned; -1: it is not locked */
    char *row;           /* one, where it is put together; owned */
} amkd_query_output;

/* With options->append: reads what the output holds, which must be answers of the same
 * teacher, read the same way, about the same images, and locks it, made where it is not
 * there. */
int amkd_query_output_read(amkd_query_output *output);

/* Writes the answer to a question: p[nclasses]. The first opens the stream. */
int amkd_query_output_write(amkd_query_output *output, const amkd_teacher *teacher,
                            const amkd_label_key *key, const float *p, size_t nclasses);

/* With options->append: what was written is on the disk when it returns. */
int amkd_query_output_flush(amkd_query_output *output);

/* Ends the stream where all went well (rc = 0), else drops it; rows that were appended
 * stay whatever happened. Returns rc, or -1. */
int amkd_query_output_close(amkd_query_output *output, int rc);

#endif
