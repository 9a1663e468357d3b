/* What a network takes on a device, known without one. */
#ifndef AMKD_NET_NETWORK_ROOM_H
#define AMKD_NET_NETWORK_ROOM_H

#include "device/device.h"
#include "graph/graph.h"
#include "team/team.h"

/* Bytes on the device that a network takes, and those of the largest buffer: of each lane
 * block, and whatever their number. What a library takes that runs an op is not known.
 * kept_nbytes: beside the fixed ones, what a prediction's ops make of their weights and
 * keep, where they are let (amkd_batch.weights). And its work: ops forward, multiply-adds
 * of a lane block in all of them. */
typedef struct amkd_network_room {
    size_t block_nbytes, fixed_nbytes, kept_nbytes;
    size_t largest_block_nbytes, largest_fixed_nbytes;
    size_t nops;
    double block_nmacs;
} amkd_network_room;

/* The device need not be open. */
int amkd_network_room_find(amkd_network_room *room, const amkd_device *device,
                           const amkd_graph *graph, int train);

/* Whether a network stores what each layer makes, stored[nlayers] of 1 and 0: not where
 * the op in front of it does it too, or where it changes nothing. */
int amkd_network_find_stored(unsigned char *stored, const amkd_graph *graph, int train);

/* Copies of the weight gradients of batches of up to max_blocks: the device's slices;
 * alone, no more than there are blocks. In a team some may have none, and be zeros. */
size_t amkd_network_choose_nslices(const amkd_device *device, size_t max_blocks,
                                   const amkd_team *team);

/* Fails where a team has more members than a batch has slices on such a device. */
int amkd_network_check_members(const amkd_device *device, size_t nmembers);

#endif
