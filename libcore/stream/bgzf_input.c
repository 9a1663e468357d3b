/* Cuts a file or pipe into blocks, strictly: nothing between them, the end-of-file block
 * last and once. */
#include "stream/bgzf_input.h"
#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int amkd_bgzf_input_init(amkd_bgzf_input *input, int fd, const char *name)
{
    *input = (amkd_bgzf_input){.fd = fd, .wake_fd = -1, .name = name};
    input->buffer = amkd_alloc(AMKD_BGZF_INPUT_NBYTES, 1);
    return input->buffer ? 0 : -1;
}

void amkd_bgzf_input_clear(amkd_bgzf_input *input)
{
    free(input->buffer);
    input->buffer = NULL;
}

/* Waits until there is something to read, or the reader is being closed. */
static int wait_input(const amkd_bgzf_input *input)
{
    struct pollfd fds[2] = {{input->fd, POLLIN, 0}, {input->wake_fd, POLLIN, 0}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return amkd_fail_errno("'%s'", input->name);
    return fds[1].revents ? amkd_fail("'%s': reading was stopped", input->name) : 0;
}

static ssize_t read_some(amkd_bgzf_input *input)
{
    for (;;) {
        if (input->wake_fd >= 0 && wait_input(input))
            return -1;
        ssize_t n = read(input->fd, input->buffer + input->end,
                         AMKD_BGZF_INPUT_NBYTES - input->end);
        if (n >= 0)
            return n;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_input(input))
                return -1;
        } else if (errno != EINTR) {
            return amkd_fail_errno("'%s'", input->name);
        }
    }
}

/* Makes the buffer hold nbytes, or fewer at the end of the file. Returns how many of them
 * it holds. */
static ssize_t fill(amkd_bgzf_input *input, size_t nbytes)
{
    if (input->begin + nbytes > AMKD_BGZF_INPUT_NBYTES) {
        memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
        input->end -= input->begin;
        input->begin = 0;
    }
    while (input->end - input->begin < nbytes) {
        ssize_t n = read_some(input);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        input->end += (size_t)n;
    }
    size_t held = input->end - input->begin;
    return (ssize_t)(held < nbytes ? held : nbytes);
}

static int fail_cut(amkd_bgzf_input *input)
{
    input->cut = 1;
    return amkd_fail("'%s': cut short in the block at byte %llu", input->name,
                     (unsigned long long)input->offset);
}

static int fail_end(amkd_bgzf_input *input)
{
    input->cut = 1;
    if (input->offset == 0)
        return amkd_fail("'%s': empty, expected a stream", input->name);
    return amkd_fail("'%s': cut short at byte %llu: no end-of-file block", input->name,
                     (unsigned long long)input->offset);
}

static int fail_here(const amkd_bgzf_input *input)
{
    return amkd_fail_in("'%s': at byte %llu", input->name,
                        (unsigned long long)input->offset);
}

/* The size of the next block, 0 at a proper end, -1 on error. */
static int next_size(amkd_bgzf_input *input)
{
    const size_t header_nbytes = AMKD_BGZF_HEADER_NBYTES;
    ssize_t n = fill(input, header_nbytes);
    if (n < 0)
        return -1;
    if (n == 0)
        return input->seen_eof ? 0 : fail_end(input);
    if (input->seen_eof)
        return amkd_fail(
            "'%s': trailing bytes behind the end-of-file block, from byte %llu",
            input->name, (unsigned long long)input->offset);
    const uint8_t *header = input->buffer + input->begin;
    if ((size_t)n < header_nbytes) {
        size_t known = (size_t)n < header_nbytes - 2 ? (size_t)n : header_nbytes - 2;
        if (!memcmp(header, amkd_bgzf_eof, known))
            return fail_cut(input);
        amkd_fail("not a BGZF block");
        return fail_here(input);
    }
    int size = amkd_bgzf_block_nbytes(header);
    return size < 0 ? fail_here(input) : size;
}

int amkd_bgzf_input_next(amkd_bgzf_input *input, uint8_t *block, size_t *nbytes,
                         uint64_t *offset)
{
    int size = next_size(input);
    if (size <= 0)
        return size;
    ssize_t n = fill(input, (size_t)size);
    if (n < size)
        return n < 0 ? -1 : fail_cut(input);
    memcpy(block, input->buffer + input->begin, (size_t)size);
    *nbytes = (size_t)size;
    *offset = input->offset;
    input->begin += (size_t)size;
    input->offset += (size_t)size;
    if (!amkd_bgzf_is_eof(block, *nbytes))
        return 1;
    input->seen_eof = 1;
    return next_size(input) < 0 ? -1 : 0;
}
