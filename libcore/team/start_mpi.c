/* How a team of processes that MPI started begins and ends. */
#include "base/cli_say.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/version.h"
#include "team/mpi_internal.h"
#include "team/start.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the launcher is another MPI's than the program's, each process takes itself for
 * the only one, and all would do the whole work. */
static int check_launcher(int size)
{
    static const char *const theirs[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                         "SLURM_STEP_NUM_TASKS"};
    for (size_t t = 0; t < sizeof theirs / sizeof *theirs && size == 1; t++) {
        const char *value = getenv(theirs[t]);
        const long n = value ? strtol(value, NULL, 10) : 1;
        char version[MPI_MAX_LIBRARY_VERSION_STRING];
        int length = 0;
        if (n <= 1)
            continue;
        if (MPI_Get_library_version(version, &length) != MPI_SUCCESS)
            snprintf(version, sizeof version, "an MPI without a name");
        version[strcspn(version, ",\n")] = '\0';
        for (char *tab = version; (tab = strchr(tab, '\t'));)
            *tab = ' ';
        return amkd_fail("the launcher started %ld processes, of which this one sees "
                         "itself alone: it is another MPI's than this program's, %s",
                         n, version);
    }
    return 0;
}

static int find_members(amkd_team *team)
{
    int rank = 0, size = 1, length = 0;
    char machine[MPI_MAX_PROCESSOR_NAME] = "";
    if (amkd_team_check_mpi(team, MPI_Comm_rank(MPI_COMM_WORLD, &rank),
                            "MPI_Comm_rank") ||
        amkd_team_check_mpi(team, MPI_Comm_size(MPI_COMM_WORLD, &size),
                            "MPI_Comm_size") ||
        amkd_team_check_mpi(team, MPI_Get_processor_name(machine, &length),
                            "MPI_Get_processor_name"))
        return -1;
    team->rank = (size_t)rank;
    team->size = (size_t)size;
    snprintf(team->name, sizeof team->name, "rank %d (%.100s)", rank, machine);
    return check_launcher(size);
}

/* Among those that share memory. */
static int find_place(amkd_team *team)
{
    MPI_Comm machine;
    int place = 0;
    if (amkd_team_check_mpi(team,
                            MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0,
                                                MPI_INFO_NULL, &machine),
                            "MPI_Comm_split_type"))
        return -1;
    const int rc =
        amkd_team_check_mpi(team, MPI_Comm_rank(machine, &place), "MPI_Comm_rank");
    team->place = (size_t)place;
    return amkd_team_check_mpi(team, MPI_Comm_free(&machine), "MPI_Comm_free") || rc ? -1
                                                                                     : 0;
}

/* NULL on failure, and where there is no other member. */
static amkd_team *new_team(int *failed)
{
    amkd_team_process *process = amkd_alloc(1, sizeof *process);
    *failed = !process;
    if (!process)
        return NULL;
    amkd_team *team = &process->team;
    team->kind = &amkd_team_by_mpi;
    snprintf(team->name, sizeof team->name, "MPI");
    *failed = amkd_team_check_mpi(
                  team, MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN),
                  "MPI_Comm_set_errhandler") ||
              find_members(team) || find_place(team);
    if (*failed || team->size == 1) {
        free(process);
        return NULL;
    }
    return team;
}

/* OpenCL drivers have threads of their own, which never call MPI. */
int amkd_team_start(amkd_team **team)
{
    int level = MPI_THREAD_SINGLE, failed = 0;
    *team = NULL;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return amkd_fail("MPI cannot be started");
    if (level < MPI_THREAD_FUNNELED)
        return amkd_fail("this MPI does not work in programs with threads");
    *team = new_team(&failed);
    if (failed)
        return -1;
    if (*team && (*team)->rank && amkd_cli_silence())
        return amkd_team_leave(*team, 1);
    return amkd_team_same(*team, "the version of amkd", AMKD_VERSION);
}

/* Others wait for a member whose start failed, so that it has no team. */
static int has_others(void)
{
    int size = 1;
    return MPI_Comm_size(MPI_COMM_WORLD, &size) != MPI_SUCCESS || size > 1;
}

int amkd_team_end(amkd_team *team, int status)
{
    int started = 0, lost = 0;
    if (team && !team->left && amkd_team_leave(team, status != 0) && !status)
        status = 1;
    if (team)
        lost = ((amkd_team_process *)team)->lost;
    const int has_team = team != NULL;
    free(team);
    if (MPI_Initialized(&started) != MPI_SUCCESS || !started)
        return status ? status : 1;
    if (lost || (!has_team && has_others()))
        MPI_Abort(MPI_COMM_WORLD, status ? status : 1);
    else if (MPI_Finalize() != MPI_SUCCESS && !status)
        status = 1;
    return status;
}
