/* What the processes of a team say to each other by MPI. It gets memory of malloc alone:
 * some MPIs crash on memory that an OpenCL driver has registered. What is larger than
 * counts of int hold goes in pieces. */
#include "base/cli_say.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "team/mpi_internal.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef AMKD_TEAM_PIECE
#define AMKD_TEAM_PIECE (1 << 24) /* bytes at once, at most; tests have less */
#endif

enum { PIECE = AMKD_TEAM_PIECE, TAG = 1 };

int amkd_team_check_mpi(amkd_team *team, int code, const char *what)
{
    if (code == MPI_SUCCESS)
        return 0;
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (MPI_Error_string(code, text, &n) != MPI_SUCCESS)
        snprintf(text, sizeof text, "error %d", code);
    ((amkd_team_process *)team)->lost = 1;
    amkd_cli_speak();
    return amkd_fail("%s: %s: %s", team->name, what, text);
}

/* Less than a second. */
static void sleep_for(double seconds)
{
    const struct timespec time = {.tv_nsec = (long)(1e9 * seconds)};
    nanosleep(&time, NULL);
}

/* Waits for a call to be done by all without taking a processor from those who still work
 * for theirs: at first awake, then asleep for an eighth of the time waited. */
static int wait_for(amkd_team *team, MPI_Request *request)
{
    enum { AWAKE = 200 };
    const double shortest = 20e-6, longest = 2e-3, since = amkd_now();
    for (size_t tries = 0;; tries++) {
        int done = 0;
        if (amkd_team_check_mpi(team, MPI_Test(request, &done, MPI_STATUS_IGNORE),
                                "MPI_Test"))
            return -1;
        if (done)
            return 0;
        const double nap = (amkd_now() - since) / 8;
        if (tries >= AWAKE)
            sleep_for(nap < shortest ? shortest : nap < longest ? nap : longest);
    }
}

/* All other calls of a team come after this one, when nobody is waited for any more. */
static int least(amkd_team *team, int64_t *words)
{
    MPI_Request request;
    if (amkd_team_check_mpi(team,
                            MPI_Iallreduce(MPI_IN_PLACE, words, AMKD_TEAM_NWORDS,
                                           MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD,
                                           &request),
                            "MPI_Iallreduce"))
        return -1;
    return wait_for(team, &request);
}

static int piece_of(size_t left, size_t most)
{
    return (int)(left < most ? left : most);
}

static int broadcast(amkd_team *team, void *bytes, size_t nbytes, size_t from)
{
    int rc = 0;
    for (size_t at = 0; at < nbytes && !rc; at += PIECE)
        rc = amkd_team_check_mpi(team,
                                 MPI_Bcast((char *)bytes + at,
                                           piece_of(nbytes - at, PIECE), MPI_BYTE,
                                           (int)from, MPI_COMM_WORLD),
                                 "MPI_Bcast");
    return rc;
}

/* ------------------------------------------------------------------------ gathered -- */

/* n bytes of each member, which lie nbytes apart in all. */
static int gather_piece(amkd_team *team, char *all, const char *mine, int n,
                        size_t nbytes)
{
    MPI_Datatype piece, spaced;
    if (amkd_team_check_mpi(team, MPI_Type_contiguous(n, MPI_BYTE, &piece),
                            "MPI_Type_contiguous"))
        return -1;
    int rc = amkd_team_check_mpi(
        team, MPI_Type_create_resized(piece, 0, (MPI_Aint)nbytes, &spaced),
        "MPI_Type_create_resized");
    if (!rc) {
        rc = amkd_team_check_mpi(team, MPI_Type_commit(&spaced), "MPI_Type_commit");
        if (!rc)
            rc = amkd_team_check_mpi(
                team, MPI_Allgather(mine, n, MPI_BYTE, all, 1, spaced, MPI_COMM_WORLD),
                "MPI_Allgather");
        if (amkd_team_check_mpi(team, MPI_Type_free(&spaced), "MPI_Type_free"))
            rc = -1;
    }
    if (amkd_team_check_mpi(team, MPI_Type_free(&piece), "MPI_Type_free"))
        rc = -1;
    return rc;
}

