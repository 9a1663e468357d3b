/* What a kind of team does for team.c: it moves bytes between members. */
#ifndef AMKD_TEAM_TEAM_INTERNAL_H
#define AMKD_TEAM_TEAM_INTERNAL_H

#include "team/team.h"
#include <stdint.h>

/* What members tell each other before each call (team.c). */
enum { AMKD_TEAM_NWORDS = 5 };

/* What rank 0 does with the items of others: once it failed it takes no more, while they
 * go on coming. */
typedef struct amkd_team_taker {
    int (*take)(void *context, const void *items, size_t n);
    void *context;
    int failed;
} amkd_team_taker;

void amkd_team_take(amkd_team_taker *taker, const void *items, size_t n);

/* All members call the same function with the same sizes. -1 with the error set is for
 * what befalls the team itself, such as a failed call of MPI. */
typedef struct amkd_team_kind {
    /* Replaces each of AMKD_TEAM_NWORDS words by the least of all members. */
    int (*least)(amkd_team *team, int64_t *words);
    int (*broadcast)(amkd_team *team, void *bytes, size_t nbytes, size_t from);
    int (*all_gather)(amkd_team *team, void *all, const void *mine, size_t nbytes);
    int (*collect)(amkd_team *team, const void *items, size_t n, size_t item_nbytes,
                   amkd_team_taker *taker);
    int (*sum)(amkd_team *team, float *sum, const float *copies, size_t ncopies,
               size_t n);
} amkd_team_kind;

/* The head of a kind's own struct. */
struct amkd_team {
    const amkd_team_kind *kind;
    size_t rank, size, place;
    int left;
    char name[128];     /* "member 2": how messages call this member */
    char broken[16384]; /* the message of what ended the team, "" while it works */
};

/* Adds ncopies copies, which lie stride floats apart, to sum, [n], one after the other.
 */
void amkd_team_add(float *sum, const float *copies, size_t ncopies, size_t stride,
                   size_t n);

#endif
