/* Open addressing; the keys are digests already. */
#include "teacher/answer_map.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

struct amkd_answer_slot {
    amkd_question_key question;
    size_t answer; /* FREE, CLAIMED, FORGOTTEN, or FIRST_ANSWER + its number */
};

enum { FREE, CLAIMED, FORGOTTEN, FIRST_ANSWER };

static struct amkd_answer_slot *find_slot(const amkd_answer_map *map, amkd_question_key q)
{
    size_t at = q.key[0] & (map->size - 1);
    while (map->slots[at].answer != FREE &&
           memcmp(&map->slots[at].question, &q, sizeof q) != 0)
        at = (at + 1) & (map->size - 1);
    return &map->slots[at];
}

int amkd_answer_map_reserve(amkd_answer_map *map, size_t n)
{
    amkd_answer_map larger = *map;
    if (!larger.size)
        larger.size = 1024;
    while ((map->nused + n) * 2 > larger.size)
        larger.size *= 2;
    if (larger.size == map->size)
        return 0;
    larger.slots = amkd_alloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return -1;
    for (size_t s = 0; s < map->size; s++)
        if (map->slots[s].answer != FREE)
            *find_slot(&larger, map->slots[s].question) = map->slots[s];
    free(map->slots);
    *map = larger;
    return 0;
}

const float *amkd_answer_map_find(const amkd_answer_map *map, amkd_question_key question)
{
    const size_t answer = map->size ? find_slot(map, question)->answer : FREE;
    return answer < FIRST_ANSWER ? NULL
                                 : map->values + (answer - FIRST_ANSWER) * map->nvalues;
}

int amkd_answer_map_claim(amkd_answer_map *map, amkd_question_key question)
{
    if (amkd_answer_map_reserve(map, 1))
        return -1;
    struct amkd_answer_slot *slot = find_slot(map, question);
    if (slot->answer == FORGOTTEN) {
        slot->answer = CLAIMED;
        return 1;
    }
    if (slot->answer != FREE)
        return 0;
    *slot = (struct amkd_answer_slot){question, CLAIMED};
    map->nused++;
    return 1;
}

void amkd_answer_map_forget(amkd_answer_map *map, amkd_question_key question)
{
    struct amkd_answer_slot *slot = map->size ? find_slot(map, question) : NULL;
    if (slot && slot->answer >= FIRST_ANSWER)
        slot->answer = FORGOTTEN;
}

static int make_room(amkd_answer_map *map)
{
    if (map->nanswers < map->max_answers)
        return 0;
    const size_t most = map->max_answers ? map->max_answers * 2 : 1024;
    float *values = amkd_realloc(map->values, most, map->nvalues * sizeof *values);
    if (!values)
        return -1;
    map->values = values;
    map->max_answers = most;
    return 0;
}

int amkd_answer_map_add(amkd_answer_map *map, amkd_question_key question,
                        const float *values, size_t nvalues)
{
    if (map->nvalues && map->nvalues != nvalues)
        return amkd_fail("an answer of %zu values, those before have %zu", nvalues,
                         map->nvalues);
    map->nvalues = nvalues;
    if (amkd_answer_map_claim(map, question) < 0 || make_room(map))
        return -1;
    struct amkd_answer_slot *slot = find_slot(map, question);
    if (slot->answer >= FIRST_ANSWER)
        return 0;
    memcpy(map->values + map->nanswers * nvalues, values, nvalues * sizeof *values);
    slot->answer = FIRST_ANSWER + map->nanswers++;
    return 0;
}

void amkd_answer_map_clear(amkd_answer_map *map)
{
    free(map->slots);
    free(map->values);
    *map = (amkd_answer_map){0};
}
