/* Rooms, by the wiring that a network would have. */
#include "net/network_room.h"
#include "base/error.h"
#include "net/wiring.h"
#include "ops/op.h"

size_t amkd_network_choose_nslices(const amkd_device *device, size_t max_blocks,
                                   const amkd_team *team)
{
    const size_t n = amkd_most_slices(device);
    return team || n < max_blocks ? n : max_blocks;
}

int amkd_network_check_members(const amkd_device *device, size_t nmembers)
{
    return nmembers > amkd_most_slices(device)
               ? amkd_fail("%zu devices are too many: on '%s' a batch is cut into %zu "
                           "slices",
                           nmembers, device->name, amkd_most_slices(device))
               : 0;
}

/* The ops' scratch, in all and the most of one. */
static void find_scratch(size_t *all, size_t *most, const amkd_device *device,
                         const amkd_graph *graph, int train)
{
    *all = *most = 0;
    for (size_t l = 0; l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        const size_t nbytes =
            layer->kind->scratch ? layer->kind->scratch(device, layer, train) : 0;
        *most = nbytes > *most ? nbytes : *most;
        *all += nbytes;
    }
}

int amkd_network_room_find(amkd_network_room *room, const amkd_device *device,
                           const amkd_graph *graph, int train)
{
    amkd_wiring wiring;
    if (amkd_wiring_new(&wiring, graph, train))
        return -1;
    const size_t lane_nbytes = device->nlanes * sizeof(float);
    const size_t ncopies = train ? amkd_most_slices(device) : 0;
    const size_t nweights = graph->nparameters, ngradients = ncopies * graph->ntrained;
    size_t kept_nbytes, scratch_nbytes;
    find_scratch(&kept_nbytes, &scratch_nbytes, device, graph, train);
    *room = (amkd_network_room){
        .block_nbytes = amkd_wiring_size(&wiring) * lane_nbytes,
        .fixed_nbytes = (nweights + ngradients) * sizeof(float) + scratch_nbytes,
        .kept_nbytes = train ? 0 : kept_nbytes,
        .nops = wiring.nnodes,
        .block_nmacs = amkd_graph_nmacs(graph) * (double)device->nlanes,
        .largest_fixed_nbytes =
            (nweights > ngradients ? nweights : ngradients) * sizeof(float),
    };
    for (size_t b = 0; b < wiring.nbuffers; b++)
        if (room->largest_block_nbytes < wiring.sizes[b] * lane_nbytes)
            room->largest_block_nbytes = wiring.sizes[b] * lane_nbytes;
    if (room->largest_fixed_nbytes < scratch_nbytes)
        room->largest_fixed_nbytes = scratch_nbytes;
    amkd_wiring_clear(&wiring);
    return 0;
}

int amkd_network_find_stored(unsigned char *stored, const amkd_graph *graph, int train)
{
    amkd_wiring wiring;
    if (amkd_wiring_new(&wiring, graph, train))
        return -1;
    for (size_t l = 0; l < graph->nlayers; l++)
        stored[l] = wiring.made_by[l + 1] != AMKD_NOWHERE;
    amkd_wiring_clear(&wiring);
    return 0;
}
