/* A team of threads of this process. */
#ifndef AMKD_TEAM_TEAM_THREADS_H
#define AMKD_TEAM_TEAM_THREADS_H

#include "team/team.h"

/* Runs work(context, team) for each of size members, 1 or more: in the caller's thread
 * for rank 0, in one of its own for each other. A single one has the team NULL. A member
 * whose work returns other than 0 has failed. Returns 0, or -1 if one failed: with the
 * name, "member 2", and message of the lowest rank that was the first to; of a single one
 * with its message as it is. */
int amkd_team_threads(size_t size, int (*work)(void *context, amkd_team *team),
                      void *context);

/* How messages call a member from now on, by itself. NULL is fine. */
void amkd_team_call(amkd_team *team, const char *name);

#endif
