/* Scans a stream file, and tells a tail that a crash left from damage. */
#include "stream/scan.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/keys.h"
#include "stream/preamble.h"
#include "stream/stream.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int gather_preamble(amkd_scan *scan, size_t nbytes)
{
    char *grown = amkd_realloc(scan->preamble, scan->npreamble + nbytes, 1);
    if (!grown)
        return -1;
    scan->preamble = grown;
    memcpy(grown + scan->npreamble, scan->bytes, nbytes);
    scan->npreamble += nbytes;
    if (scan->npreamble < AMKD_PREAMBLE_NBYTES)
        return 0;
    if (amkd_preamble_check(&scan->text_nbytes, (const uint8_t *)grown))
        return amkd_fail_in("'%s'", scan->path);
    if (scan->npreamble < AMKD_PREAMBLE_NBYTES + scan->text_nbytes)
        return 0;
    if (amkd_preamble_parse(&scan->header, grown + AMKD_PREAMBLE_NBYTES,
                            scan->text_nbytes))
        return amkd_fail_in("'%s'", scan->path);
    return 0;
}

/* Takes in a block's plain bytes, which scan->bytes holds. */
static int take_block(amkd_scan *scan, uint64_t offset, size_t size, size_t nbytes)
{
    if (!scan->header.nfields && gather_preamble(scan, nbytes))
        return -1;
    uint64_t begin = scan->nplain;
    scan->nplain += nbytes;
    scan->whole_nbytes = offset + size;
    if (!scan->header.nfields)
        return 0;
    uint64_t rows_begin = AMKD_PREAMBLE_NBYTES + scan->text_nbytes;
    scan->nrows = (scan->nplain - rows_begin) / scan->header.row_nbytes;
    scan->rows_end = rows_begin + scan->nrows * scan->header.row_nbytes;
    if (scan->rows_end <= begin)
        return 0;
    scan->last_offset = offset;
    scan->last_size = size;
    scan->last_nbytes = (size_t)(scan->rows_end - begin);
    scan->last_whole = scan->rows_end == scan->nplain;
    memcpy(scan->last, scan->bytes, scan->last_nbytes);
    return 0;
}

/* Whether the file is zero from offset to its end, as file systems leave what was still
 * unwritten when the power failed. */
static int zero_from(int fd, uint64_t offset)
{
    uint8_t bytes[4096];
    ssize_t n;
    while ((n = pread(fd, bytes, sizeof bytes, (off_t)offset)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i])
                return 0;
        offset += (size_t)n;
    }
    return n == 0;
}

/* Whether the file ends in part of a block's header, or none of it, and then zeros. */
static int torn_header(int fd, uint64_t offset)
{
    uint8_t header[AMKD_BGZF_HEADER_NBYTES] = {0};
    if (pread(fd, header, sizeof header, (off_t)offset) < 0)
        return 0;
    size_t n = sizeof header, known = sizeof header - 2;
    while (n && !header[n - 1])
        n--;
    return !memcmp(header, amkd_bgzf_eof, n < known ? n : known) &&
           zero_from(fd, offset + sizeof header);
}

/* Whether a block that cannot be unpacked, at the end of the file, lacks only what was
 * never written: all of its size, or what is above the size's lowest byte. (A size of two
 * zero bytes above is whole in a block of less than 256.) */
static int torn_block(amkd_scan *scan, uint64_t offset, size_t size)
{
    const uint64_t end = offset + size;
    return zero_from(scan->fd, end - 4) ||
           (zero_from(scan->fd, end - 3) &&
            amkd_bgzf_lacks_size(scan->decoder, scan->bytes, scan->block, size));
}

/* Whether other blocks begin within one that is longer than the rest of the file: then
 * its own size is damaged, and what follows is not to be cut off. */
static int blocks_follow(const amkd_bgzf_input *input)
{
    const size_t n = input->end - input->begin;
    return n && memmem(input->buffer + input->begin + 1, n - 1, amkd_bgzf_eof,
                       AMKD_BGZF_HEADER_NBYTES - 2);
}

/* Whether what input could not take for a block is a tail that a crash left. */
static int torn_tail(const amkd_scan *scan)
{
    const amkd_bgzf_input *input = &scan->input;
    if (input->cut && blocks_follow(input)) {
        amkd_fail("'%s': at byte %llu: a block's size is damaged", scan->path,
                  (unsigned long long)input->offset);
        return 0;
    }
    if (input->cut)
        return 1;
    return input->seen_eof ? zero_from(scan->fd, input->offset)
                           : torn_header(scan->fd, input->offset);
}

/* Reads and unpacks the next block. Returns as amkd_bgzf_input_next; a tail that a crash
 * left is an end with scan->cut set. */
static int next_block(amkd_scan *scan, uint64_t *offset, size_t *size, size_t *nbytes)
{
    int result = amkd_bgzf_input_next(&scan->input, scan->block, size, offset);
    if (result < 0)
        scan->cut = torn_tail(scan);
    if (result == 1 &&
        amkd_bgzf_decode(scan->decoder, scan->bytes, nbytes, scan->block, *size)) {
        result =
            amkd_fail_in("'%s': at byte %llu", scan->path, (unsigned long long)*offset);
        scan->cut = torn_block(scan, *offset, *size);
    }
    return scan->cut ? 0 : result;
}

int amkd_scan_run(amkd_scan *scan)
{
    uint64_t offset;
    size_t size, nbytes;
    int result;
    if (amkd_bgzf_input_init(&scan->input, scan->fd, scan->path) ||
        amkd_bgzf_decoder_new(&scan->decoder))
        return -1;
    while ((result = next_block(scan, &offset, &size, &nbytes)) == 1)
        if (take_block(scan, offset, size, nbytes))
            return -1;
    if (result)
        return -1;
    if (!scan->cut && !scan->header.nfields)
        return amkd_fail("'%s': ends inside its header", scan->path);
    if (!scan->cut && scan->nplain != scan->rows_end)
        return amkd_fail("'%s': ends inside row %llu", scan->path,
                         (unsigned long long)scan->nrows);
    if (scan->header.nfields && scan->nrows > amkd_header_rows(&scan->header))
        return amkd_fail("'%s': %llu rows, its header promises fewer", scan->path,
                         (unsigned long long)scan->nrows);
    return 0;
}

void amkd_scan_clear(amkd_scan *scan)
{
    amkd_bgzf_input_clear(&scan->input);
    amkd_bgzf_decoder_free(scan->decoder);
    amkd_header_clear(&scan->header);
    free(scan->preamble);
}

int amkd_stream_measure(amkd_extent *extent, const char *path)
{
    struct stat status;
    amkd_scan *scan = amkd_alloc(1, sizeof *scan);
    if (!scan)
        return -1;
    scan->path = path;
    scan->fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = scan->fd < 0 || fstat(scan->fd, &status) ? amkd_fail_errno("'%s'", path)
                                                      : amkd_scan_run(scan);
    if (!rc)
        *extent = (amkd_extent){
            .begun = scan->header.nfields > 0,
            .ended = !scan->cut,
            .nrows = scan->nrows,
            .nlost = scan->cut && (uint64_t)status.st_size > scan->whole_nbytes
                         ? (uint64_t)status.st_size - scan->whole_nbytes
                         : 0};
    if (scan->fd >= 0)
        close(scan->fd);
    amkd_scan_clear(scan);
    free(scan);
    return rc;
}
