/* Adds rows to a stream file: verifies all of it, finds where its last whole row ends,
 * and writes on from there. Answers that were paid for are in these files, so nothing
 * whole is ever given up: a file that must lose part of a block is copied beside and
 * renamed. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "stream/bgzf_input.h"
#include "stream/bgzf_writer.h"
#include "stream/preamble.h"
#include "stream/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct file_scan {
    const char *path;
    int fd;
    amkd_bgzf_input input;
    amkd_bgzf_decoder *decoder;
    int cut;                  /* the file ends too early */
    char *preamble;           /* its bytes so far */
    size_t npreamble;         /* how many */
    size_t text_nbytes;       /* of its JSON text; 0: not known yet */
    amkd_header header;       /* of the file, once nrows counts; before, kind is "" */
    uint64_t nplain;          /* plain bytes of all blocks so far */
    uint64_t nrows, rows_end; /* whole rows, and the plain bytes up to their end */
    /* The block in which the last whole row (or the preamble) ends: where it stands in
     * the file, its size there, and its plain bytes up to that end. */
    uint64_t last_offset;
    size_t last_size, last_nbytes;
    int last_whole; /* nothing follows that end in the block */
    uint8_t last[AMKD_BGZF_MAX_NBYTES];
    uint8_t block[AMKD_BGZF_MAX_NBYTES], bytes[AMKD_BGZF_MAX_NBYTES];
} file_scan;

static int gather_preamble(file_scan *scan, size_t nbytes)
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
static int take_block(file_scan *scan, uint64_t offset, size_t size, size_t nbytes)
{
    if (!scan->header.nfields && gather_preamble(scan, nbytes))
        return -1;
    uint64_t begin = scan->nplain;
    scan->nplain += nbytes;
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

/* Reads the next block. Returns as amkd_bgzf_input_next; a tail that a crash left is an
 * end with scan->cut set. */
static int next_block(file_scan *scan, uint64_t *offset, size_t *size, size_t *nbytes)
{
    int result = amkd_bgzf_input_next(&scan->input, scan->block, size, offset);
    if (result < 0)
        scan->cut = scan->input.cut || torn_header(scan->fd, scan->input.offset);
    if (result == 1 &&
        amkd_bgzf_decode(scan->decoder, scan->bytes, nbytes, scan->block, *size)) {
        result =
            amkd_fail_in("'%s': at byte %llu", scan->path, (unsigned long long)*offset);
        /* A last block whose trailer is zero was never written to its end. */
        scan->cut = zero_from(scan->fd, *offset + *size - 8);
    }
    return scan->cut ? 0 : result;
}

static int scan_file(file_scan *scan)
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

static void clear_scan(file_scan *scan)
{
    amkd_bgzf_input_clear(&scan->input);
    amkd_bgzf_decoder_free(scan->decoder);
    amkd_header_clear(&scan->header);
    free(scan->preamble);
    free(scan);
}

/* As flock, whose EWOULDBLOCK here also says that another process replaced the file (see
 * rewrite) before the lock was had. */
static int lock(int fd, const char *path, const struct stat *status)
{
    struct stat now;
    if (flock(fd, LOCK_EX | LOCK_NB))
        return -1;
    if (!stat(path, &now) && now.st_dev == status->st_dev && now.st_ino == status->st_ino)
        return 0;
    errno = EWOULDBLOCK;
    return -1;
}

static int open_locked(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return amkd_fail_errno("'%s'", path);
    if (fstat(fd, &status))
        amkd_fail_errno("'%s'", path);
    else if (!S_ISREG(status.st_mode))
        amkd_fail("'%s': rows can be added to a regular file only", path);
    else if (!lock(fd, path, &status)) {
        if (!status.st_size) /* it may have been made just now */
            amkd_file_sync_name(path);
        return fd;
    } else if (errno == EWOULDBLOCK)
        amkd_fail("'%s': another process is adding rows to it", path);
    else
        amkd_fail_errno("'%s': cannot lock it", path);
    close(fd);
    return -1;
}

static int copy_bytes(amkd_output *output, const file_scan *scan)
{
    uint8_t bytes[1 << 14];
    for (uint64_t done = 0; done < scan->last_offset;) {
        uint64_t left = scan->last_offset - done;
        size_t want = left < sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t n = pread(scan->fd, bytes, want, (off_t)done);
        if (n <= 0)
            return amkd_fail_errno("'%s': cannot read it again", scan->path);
        if (amkd_output_write(output, bytes, (size_t)n))
            return -1;
        done += (size_t)n;
    }
    return 0;
}

/* Copies the file up to its last whole row. */
static int copy_rows(amkd_output *output, const file_scan *scan)
{
    amkd_bgzf_writer *bgzf;
    if (copy_bytes(output, scan) || amkd_bgzf_writer_open(&bgzf, output, 0))
        return -1;
    int result = amkd_bgzf_writer_write(bgzf, scan->last, scan->last_nbytes) ||
                 amkd_bgzf_writer_flush(bgzf);
    amkd_bgzf_writer_free(bgzf);
    return result ? -1 : 0;
}

/* Replaces the file by one whose last block ends where the last whole row does. */
static int rewrite(const file_scan *scan)
{
    amkd_output *output;
    if (amkd_output_open(&output, scan->path))
        return -1;
    if (copy_rows(output, scan)) {
        amkd_output_discard(output);
        return -1;
    }
    return amkd_output_commit(output);
}

/* The writer, placed behind the last whole row, or at the beginning of a file that holds
 * no whole header. A whole file keeps its end until new rows overwrite it. */
static int write_on(amkd_writer **out, file_scan *scan, const amkd_header *header)
{
    int fresh = !scan->header.nfields;
    uint64_t end = fresh ? 0 : scan->last_offset + scan->last_size;
    if ((scan->cut && ftruncate(scan->fd, (off_t)end)) ||
        lseek(scan->fd, (off_t)end, SEEK_SET) < 0)
        return amkd_fail_errno("'%s'", scan->path);
    char *preamble = NULL;
    size_t nbytes = 0;
    if (fresh && amkd_preamble_make(&preamble, &nbytes, header))
        return -1;
    amkd_output *output;
    int result = amkd_output_adopt(&output, scan->path, scan->fd);
    if (!result) {
        scan->fd = -1; /* the writer's from here on */
        result = amkd_writer_over(out, output, fresh ? header : &scan->header, preamble,
                                  nbytes, scan->nrows, 0);
    }
    free(preamble);
    return result;
}

static int append(amkd_writer **out, file_scan *scan, const amkd_header *header,
                  int *again)
{
    scan->fd = open_locked(scan->path);
    if (scan->fd < 0 || scan_file(scan))
        return -1;
    if (scan->header.nfields && amkd_header_expect_same(&scan->header, header))
        return amkd_fail_in("'%s'", scan->path);
    *again = scan->header.nfields && !scan->last_whole;
    return *again ? rewrite(scan) : write_on(out, scan, header);
}

int amkd_writer_append(amkd_writer **out, const char *path, const amkd_header *header,
                       uint64_t *nrows)
{
    int again, result;
    do {
        again = 0;
        file_scan *scan = amkd_alloc(1, sizeof *scan);
        if (!scan)
            return -1;
        scan->path = path;
        result = append(out, scan, header, &again);
        *nrows = scan->nrows;
        if (scan->fd >= 0)
            close(scan->fd);
        clear_scan(scan);
    } while (!result && again);
    return result;
}
