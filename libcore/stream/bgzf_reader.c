/* A ring of slots: workers take turns to read the next block into the next slot, then
 * unpack side by side; the caller consumes the slots in order. */
#include "stream/bgzf_reader.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "stream/bgzf_input.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_THREADS = 16 };

typedef struct ring_slot {
    int ready;           /* under the lock */
    int result;          /* 1: a block, 0: the end, -1: an error, whose message follows */
    uint64_t offset;     /* of the block in the file */
    size_t block_nbytes; /* its size there */
    size_t nbytes;
    char message[1024];
    uint8_t bytes[AMKD_BGZF_MAX_NBYTES];
} ring_slot;

struct amkd_bgzf_reader {
    amkd_bgzf_input input; /* of the worker that is reading */
    size_t nslots;
    ring_slot *slots;
    size_t used;                /* bytes taken from the slot being consumed */
    uint64_t next;              /* where in the file the block behind the last one is */
    int holding;                /* the caller stands in that slot */
    amkd_bgzf_decoder *decoder; /* with no threads, and so is block */
    uint8_t *block;
    size_t nthreads, nstarted;
    pthread_t threads[MAX_THREADS];
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t ready;       /* the slot the caller waits for */
    pthread_cond_t turn;        /* a worker may read */
    uint64_t claimed, consumed; /* slots, counted from the start */
    int reading, ended, stop;
};

/* The slot that the caller takes next. */
static ring_slot *oldest(amkd_bgzf_reader *reader)
{
    return &reader->slots[reader->consumed % reader->nslots];
}

/* Reads and unpacks one block. after_read lets the next worker read, before unpacking. */
static void load(amkd_bgzf_reader *reader, ring_slot *slot, amkd_bgzf_decoder *decoder,
                 uint8_t *block, void (*after_read)(amkd_bgzf_reader *, int result))
{
    slot->result =
        amkd_bgzf_input_next(&reader->input, block, &slot->block_nbytes, &slot->offset);
    int result = slot->result;
    if (after_read)
        after_read(reader, result);
    if (result == 1 &&
        amkd_bgzf_decode(decoder, slot->bytes, &slot->nbytes, block, slot->block_nbytes))
        slot->result = amkd_fail_in("'%s': at byte %llu", reader->input.name,
                                    (unsigned long long)slot->offset);
    if (slot->result < 0)
        snprintf(slot->message, sizeof slot->message, "%s", amkd_error());
}

static void pass_on(amkd_bgzf_reader *reader, int result)
{
    pthread_mutex_lock(&reader->lock);
    reader->reading = 0;
    reader->ended = result != 1;
    if (reader->ended)
        pthread_cond_broadcast(&reader->turn);
    else
        pthread_cond_signal(&reader->turn);
    pthread_mutex_unlock(&reader->lock);
}

/* The next free slot, once it is this worker's turn to read; NULL when all is read. */
static ring_slot *claim(amkd_bgzf_reader *reader)
{
    ring_slot *slot = NULL;
    pthread_mutex_lock(&reader->lock);
    while (!reader->stop && !reader->ended &&
           (reader->reading || reader->claimed - reader->consumed == reader->nslots))
        pthread_cond_wait(&reader->turn, &reader->lock);
    if (!reader->stop && !reader->ended) {
        reader->reading = 1;
        slot = &reader->slots[reader->claimed++ % reader->nslots];
    }
    pthread_mutex_unlock(&reader->lock);
    return slot;
}

static void *work(void *argument)
{
    amkd_bgzf_reader *reader = argument;
    amkd_bgzf_decoder *decoder = NULL;
    uint8_t *block = amkd_alloc(AMKD_BGZF_MAX_NBYTES, 1);
    int failed = !block || amkd_bgzf_decoder_new(&decoder);
    for (ring_slot *slot; (slot = claim(reader));) {
        if (failed) {
            slot->result = -1;
            snprintf(slot->message, sizeof slot->message, "%s", amkd_error());
            pass_on(reader, -1);
        } else {
            load(reader, slot, decoder, block, pass_on);
        }
        pthread_mutex_lock(&reader->lock);
        slot->ready = 1;
        if (slot == oldest(reader))
            pthread_cond_signal(&reader->ready);
        pthread_mutex_unlock(&reader->lock);
    }
    amkd_bgzf_decoder_free(decoder);
    free(block);
    return NULL;
}

/* One more worker each time the caller has to wait, up to nthreads: short streams and
 * slow pipes need but one. */
