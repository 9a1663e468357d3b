/* A ring of slots: the caller fills them in order, workers pack them side by side, the
 * caller writes them out in order. */
#include "stream/bgzf_writer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "stream/bgzf.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_THREADS = 16 };

typedef struct ring_slot {
    int done;   /* packed; under the lock */
    int failed; /* with this message */
    char message[256];
    size_t nbytes, block_nbytes;
    uint8_t bytes[AMKD_BGZF_FILL_NBYTES];
    uint8_t block[AMKD_BGZF_MAX_NBYTES];
} ring_slot;

struct amkd_bgzf_writer {
    amkd_output *output;
    uint64_t nbytes;    /* of the blocks written */
    uint64_t **offsets; /* where the blocks' go, or NULL; [*noffsets] of *room */
    size_t *noffsets, *room;
    size_t nslots;
    ring_slot *slots;
    amkd_bgzf_encoder *encoder; /* with no threads */
    size_t nthreads, nstarted;
    pthread_t threads[MAX_THREADS];
    pthread_mutex_t lock;     /* of what follows */
    pthread_cond_t handed;    /* a slot to a worker */
    pthread_cond_t packed;    /* the slot the caller waits for */
    uint64_t filled, claimed; /* slots handed to the workers, and taken by them; */
    uint64_t written;         /* slots written out; all counted from the start */
    size_t nidle;
    int stop;
};

static void pack(ring_slot *slot, amkd_bgzf_encoder *encoder)
{
    slot->failed = !encoder || amkd_bgzf_encode(encoder, slot->block, &slot->block_nbytes,
                                                slot->bytes, slot->nbytes);
    if (slot->failed)
        snprintf(slot->message, sizeof slot->message, "%s", amkd_error());
}

static ring_slot *oldest(amkd_bgzf_writer *writer)
{
    return &writer->slots[writer->written % writer->nslots];
}

static ring_slot *claim(amkd_bgzf_writer *writer)
{
    ring_slot *slot = NULL;
    pthread_mutex_lock(&writer->lock);
    writer->nidle++;
    while (!writer->stop && writer->claimed == writer->filled)
        pthread_cond_wait(&writer->handed, &writer->lock);
    writer->nidle--;
    if (!writer->stop)
        slot = &writer->slots[writer->claimed++ % writer->nslots];
    pthread_mutex_unlock(&writer->lock);
    return slot;
}

static void *work(void *argument)
{
    amkd_bgzf_writer *writer = argument;
    amkd_bgzf_encoder *encoder = NULL;
    /* Without an encoder the error stays set, and every slot reports it. */
    if (amkd_bgzf_encoder_new(&encoder))
        encoder = NULL;
    for (ring_slot *slot; (slot = claim(writer));) {
        pack(slot, encoder);
        pthread_mutex_lock(&writer->lock);
        slot->done = 1;
        if (slot == oldest(writer))
            pthread_cond_signal(&writer->packed);
        pthread_mutex_unlock(&writer->lock);
    }
    amkd_bgzf_encoder_free(encoder);
    return NULL;
}

/* The oldest slot not yet written out, which then counts as written; NULL when it is not
 * packed and not to be waited for. */
static ring_slot *take_oldest(amkd_bgzf_writer *writer, int wait)
{
    pthread_mutex_lock(&writer->lock);
    ring_slot *slot = oldest(writer);
    while (wait && !slot->done)
        pthread_cond_wait(&writer->packed, &writer->lock);
    if (slot->done)
        writer->written++;
    else
        slot = NULL;
    pthread_mutex_unlock(&writer->lock);
    return slot;
}

/* Notes where the next block begins, where that is wanted. */
static int note_block(amkd_bgzf_writer *writer)
{
    if (!writer->offsets)
        return 0;
    if (*writer->noffsets == *writer->room) {
        const size_t room = *writer->room ? 2 * *writer->room : 1024;
        uint64_t *grown = amkd_realloc(*writer->offsets, room, sizeof *grown);
        if (!grown)
            return -1;
        *writer->offsets = grown;
        *writer->room = room;
    }
    (*writer->offsets)[(*writer->noffsets)++] = writer->nbytes;
    return 0;
}

static int write_out(amkd_bgzf_writer *writer, ring_slot *slot)
{
    slot->done = 0;
    slot->nbytes = 0;
    if (slot->failed)
        return amkd_fail("'%s': %s", amkd_output_name(writer->output), slot->message);
    if (note_block(writer))
        return -1;
    writer->nbytes += slot->block_nbytes;
    return amkd_output_write(writer->output, slot->block, slot->block_nbytes);
}

