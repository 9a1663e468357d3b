/* Random access to blocks: packed bytes come ahead by the buffer, plain ones by the
 * block. */
#include "stream/bgzf_seek.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/bgzf.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_NBYTES = 4 * AMKD_BGZF_MAX_NBYTES };

struct amkd_bgzf_seeker {
    int fd;
    const char *name;
    amkd_bgzf_decoder *decoder;
    uint64_t buffer_at; /* where in the file the buffered bytes begin */
    size_t nbuffered;
    uint64_t block_at, next_at; /* of the block that is unpacked, and of the one behind */
    size_t nbytes;              /* of its plain bytes; 0: none is unpacked */
    uint8_t buffer[BUFFER_NBYTES];
    uint8_t bytes[AMKD_BGZF_MAX_NBYTES];
};

int amkd_bgzf_seeker_new(amkd_bgzf_seeker **out, int fd, const char *name)
{
    amkd_bgzf_seeker *seeker = amkd_alloc(1, sizeof *seeker);
    if (!seeker)
        return -1;
    seeker->fd = fd;
    seeker->name = name;
    if (amkd_bgzf_decoder_new(&seeker->decoder)) {
        free(seeker);
        return -1;
    }
    *out = seeker;
    return 0;
}

void amkd_bgzf_seeker_free(amkd_bgzf_seeker *seeker)
{
    if (!seeker)
        return;
    amkd_bgzf_decoder_free(seeker->decoder);
    free(seeker);
}

/* Fills the buffer from this place of the file on, up to the file's end. */
static int fill(amkd_bgzf_seeker *seeker, uint64_t at)
{
    seeker->buffer_at = at;
    seeker->nbuffered = 0;
    while (seeker->nbuffered < BUFFER_NBYTES) {
        const ssize_t n =
            pread(seeker->fd, seeker->buffer + seeker->nbuffered,
                  BUFFER_NBYTES - seeker->nbuffered, (off_t)(at + seeker->nbuffered));
        if (n < 0 && errno != EINTR)
            return amkd_fail_errno("'%s'", seeker->name);
        if (n == 0)
            break;
        if (n > 0)
            seeker->nbuffered += (size_t)n;
    }
    return 0;
}

/* nbytes of the file, at most AMKD_BGZF_MAX_NBYTES; NULL with the error set. */
static const uint8_t *packed_bytes(amkd_bgzf_seeker *seeker, uint64_t at, size_t nbytes)
{
    const int held =
        at >= seeker->buffer_at && at + nbytes <= seeker->buffer_at + seeker->nbuffered;
    if (!held && fill(seeker, at))
        return NULL;
    if (at + nbytes <= seeker->buffer_at + seeker->nbuffered)
        return seeker->buffer + (at - seeker->buffer_at);
    amkd_fail("'%s': cut short in the block at byte %llu", seeker->name,
              (unsigned long long)at);
    return NULL;
}

static int unpack(amkd_bgzf_seeker *seeker, uint64_t at)
{
    seeker->nbytes = 0;
    const uint8_t *block = packed_bytes(seeker, at, AMKD_BGZF_HEADER_NBYTES);
    if (!block)
        return -1;
    const int size = amkd_bgzf_block_nbytes(block);
    if (size >= 0 && !(block = packed_bytes(seeker, at, (size_t)size)))
        return -1;
    size_t nbytes;
    if (size < 0 ||
        amkd_bgzf_decode(seeker->decoder, seeker->bytes, &nbytes, block, (size_t)size))
        return amkd_fail_in("'%s': at byte %llu", seeker->name, (unsigned long long)at);
    seeker->block_at = at;
    seeker->next_at = at + (uint64_t)size;
    seeker->nbytes = nbytes;
    return 0;
}

int amkd_bgzf_seeker_read(amkd_bgzf_seeker *seeker, void *bytes, size_t nbytes,
                          uint64_t at)
{
    uint8_t *to = bytes;
    uint64_t block_at = at >> 16;
    size_t from = at & 0xffff;
    while (nbytes) {
        if ((!seeker->nbytes || seeker->block_at != block_at) && unpack(seeker, block_at))
            return -1;
        if (from >= seeker->nbytes)
            return amkd_fail("'%s': the block at byte %llu holds %zu bytes, and byte %zu "
                             "of it was asked for",
                             seeker->name, (unsigned long long)block_at, seeker->nbytes,
                             from);
        const size_t left = seeker->nbytes - from, n = left < nbytes ? left : nbytes;
        memcpy(to, seeker->bytes + from, n);
        to += n;
        nbytes -= n;
        from = 0;
        block_at = seeker->next_at;
    }
    return 0;
}