static int start_worker(amkd_bgzf_reader *reader)
{
    if (reader->nstarted == reader->nthreads)
        return 0;
    const int code =
        pthread_create(&reader->threads[reader->nstarted], NULL, work, reader);
    if (!code)
        reader->nstarted++;
    return reader->nstarted ? 0 : amkd_fail_thread(code);
}

static int wait_ready(amkd_bgzf_reader *reader, ring_slot *slot)
{
    pthread_mutex_lock(&reader->lock);
    int ready = slot->ready;
    pthread_mutex_unlock(&reader->lock);
    if (!ready && start_worker(reader))
        return -1;
    pthread_mutex_lock(&reader->lock);
    while (!slot->ready)
        pthread_cond_wait(&reader->ready, &reader->lock);
    pthread_mutex_unlock(&reader->lock);
    return 0;
}

/* Steps into the next slot. Returns its result. */
static int next_slot(amkd_bgzf_reader *reader)
{
    ring_slot *slot = oldest(reader);
    if (reader->nthreads) {
        if (wait_ready(reader, slot))
            return -1;
    } else if (!slot->ready) {
        load(reader, slot, reader->decoder, reader->block, NULL);
        slot->ready = 1;
    }
    if (slot->result < 0)
        return amkd_fail("%s", slot->message);
    reader->used = 0;
    reader->holding = slot->result;
    return slot->result;
}

static void leave_slot(amkd_bgzf_reader *reader, ring_slot *slot)
{
    reader->next = slot->offset + slot->block_nbytes;
    pthread_mutex_lock(&reader->lock);
    slot->ready = 0;
    reader->consumed++;
    pthread_cond_signal(&reader->turn);
    pthread_mutex_unlock(&reader->lock);
    reader->holding = 0;
}

ssize_t amkd_bgzf_reader_read(amkd_bgzf_reader *reader, void *bytes, size_t nbytes)
{
    size_t done = 0;
    while (done < nbytes) {
        if (!reader->holding) {
            int result = next_slot(reader);
            if (result < 0)
                return -1;
            if (!result)
                break;
        }
        ring_slot *slot = oldest(reader);
        size_t n = slot->nbytes - reader->used;
        if (n > nbytes - done)
            n = nbytes - done;
        memcpy((char *)bytes + done, slot->bytes + reader->used, n);
        done += n;
        reader->used += n;
        if (reader->used == slot->nbytes)
            leave_slot(reader, slot);
    }
    return (ssize_t)done;
}

uint64_t amkd_bgzf_reader_tell(amkd_bgzf_reader *reader)
{
    return reader->holding ? oldest(reader)->offset << 16 | reader->used
                           : reader->next << 16;
}

int amkd_bgzf_reader_open(amkd_bgzf_reader **out, int fd, const char *name,
                          size_t nthreads)
{
    amkd_bgzf_reader *reader = amkd_alloc(1, sizeof *reader);
    if (!reader)
        return -1;
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->ready, NULL);
    pthread_cond_init(&reader->turn, NULL);
    reader->nthreads = nthreads < MAX_THREADS ? nthreads : MAX_THREADS;
    reader->nslots = nthreads ? 2 * reader->nthreads + 1 : 1;
    if (amkd_bgzf_input_init(&reader->input, fd, name))
        goto failed;
    reader->slots = amkd_alloc(reader->nslots, sizeof *reader->slots);
    reader->block = amkd_alloc(AMKD_BGZF_MAX_NBYTES, 1);
    if (!reader->slots || !reader->block || amkd_bgzf_decoder_new(&reader->decoder))
        goto failed;
    if (nthreads && (reader->input.wake_fd = eventfd(0, EFD_CLOEXEC)) < 0) {
        amkd_fail_errno("'%s': cannot make an event counter", name);
        goto failed;
    }
    *out = reader;
    return 0;
failed:
    amkd_bgzf_reader_close(reader);
    return -1;
}

void amkd_bgzf_reader_close(amkd_bgzf_reader *reader)
{
    if (!reader)
        return;
    pthread_mutex_lock(&reader->lock);
    reader->stop = 1;
    pthread_cond_broadcast(&reader->turn);
    pthread_mutex_unlock(&reader->lock);
    if (reader->nstarted)
        (void)!write(reader->input.wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    for (size_t i = 0; i < reader->nstarted; i++)
        pthread_join(reader->threads[i], NULL);
    if (reader->input.wake_fd >= 0)
        close(reader->input.wake_fd);
    amkd_bgzf_input_clear(&reader->input);
    amkd_bgzf_decoder_free(reader->decoder);
    free(reader->slots);
    free(reader->block);
    pthread_cond_destroy(&reader->ready);
    pthread_cond_destroy(&reader->turn);
    pthread_mutex_destroy(&reader->lock);
    free(reader);
}
