/* Programs without MPI are started as a team of one. */
#include "team/start.h"

int amkd_team_start(amkd_team **team)
{
    *team = 0;
    return 0;
}

int amkd_team_end(amkd_team *team, int status)
{
    (void)team;
    return status;
}