static int all_gather(amkd_team *team, void *all, const void *mine, size_t nbytes)
{
    int rc = 0;
    for (size_t at = 0; at < nbytes && !rc; at += PIECE)
        rc = gather_piece(team, (char *)all + at, (const char *)mine + at,
                          piece_of(nbytes - at, PIECE), nbytes);
    return rc;
}

/* ----------------------------------------------------------------------- collected -- */

/* What is sent and received at once, at least one item. */
static size_t items_of_piece(size_t item_nbytes)
{
    return item_nbytes < PIECE ? PIECE / item_nbytes : 1;
}

static int send_items(amkd_team *team, const void *items, size_t n, size_t item_nbytes)
{
    const size_t most = items_of_piece(item_nbytes);
    int rc = 0;
    for (size_t at = 0; at < n && !rc; at += most)
        rc = amkd_team_check_mpi(team,
                                 MPI_Send((const char *)items + at * item_nbytes,
                                          piece_of(n - at, most) * (int)item_nbytes,
                                          MPI_BYTE, 0, TAG, MPI_COMM_WORLD),
                                 "MPI_Send");
    return rc;
}

static int receive_items(amkd_team *team, void *piece, size_t from, size_t n,
                         size_t item_nbytes, amkd_team_taker *taker)
{
    const size_t most = items_of_piece(item_nbytes);
    for (size_t at = 0; at < n; at += most) {
        const int nitems = piece_of(n - at, most);
        if (amkd_team_check_mpi(team,
                                MPI_Recv(piece, nitems * (int)item_nbytes, MPI_BYTE,
                                         (int)from, TAG, MPI_COMM_WORLD,
                                         MPI_STATUS_IGNORE),
                                "MPI_Recv"))
            return -1;
        amkd_team_take(taker, piece, (size_t)nitems);
    }
    return 0;
}

/* Each sends when it is its turn: rank 0 has room for one piece. */
static int collect(amkd_team *team, const void *items, size_t n, size_t item_nbytes,
                   amkd_team_taker *taker)
{
    const int64_t mine = (int64_t)n;
    int64_t *counts = amkd_alloc(team->size, sizeof *counts);
    char *piece = amkd_alloc(items_of_piece(item_nbytes), item_nbytes);
    int rc = amkd_team_agree(team, !counts || !piece);
    if (!rc)
        rc = all_gather(team, counts, &mine, sizeof mine);
    if (!rc && team->rank)
        rc = send_items(team, items, n, item_nbytes);
    for (size_t m = 1; team->rank == 0 && m < team->size && !rc; m++)
        rc = receive_items(team, piece, m, (size_t)counts[m], item_nbytes, taker);
    free(piece);
    free(counts);
    return rc;
}

/* -------------------------------------------------------------------------- summed -- */

/* A sum goes in blocks of size pieces, of which each member adds one: float [piece] of
 * every copy goes to the member whose piece it is, and the sum of it to all. */
typedef struct summing {
    amkd_team *team;
    size_t ncopies, ncopies_all; /* of this member, of all */
    size_t piece;                /* floats */
    float *sent, *received;      /* [size][ncopies][piece], [ncopies_all][piece] */
    /* Of each member, [size]: its copies; floats sent to and received from it, and
     * where. */
    int64_t *ncopies_of;
    int *nsent, *sent_at, *nreceived, *received_at;
} summing;

/* The largest piece whose buffers have room, of which n floats take one block at least.
 */
static void choose_piece(summing *s, size_t n)
{
    const size_t size = s->team->size, whole = (n + size - 1) / size;
    size_t most = size;
    for (size_t m = 0; m < size; m++) {
        s->ncopies_all += (size_t)s->ncopies_of[m];
        if (size * (size_t)s->ncopies_of[m] > most)
            most = size * (size_t)s->ncopies_of[m];
    }
    most = s->ncopies_all > most ? s->ncopies_all : most;
    s->piece = PIECE / sizeof *s->sent / most;
    s->piece = s->piece < whole ? s->piece : whole;
    s->piece = s->piece ? s->piece : 1;
}

