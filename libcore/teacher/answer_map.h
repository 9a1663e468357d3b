/* Answers in memory, found by their question. */
#ifndef AMKD_TEACHER_ANSWER_MAP_H
#define AMKD_TEACHER_ANSWER_MAP_H

#include "teacher/journal.h"

/* A zeroed map is empty. */
typedef struct amkd_answer_map {
    struct amkd_answer_slot *slots; /* [size], a power of two; open addressing */
    size_t size, nused;
    float *values; /* [nanswers][nvalues] */
    size_t nvalues, nanswers, max_answers;
} amkd_answer_map;

/* Makes room for n questions more than there are, so that no slot moves as they come. -1
 * when memory is short. */
int amkd_answer_map_reserve(amkd_answer_map *map, size_t n);

/* NULL when the question is not answered. */
const float *amkd_answer_map_find(const amkd_answer_map *map, amkd_question_key question);

/* Puts in a question without an answer: 1 when it is new, 0 when it was there, -1 when
 * memory is short. */
int amkd_answer_map_claim(amkd_answer_map *map, amkd_question_key question);

/* Adds an answer of nvalues, which must be as many as in those before; one that is there
 * already stays. */
int amkd_answer_map_add(amkd_answer_map *map, amkd_question_key question,
                        const float *values, size_t nvalues);

/* An answer that is there is there no more: its question is new again. */
void amkd_answer_map_forget(amkd_answer_map *map, amkd_question_key question);

void amkd_answer_map_clear(amkd_answer_map *map);

#endif
