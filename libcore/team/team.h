/* A team: members that do one piece of work together, each with a device of its own:
 * threads of one process (team_threads.h), or processes that MPI started (start.h).
 * All of them call the same functions of this header in the same order, with the same
 * sizes unless a function says otherwise; each call waits for all members.
 *
 * A member that fails tells the others: their present or next call fails too, with its
 * name and message, and so does every call after it. None is left waiting. What all
 * members must know of before they go on is asked by amkd_team_agree.
 *
 * NULL is a team of one. Buffers are host memory of malloc and the like. Functions return
 * 0, or -1 with the error set. */
#ifndef AMKD_TEAM_TEAM_H
#define AMKD_TEAM_TEAM_H

#include <stddef.h>

typedef struct amkd_team amkd_team;

/* This member's number, 0..size-1, and how many there are. */
size_t amkd_team_rank(const amkd_team *team);
size_t amkd_team_size(const amkd_team *team);

/* This member's number, from 0, among those on its machine: which device is its own. */
size_t amkd_team_place(const amkd_team *team);

/* A line a member, "rank 1 (machine) is process 4711", as launchers name those that die;
 * freed with free(). NULL on failure. */
char *amkd_team_roll(amkd_team *team);

/* Bytes of rank 0, for all members. */
int amkd_team_broadcast(amkd_team *team, void *bytes, size_t nbytes);

/* Hands the items of every other member to rank 0, in order of rank: there take(context,
 * items, n) is called for some of them after the other, and fails by another value than
 * 0. Each member has n of its own, of item_nbytes: 1 to INT_MAX. */
int amkd_team_collect(amkd_team *team, const void *items, size_t n, size_t item_nbytes,
                      int (*take)(void *context, const void *items, size_t n),
                      void *context);

/* all: [size][nbytes], mine of each member in order of rank. mine lies outside of all. */
int amkd_team_all_gather(amkd_team *team, void *all, const void *mine, size_t nbytes);

/* sum: [n], for all members the sum of all members' copies, float [ncopies][n] each.
 * ncopies may differ between members, and be 0. From 0 on they are added one after the
 * other, in order of rank and copy: the same bits for every way of dealing the same
 * copies out to members in order. sum and copies do not overlap. A member sends and gets
 * (ncopies + 1) n (size - 1) / size floats. */
int amkd_team_sum(amkd_team *team, float *sum, const float *copies, size_t ncopies,
                  size_t n);

/* All members' word that they are well. failed: not 0 from one that is not; then all
 * fail, with the name and message of the lowest rank that did. */
int amkd_team_agree(amkd_team *team, int failed);

/* Fails for all where a member's text is another than rank 0's, and shows where they
 * differ. what: what the texts are, as "the seed". */
int amkd_team_same(amkd_team *team, const char *what, const char *text);

/* A member's last call; failed as in amkd_team_agree, fails as that does. */
int amkd_team_leave(amkd_team *team, int failed);

#endif
