/* Which candidates are a member's of a team: all read the same rows, and score strips of
 * them in turn. */
#ifndef AMKD_STEPS_SELECT_SHARE_H
#define AMKD_STEPS_SELECT_SHARE_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_share {
    size_t rank, size; /* size 0: all are one's, without strips and pauses */
    uint64_t strip;    /* rows of a strip */
    uint64_t from;     /* the row at which rank 0's first strip begins */
    uint64_t pause;    /* the row before which reading stops, for the team to meet */
} amkd_share;

/* How many of at most most rows, from row on, lie in one strip, which is one's own if
 * *mine says so; 0 at the pause. */
uint64_t amkd_share_run(const amkd_share *share, int *mine, uint64_t row, uint64_t most);

#endif
