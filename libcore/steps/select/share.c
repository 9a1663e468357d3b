/* Strips of rows dealt to the members of a team. */
#include "steps/select/share.h"

uint64_t amkd_share_run(const amkd_share *share, int *mine, uint64_t row, uint64_t most)
{
    *mine = 1;
    if (!share->size)
        return most;
    const uint64_t strip = (row - share->from) / share->strip;
    const uint64_t end = share->from + (strip + 1) * share->strip;
    uint64_t run = (end < share->pause ? end : share->pause) - row;
    *mine = strip % share->size == share->rank;
    return run < most ? run : most;
}
