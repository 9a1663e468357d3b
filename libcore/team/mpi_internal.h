/* A team of processes that MPI started, whose parts lie in two files: what its members
 * say to each other (team_mpi.c), and how it begins and ends (start_mpi.c). */
#ifndef AMKD_TEAM_MPI_INTERNAL_H
#define AMKD_TEAM_MPI_INTERNAL_H

#include "team/team_internal.h"

typedef struct amkd_team_process {
    amkd_team team;
    int lost; /* a call of MPI failed: others may wait for ever */
} amkd_team_process;

extern const amkd_team_kind amkd_team_by_mpi;

/* 0 for a call of MPI that succeeded; else the team is lost, and the error is set to
 * what, the call's name, and MPI's message. */
int amkd_team_check_mpi(amkd_team *team, int code, const char *what);

#endif
