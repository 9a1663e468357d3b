/* The team as which a program is started: in programs linked with team_mpi.c
 * (amkd-NAME_mpi) the processes of MPI's launcher, else one (alone.c). */
#ifndef AMKD_TEAM_START_H
#define AMKD_TEAM_START_H

#include "team/team.h"

/* Once, before the command line is read. *team is NULL for one. From then on ranks other
 * than 0 are silent (base/cli_say.h). On failure amkd_team_end is
 * to be called as well. */
int amkd_team_start(amkd_team **team);

/* The last call of a process, with its exit status: a member that has not left leaves
 * now, as failed where the status is not 0. Returns the status, 1 for 0 where that fails;
 * where the team was lost the launcher is told to end all processes. */
int amkd_team_end(amkd_team *team, int status);

#endif
