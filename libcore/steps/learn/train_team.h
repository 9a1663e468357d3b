/* What the members of a team that trains together have to agree on. */
#ifndef AMKD_STEPS_LEARN_TRAIN_TEAM_H
#define AMKD_STEPS_LEARN_TRAIN_TEAM_H

#include "net/network.h"
#include "steps/learn/checkpoint.h"
#include "team/team.h"

/* Fails unless these devices, which need not be open, can train together: they are of one
 * kind, and no more than there are slices of a batch. */
int amkd_train_team_check(const amkd_device *const *devices, size_t ndevices);

/* Fails for all unless each has the same amkd, kind of device and training, as
 * amkd_train_describe tells it. NULL is a team of one, here as below. */
int amkd_train_team_same(amkd_team *team, const amkd_device *device,
                         const char *training);

/* Adds up what all members have in n sums. */
int amkd_train_team_add(amkd_team *team, double *sums, size_t n);

/* Gives all members rank 0's checkpoint. */
int amkd_train_team_share(amkd_team *team, amkd_checkpoint *checkpoint);

#endif
