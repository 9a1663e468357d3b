/* What all kinds of teams have in common. Before a call moves anything the members meet:
 * each says what it is about to do, and whether it has failed. So a member that failed
 * between two calls is heard of by those who are in the next, and nobody waits for it. */
#include "team/team.h"
#include "base/error.h"
#include "base/memory.h"
#include "team/team_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum purpose {
    TO_AGREE,
    TO_LEAVE,
    TO_BROADCAST,
    TO_GATHER,
    TO_COLLECT,
    TO_SUM
} purpose;

size_t amkd_team_rank(const amkd_team *team)
{
    return team ? team->rank : 0;
}

size_t amkd_team_size(const amkd_team *team)
{
    return team ? team->size : 1;
}

size_t amkd_team_place(const amkd_team *team)
{
    return team ? team->place : 0;
}

/* Every later call fails with the present message. */
static int end_team(amkd_team *team)
{
    snprintf(team->broken, sizeof team->broken, "%s", amkd_error());
    return -1;
}

/* The message of the member that failed becomes everybody's. */
static int hear_of_failure(amkd_team *team, size_t from)
{
    if (team->kind->broadcast(team, team->broken, sizeof team->broken, from))
        return end_team(team);
    return amkd_fail("%s", team->broken);
}

static int meet(amkd_team *team, purpose what, size_t nbytes, int failed)
{
    if (*team->broken)
        return amkd_fail("%s", team->broken);
    if (failed) {
        amkd_fail_in("%s", team->name);
        snprintf(team->broken, sizeof team->broken, "%s", amkd_error());
    }
    const size_t whole = team->size;
    int64_t words[AMKD_TEAM_NWORDS] = {(int64_t)(failed ? team->rank : whole), what,
                                       -(int64_t)what, (int64_t)nbytes, -(int64_t)nbytes};
    if (team->kind->least(team, words))
        return end_team(team);
    if (words[0] < (int64_t)whole)
        return hear_of_failure(team, (size_t)words[0]);
    if (words[1] != -words[2] || words[3] != -words[4]) {
        amkd_fail("the members of the team are not at the same step of the work");
        return end_team(team);
    }
    return 0;
}

int amkd_team_agree(amkd_team *team, int failed)
{
    if (!team)
        return failed ? -1 : 0;
    return meet(team, TO_AGREE, 0, failed);
}

int amkd_team_leave(amkd_team *team, int failed)
{
    if (!team)
        return failed ? -1 : 0;
    team->left = 1;
    return meet(team, TO_LEAVE, 0, failed);
}

int amkd_team_broadcast(amkd_team *team, void *bytes, size_t nbytes)
{
    if (!team)
        return 0;
    if (meet(team, TO_BROADCAST, nbytes, 0))
        return -1;
    return team->kind->broadcast(team, bytes, nbytes, 0) ? end_team(team) : 0;
}

int amkd_team_all_gather(amkd_team *team, void *all, const void *mine, size_t nbytes)
{
    if (!team) {
        memcpy(all, mine, nbytes);
        return 0;
    }
    if (meet(team, TO_GATHER, nbytes, 0))
        return -1;
    return team->kind->all_gather(team, all, mine, nbytes) ? end_team(team) : 0;
}

char *amkd_team_roll(amkd_team *team)
{
    enum { LINE_NBYTES = 192 };
    const size_t size = amkd_team_size(team);
    char line[LINE_NBYTES] = "";
    snprintf(line, sizeof line, "%s is process %ld", team ? team->name : "rank 0",
             (long)getpid());
    char *lines = amkd_alloc(size, sizeof line), *at = lines;
    int rc = amkd_team_agree(team, !lines);
    if (!rc)
        rc = amkd_team_all_gather(team, lines, line, sizeof line);
    for (size_t m = 0; !rc && m < size; m++) {
        const size_t n = strlen(lines + m * sizeof line);
        memmove(at, lines + m * sizeof line, n);
        at[n] = '\n';
        at += n + 1;
    }
    if (!rc)
        at[-1] = '\0';
    if (!rc)
        return lines;
    free(lines);
    return NULL;
}

void amkd_team_take(amkd_team_taker *taker, const void *items, size_t n)
{
    if (!taker->failed)
        taker->failed = taker->take(taker->context, items, n) != 0;
}

int amkd_team_collect(amkd_team *team, const void *items, size_t n, size_t item_nbytes,
                      int (*take)(void *context, const void *items, size_t n),
                      void *context)
{
    if (!team)
        return 0;
    amkd_team_taker taker = {take, context, 0};
    if (meet(team, TO_COLLECT, item_nbytes, 0))
        return -1;
    if (team->kind->collect(team, items, n, item_nbytes, &taker))
        return end_team(team);
    return amkd_team_agree(team, taker.failed);
}

void amkd_team_add(float *sum, const float *copies, size_t ncopies, size_t stride,
                   size_t n)
{
    for (size_t c = 0; c < ncopies; c++)
        for (size_t i = 0; i < n; i++)
            sum[i] += copies[c * stride + i];
}

int amkd_team_sum(amkd_team *team, float *sum, const float *copies, size_t ncopies,
                  size_t n)
{
    if (!team) {
        memset(sum, 0, n * sizeof *sum);
        amkd_team_add(sum, copies, ncopies, n, n);
        return 0;
    }
    if (meet(team, TO_SUM, n, 0))
        return -1;
    return team->kind->sum(team, sum, copies, ncopies, n) ? end_team(team) : 0;
}

/* The texts from a little before the first byte that differs. */
static int fail_other_text(const char *what, const char *mine, const char *theirs)
{
    enum { BEFORE = 24, SHOWN = 64 };
    size_t at = 0;
    while (mine[at] && mine[at] == theirs[at])
        at++;
    at = at > BEFORE ? at - BEFORE : 0;
    const char *cut = at ? "..." : "";
    return amkd_fail("%s: '%s%.*s' here, '%s%.*s' at rank 0", what, cut, SHOWN, mine + at,
                     cut, SHOWN, theirs + at);
}

int amkd_team_same(amkd_team *team, const char *what, const char *text)
{
    size_t nbytes = strlen(text) + 1;
    if (amkd_team_broadcast(team, &nbytes, sizeof nbytes))
        return -1;
    char *theirs = amkd_alloc(nbytes, 1);
    int rc = amkd_team_agree(team, !theirs);
    if (!rc && amkd_team_rank(team) == 0)
        memcpy(theirs, text, nbytes);
    if (!rc)
        rc = amkd_team_broadcast(team, theirs, nbytes);
    if (!rc)
        rc = amkd_team_agree(team, strcmp(text, theirs) != 0 &&
                                       fail_other_text(what, text, theirs));
    free(theirs);
    return rc;
}
