/* What members of a team do in tests, of threads as of processes: each checks what it
 * gets of the others. */
#include "base/error.h"
#include "team/team.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 5, NCOPIES = 11, N = 1009, MOST = 9001 };

/* Copies whose sum depends on the order: large and small values beside each other. */
static float copies[NCOPIES][N], expected[N];

static void make_copies(void)
{
    unsigned state = 7;
    for (size_t c = 0; c < NCOPIES; c++)
        for (size_t i = 0; i < N; i++) {
            state = state * 1664525u + 1013904223u;
            copies[c][i] = ((float)(state >> 8) - 8e6f) * (c % 3 ? 1.0f : 4096.0f);
        }
    for (size_t i = 0; i < N; i++) {
        expected[i] = 0;
        for (size_t c = 0; c < NCOPIES; c++)
            expected[i] += copies[c][i];
    }
}

/* Sums of n with the copies first..end for this member, three times. */
static int sum_dealt(amkd_team *team, size_t first, size_t end, size_t n)
{
    float *mine = malloc(((end - first) * n + 1) * sizeof *mine), sum[N];
    for (size_t c = first; c < end; c++)
        memcpy(mine + (c - first) * n, copies[c], n * sizeof *mine);
    int rc = 0;
    for (int again = 0; again < 3 && !rc; again++) {
        memset(sum, 0x55, sizeof sum);
        rc = amkd_team_sum(team, sum, end > first ? mine : NULL, end - first, n);
        if (!rc && memcmp(sum, expected, n * sizeof *sum) != 0)
            rc = amkd_fail("the sum is another");
    }
    free(mine);
    return rc;
}

/* Copies dealt evenly, and all of them to the last member. make_copies came before. */
static int sum_however_dealt(void *context, amkd_team *team)
{
    static const size_t lengths[] = {0, 1, 2, 3, 64, 997, N};
    const size_t rank = amkd_team_rank(team), size = amkd_team_size(team);
    (void)context;
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        if (sum_dealt(team, rank * NCOPIES / size, (rank + 1) * NCOPIES / size,
                      lengths[l]) ||
            sum_dealt(team, 0, rank + 1 == size ? NCOPIES : 0, lengths[l]))
            return -1;
    return 0;
}

static int sum_nothing(void *context, amkd_team *team)
{
    float sum[] = {1, 2, 3};
    (void)context;
    if (amkd_team_sum(team, sum, NULL, 0, 3))
        return -1;
    return sum[0] == 0 && sum[1] == 0 && sum[2] == 0 ? 0 : amkd_fail("it is not zero");
}

static int gather_and_broadcast(amkd_team *team, size_t nbytes)
{
    const size_t size = amkd_team_size(team);
    const size_t rank = amkd_team_rank(team);
    unsigned char mine[MOST], all[LARGEST * MOST + 1];
    for (size_t round = 0; round < 4; round++) {
        memset(mine, (int)(16 * round + rank), sizeof mine);
        memset(all, 0xee, sizeof all);
        if (amkd_team_all_gather(team, all, mine, nbytes))
            return -1;
        for (size_t m = 0; m < size; m++)
            for (size_t b = 0; b < nbytes; b++)
                if (all[m * nbytes + b] != (unsigned char)(16 * round + m))
                    return amkd_fail("byte %zu of member %zu is another", b, m);
        if (all[size * nbytes] != 0xee)
            return amkd_fail("bytes behind the end were written");
        if (amkd_team_broadcast(team, mine, nbytes))
            return -1;
        for (size_t b = 0; b < sizeof mine; b++)
            if (mine[b] != (unsigned char)(16 * round + (b < nbytes ? 0 : rank)))
                return amkd_fail("byte %zu of rank 0 is another", b);
    }
    return 0;
}

static int share_bytes(void *context, amkd_team *team)
{
    (void)context;
    return gather_and_broadcast(team, 0) || gather_and_broadcast(team, 1) ||
           gather_and_broadcast(team, 64) || gather_and_broadcast(team, MOST);
}

/* Member m has ITEMS items, 2000 m and so on; rank 0 three, which nobody gets. */
enum { ITEMS = 1700, APART = 2000 };

typedef struct collected {
    size_t n;
    uint32_t next; /* expected */
    uint32_t stop; /* at which rank 0 fails; 0 for never */
} collected;

static int take_items(void *context, const void *bytes, size_t n)
{
    collected *c = context;
    const uint32_t *items = bytes;
    for (size_t i = 0; i < n; i++, c->n++) {
        if (c->stop && items[i] == c->stop)
            return amkd_fail("item %u cannot be kept", (unsigned)c->stop);
        if (c->next % APART == ITEMS)
            c->next += APART - ITEMS;
        if (items[i] != c->next++)
            return amkd_fail("item %u came, not %u", (unsigned)items[i],
                             (unsigned)c->next - 1);
    }
    return 0;
}

/* context: the item at which rank 0 fails, or NULL. */
static int collect_items(void *context, amkd_team *team)
{
    const size_t rank = amkd_team_rank(team), n = rank ? ITEMS : 3;
    uint32_t items[ITEMS];
    collected all = {0, APART, context ? *(uint32_t *)context : 0};
    for (size_t i = 0; i < n; i++)
        items[i] = (uint32_t)(rank * APART + i);
    if (amkd_team_collect(team, items, n, sizeof *items, take_items, &all))
        return -1;
    if (rank == 0 && all.n != (amkd_team_size(team) - 1) * ITEMS)
        return amkd_fail("%zu items were collected", all.n);
    return amkd_team_collect(team, NULL, 0, 1000, take_items, &all);
}

/* Calls of every kind, one after the other; a member whose plan says so leaves with an
 * error in one of the rounds. */
typedef struct leaving {
    size_t rank, round;
} leaving;

static int leave_early(void *context, amkd_team *team)
{
    const leaving *plan = context;
    float sum[3], copy[3] = {0};
    char all[LARGEST];
    for (size_t round = 0; round < 8; round++) {
        if (amkd_team_rank(team) == plan->rank && round == plan->round)
            return amkd_fail("its disk is full");
        if (round % 4 == 0   ? amkd_team_sum(team, sum, copy, 1, 3)
            : round % 4 == 1 ? amkd_team_all_gather(team, all, "x", 1)
            : round % 4 == 2 ? amkd_team_broadcast(team, all, 1)
                             : amkd_team_agree(team, 0))
            return -1;
    }
    return 0;
}

/* context: the texts of the members. */
static int compare_texts(void *context, amkd_team *team)
{
    const char *const *texts = context;
    return amkd_team_same(team, "the seed", texts[amkd_team_rank(team)]);
}

/* Rank 0 asks for an agreement, the others are done. */
static int leave_too_soon(void *context, amkd_team *team)
{
    (void)context;
    return amkd_team_rank(team) ? 0 : amkd_team_agree(team, 0);
}
