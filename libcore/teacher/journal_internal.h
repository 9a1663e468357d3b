/* The inside of a journal, for journal.c and journal_streams.c. */
#ifndef AMKD_TEACHER_JOURNAL_INTERNAL_H
#define AMKD_TEACHER_JOURNAL_INTERNAL_H

#include "stream/stream.h"
#include "teacher/answer_map.h"
#include "teacher/journal.h"

/* A row of either stream begins like this; the event, or the values, follow. */
typedef struct row_head {
    double time; /* seconds since 1970 */
    amkd_question_key question;
} row_head;

enum { SENT_NBYTES = sizeof(row_head) + 1 };

struct amkd_journal {
    char *identity;
    json_t *class_names; /* of the answers there, or of the first; NULL: not told */
    char *directory, *sent_path, *answers_path, *reserve_path; /* NULL in memory */
    int lock, reserve;                                         /* descriptors; -1: none */
    amkd_writer *sent, *answers;
    amkd_answer_map map;
    uint64_t nsent, nreturned; /* over all runs */
    uint64_t nreplaced;        /* answers read for which a later one counts */
    uint64_t nwaiting;         /* sent by this run, and neither returned nor answered */
    char *events;              /* [nevents] rows of sent.amkd not written yet */
    size_t nevents, max_events;
    amkd_question_key *fresh; /* [nfresh] answered, not written yet */
    size_t nfresh, max_fresh;
    int full; /* the reserve was needed: nothing may be sent */
};

/* Opens sent.amkd, whatever a crash left of it, and counts its events. */
int amkd_journal_open_sent(amkd_journal *journal);

/* How many values the answers of answers.amkd have: 0 when there are none. A file that a
 * crash left without a whole header is removed. */
int amkd_journal_count_values(size_t *nvalues, const amkd_journal *journal);

/* Opens answers.amkd likewise, of so many values each, and puts them into the map. */
int amkd_journal_open_answers(amkd_journal *journal, size_t nvalues);

/* The header of a new answers.amkd. */
int amkd_journal_answers_header(amkd_header *header, const amkd_journal *journal,
                                size_t nvalues);

/* Keeps a copy of the names; NULL: of none. */
int amkd_journal_set_names(amkd_journal *journal, const json_t *names);

#endif
