/* Rooms, by the schedule that a network would have. */
#include "net/network_room.h"
#include "net/schedule.h"

size_t amkd_network_choose_nslices(const amkd_device *device, size_t max_blocks)
{
    const size_t n = device->vector_width > 1 ? 2 : 8;
    return n < max_blocks ? n : max_blocks;
}

int amkd_network_room_find(amkd_network_room *room, const amkd_device *device,
                           const amkd_graph *graph, int train)
{
    amkd_schedule schedule;
    if (amkd_schedule_new(&schedule, graph, train))
        return -1;
    const size_t lane_nbytes = device->nlanes * sizeof(float);
    const size_t ncopies = train ? amkd_network_choose_nslices(device, SIZE_MAX) : 0;
    const size_t nweights = graph->nparameters, ngradients = ncopies * graph->ntrained;
    *room = (amkd_network_room){
        .block_nbytes = amkd_schedule_size(&schedule) * lane_nbytes,
        .fixed_nbytes = (nweights + ngradients) * sizeof(float),
        .largest_fixed_nbytes =
            (nweights > ngradients ? nweights : ngradients) * sizeof(float),
    };
    for (size_t b = 0; b < schedule.nbuffers; b++)
        if (room->largest_block_nbytes < schedule.sizes[b] * lane_nbytes)
            room->largest_block_nbytes = schedule.sizes[b] * lane_nbytes;
    amkd_schedule_clear(&schedule);
    return 0;
}

int amkd_network_find_stored(unsigned char *stored, const amkd_graph *graph, int train)
{
    amkd_schedule schedule;
    if (amkd_schedule_new(&schedule, graph, train))
        return -1;
    for (size_t l = 0; l < graph->nlayers; l++)
        stored[l] = schedule.made_by[l + 1] != AMKD_NOWHERE;
    amkd_schedule_clear(&schedule);
    return 0;
}
