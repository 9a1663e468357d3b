/* A journal's answers, for those who only read them. */
#ifndef AMKD_TEACHER_JOURNAL_ANSWERS_H
#define AMKD_TEACHER_JOURNAL_ANSWERS_H

#include "stream/stream.h"
#include "teacher/answer_map.h"

/* Adds the rows of answers.amkd, all of which are still to be read, to the map; answers
 * that are there already stay. Of several rows of one question the last one counts. */
int amkd_journal_read_answers(amkd_answer_map *map, amkd_reader *reader);

#endif