/* Writes the packed slots, waiting until no more than nleft are left. */
static int drain(amkd_bgzf_writer *writer, uint64_t nleft)
{
    while (writer->filled != writer->written) {
        ring_slot *slot = take_oldest(writer, writer->filled - writer->written > nleft);
        if (!slot)
            break;
        if (write_out(writer, slot))
            return -1;
    }
    return 0;
}

static int start_worker(amkd_bgzf_writer *writer)
{
    if (writer->nstarted == writer->nthreads)
        return 0;
    const int code =
        pthread_create(&writer->threads[writer->nstarted], NULL, work, writer);
    if (!code)
        writer->nstarted++;
    return writer->nstarted ? 0 : amkd_fail_thread(code);
}

/* Hands the slot that is filled to be packed; afterwards the next slot is free. */
static int submit(amkd_bgzf_writer *writer)
{
    if (!writer->nthreads) {
        ring_slot *slot = &writer->slots[0];
        pack(slot, writer->encoder);
        return write_out(writer, slot);
    }
    pthread_mutex_lock(&writer->lock);
    writer->filled++;
    int busy = writer->filled - writer->claimed > writer->nidle;
    pthread_cond_signal(&writer->handed);
    pthread_mutex_unlock(&writer->lock);
    if (busy && start_worker(writer))
        return -1;
    return drain(writer, writer->nslots - 1);
}

int amkd_bgzf_writer_write(amkd_bgzf_writer *writer, const void *bytes, size_t nbytes)
{
    const char *next = bytes;
    while (nbytes) {
        ring_slot *slot = &writer->slots[writer->filled % writer->nslots];
        size_t n = AMKD_BGZF_FILL_NBYTES - slot->nbytes;
        if (n > nbytes)
            n = nbytes;
        memcpy(slot->bytes + slot->nbytes, next, n);
        slot->nbytes += n;
        next += n;
        nbytes -= n;
        if (slot->nbytes == AMKD_BGZF_FILL_NBYTES && submit(writer))
            return -1;
    }
    return 0;
}

int amkd_bgzf_writer_flush(amkd_bgzf_writer *writer)
{
    if (writer->slots[writer->filled % writer->nslots].nbytes && submit(writer))
        return -1;
    return drain(writer, 0);
}

int amkd_bgzf_writer_finish(amkd_bgzf_writer *writer)
{
    if (amkd_bgzf_writer_flush(writer))
        return -1;
    writer->nbytes += sizeof amkd_bgzf_eof;
    return amkd_output_write(writer->output, amkd_bgzf_eof, sizeof amkd_bgzf_eof);
}

void amkd_bgzf_writer_note(amkd_bgzf_writer *writer, uint64_t **offsets, size_t *n,
                           size_t *room)
{
    writer->offsets = offsets;
    writer->noffsets = n;
    writer->room = room;
}

uint64_t amkd_bgzf_writer_nbytes(const amkd_bgzf_writer *writer)
{
    return writer->nbytes;
}

int amkd_bgzf_writer_open(amkd_bgzf_writer **out, amkd_output *output, size_t nthreads)
{
    amkd_bgzf_writer *writer = amkd_alloc(1, sizeof *writer);
    if (!writer)
        return -1;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->handed, NULL);
    pthread_cond_init(&writer->packed, NULL);
    writer->output = output;
    writer->nthreads = nthreads < MAX_THREADS ? nthreads : MAX_THREADS;
    writer->nslots = nthreads ? 2 * writer->nthreads + 1 : 1;
    writer->slots = amkd_alloc(writer->nslots, sizeof *writer->slots);
    if (!writer->slots || (!nthreads && amkd_bgzf_encoder_new(&writer->encoder))) {
        amkd_bgzf_writer_free(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

void amkd_bgzf_writer_free(amkd_bgzf_writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stop = 1;
    pthread_cond_broadcast(&writer->handed);
    pthread_mutex_unlock(&writer->lock);
    for (size_t i = 0; i < writer->nstarted; i++)
        pthread_join(writer->threads[i], NULL);
    amkd_bgzf_encoder_free(writer->encoder);
    free(writer->slots);
    pthread_cond_destroy(&writer->handed);
    pthread_cond_destroy(&writer->packed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}
