/* What the members of a team that trains together have to agree on. */
#include "steps/learn/train_team.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/version.h"
#include "net/network_room.h"
#include <stdlib.h>
#include <string.h>

/* All of a device that the bits of sums depend on. */
static char *describe(const amkd_device *device)
{
    return device->vector_width == 1
               ? amkd_format("%s, driver %s, %u compute units", device->name,
                             device->driver, (unsigned)device->ncompute_units)
               : amkd_format("%s, driver %s, vectors of %zu", device->name,
                             device->driver, device->vector_width);
}

static int check_like(const amkd_device *device, const amkd_device *first)
{
    char *mine = describe(device), *theirs = describe(first);
    int rc = mine && theirs ? 0 : -1;
    if (!rc && strcmp(mine, theirs))
        rc = amkd_fail("device %zu is %s, and device %zu is %s: only devices of one kind "
                       "train together",
                       device->index, mine, first->index, theirs);
    free(mine);
    free(theirs);
    return rc;
}

int amkd_train_team_check(const amkd_device *const *devices, size_t ndevices)
{
    for (size_t d = 1; d < ndevices; d++)
        if (check_like(devices[d], devices[0]))
            return -1;
    return ndevices > 1 ? amkd_network_check_members(devices[0], ndevices) : 0;
}

int amkd_train_team_same(amkd_team *team, const amkd_device *device, const char *training)
{
    if (!team)
        return 0;
    char *text = describe(device);
    const int rc = !text || amkd_team_same(team, "the version of amkd", AMKD_VERSION) ||
                   amkd_team_same(team, "the device", text) ||
                   amkd_team_same(team, "the training", training);
    free(text);
    return rc ? -1 : 0;
}

int amkd_train_team_add(amkd_team *team, double *sums, size_t n)
{
    const size_t size = amkd_team_size(team);
    double *all = amkd_alloc(size, n * sizeof *all);
    const int rc = all ? amkd_team_all_gather(team, all, sums, n * sizeof *all) : -1;
    for (size_t s = 0; !rc && s < n; s++) {
        sums[s] = 0;
        for (size_t m = 0; m < size; m++)
            sums[s] += all[m * n + s];
    }
    free(all);
    return rc;
}

int amkd_train_team_share(amkd_team *team, amkd_checkpoint *checkpoint)
{
    const size_t nstates = checkpoint->nstates * checkpoint->ntrained;
    return amkd_team_broadcast(team, checkpoint->parameters,
                               checkpoint->nparameters * sizeof(float)) ||
                   amkd_team_broadcast(team, checkpoint->states,
                                       nstates * sizeof(float)) ||
                   amkd_team_broadcast(team, &checkpoint->step, sizeof checkpoint->step)
               ? -1
               : 0;
}
