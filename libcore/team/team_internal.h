/* What a kind of team does for team.c: it moves bytes between members. */
#ifndef AMKD_TEAM_TEAM_INTERNAL_H
#define AMKD_TEAM_TEAM_INTERNAL_H

#include "team/team.h"
#include <stdint.h>

/* What members tell each other before each call (team.c). */
enum { AMKD_TEAM_NWORDS = 5 };

/* All members call the same function with the same sizes. -1 with the error set is for
 * what befalls the team itself, such as a failed call of MPI. */
typedef struct amkd_team_kind {
    /* Replaces each of AMKD_TEAM_NWORDS words by the least of all members. */
    int (*least)(amkd_team *team, int64_t *words);
    int (*broadcast)(amkd_team *team, void *bytes, size_t nbytes, size_t from);
    int (*all_gather)(amkd_team *team, void *all, const void *mine, size_t nbytes);
    int (*sum)(amkd_team *team, float *sum, const float *copies, size_t ncopies,
               size_t n);
} amkd_team_kind;

/* The head of a kind's own struct. */
struct amkd_team {
    const amkd_team_kind *kind;
    size_t rank, size;
    char name[128];     /* "member 2": how messages call this member */
    char broken[16384]; /* the message of what ended the team, "" while it works */
};

/* This member's last call, with failed as in amkd_team_agree. Fails as that does. */
int amkd_team_leave(amkd_team *team, int failed);

/* Adds ncopies copies, which lie stride floats apart, to sum, [n], one after the other.
 */
void amkd_team_add(float *sum, const float *copies, size_t ncopies, size_t stride,
                   size_t n);

#endif
