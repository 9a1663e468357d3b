/* A journal looked at: verified and left as it is, also while a run adds to it. */
#ifndef AMKD_TEACHER_JOURNAL_CHECK_H
#define AMKD_TEACHER_JOURNAL_CHECK_H

#include "stream/stream.h"

/* One of a journal's streams. */
typedef struct amkd_journal_part {
    amkd_extent extent;
    size_t row_nbytes;  /* 0 where the header is not whole, as all below */
    char *teacher;      /* its identity; owned */
    uint64_t nreturned; /* of sent.amkd: events of images that cost nothing */
} amkd_journal_part;

/* Verifies a stream of the kind "sent" or "answers" with all values in its whole rows. A
 * tail that a crash left, which the next run cuts off, is no failure; anything else that
 * is wrong is. */
int amkd_journal_check(amkd_journal_part *part, const char *path, const char *kind);

void amkd_journal_part_clear(amkd_journal_part *part); /* a zeroed one is fine */

#endif