static int open_buffers(summing *s)
{
    const size_t size = s->team->size;
    s->sent = amkd_alloc(size * s->ncopies * s->piece + 1, sizeof *s->sent);
    s->received = amkd_alloc(s->ncopies_all * s->piece + 1, sizeof *s->received);
    return s->sent && s->received ? 0 : -1;
}

/* Of a block of length floats those of member m: where its piece starts, or ends at
 * m + 1. */
static size_t start_of(const summing *s, size_t m, size_t length)
{
    return m * s->piece < length ? m * s->piece : length;
}

static size_t length_of(const summing *s, size_t m, size_t length)
{
    return start_of(s, m + 1, length) - start_of(s, m, length);
}

/* copies: of the block, n floats from one to the next. */
static int exchange(summing *s, const float *copies, size_t n, size_t length)
{
    const size_t mine = length_of(s, s->team->rank, length);
    size_t nsent = 0, nreceived = 0;
    for (size_t m = 0; m < s->team->size; m++) {
        const size_t theirs = length_of(s, m, length);
        s->sent_at[m] = (int)nsent;
        s->nsent[m] = (int)(s->ncopies * theirs);
        for (size_t c = 0; c < s->ncopies; c++, nsent += theirs)
            memcpy(s->sent + nsent, copies + c * n + start_of(s, m, length),
                   theirs * sizeof *copies);
        s->received_at[m] = (int)nreceived;
        s->nreceived[m] = (int)((size_t)s->ncopies_of[m] * mine);
        nreceived += (size_t)s->nreceived[m];
    }
    return amkd_team_check_mpi(s->team,
                               MPI_Alltoallv(s->sent, s->nsent, s->sent_at, MPI_FLOAT,
                                             s->received, s->nreceived, s->received_at,
                                             MPI_FLOAT, MPI_COMM_WORLD),
                               "MPI_Alltoallv");
}

/* What was received is added into this member's piece of the block, which all get. */
static int add_and_share(summing *s, float *sum, size_t length)
{
    const size_t mine = length_of(s, s->team->rank, length);
    float *piece = sum + start_of(s, s->team->rank, length);
    memset(piece, 0, mine * sizeof *piece);
    amkd_team_add(piece, s->received, s->ncopies_all, mine, mine);
    for (size_t m = 0; m < s->team->size; m++) {
        s->nreceived[m] = (int)length_of(s, m, length);
        s->received_at[m] = (int)start_of(s, m, length);
    }
    return amkd_team_check_mpi(s->team,
                               MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, sum,
                                              s->nreceived, s->received_at, MPI_FLOAT,
                                              MPI_COMM_WORLD),
                               "MPI_Allgatherv");
}

static int sum_blocks(summing *s, float *sum, const float *copies, size_t n)
{
    int rc = 0;
    for (size_t at = 0; at < n && !rc; at += s->team->size * s->piece) {
        const size_t left = n - at, whole = s->team->size * s->piece;
        const size_t length = left < whole ? left : whole;
        rc = exchange(s, s->ncopies ? copies + at : NULL, n, length);
        if (!rc)
            rc = add_and_share(s, sum + at, length);
    }
    return rc;
}

static int sum_copies(amkd_team *team, float *sum, const float *copies, size_t ncopies,
                      size_t n)
{
    const int64_t mine = (int64_t)ncopies;
    int *counts = amkd_alloc(4 * team->size, sizeof *counts);
    summing s = {.team = team,
                 .ncopies = ncopies,
                 .ncopies_of = amkd_alloc(team->size, sizeof *s.ncopies_of),
                 .nsent = counts};
    int rc = amkd_team_agree(team, !counts || !s.ncopies_of);
    if (!rc)
        rc = all_gather(team, s.ncopies_of, &mine, sizeof mine);
    if (!rc) {
        s.sent_at = counts + team->size;
        s.nreceived = s.sent_at + team->size;
        s.received_at = s.nreceived + team->size;
        choose_piece(&s, n);
        rc = amkd_team_agree(team, open_buffers(&s));
    }
    if (!rc)
        rc = sum_blocks(&s, sum, copies, n);
    free(s.received);
    free(s.sent);
    free(s.ncopies_of);
    free(counts);
    return rc;
}

const amkd_team_kind amkd_team_by_mpi = {least, broadcast, all_gather, collect,
                                         sum_copies};
