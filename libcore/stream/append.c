/* Adds rows to a stream file: verifies all of it, finds where its last whole row ends,
 * and writes on from there. Answers that were paid for are in these files, so nothing
 * whole is ever given up: a file that must lose part of a block is copied beside and
 * renamed. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "stream/bgzf_writer.h"
#include "stream/preamble.h"
#include "stream/scan.h"
#include "stream/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int copy_bytes(amkd_output *output, const amkd_scan *scan)
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
static int copy_rows(amkd_output *output, const amkd_scan *scan)
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
static int rewrite(const amkd_scan *scan)
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
static int write_on(amkd_writer **out, amkd_scan *scan, const amkd_header *header)
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
                                  nbytes, scan->nrows, 0, NULL);
    }
    free(preamble);
    return result;
}

static int append(amkd_writer **out, amkd_scan *scan, const amkd_header *header,
                  int *again)
{
    if (amkd_scan_run(scan))
        return -1;
    if (scan->header.nfields && amkd_header_expect_same(&scan->header, header))
        return amkd_fail_in("'%s'", scan->path);
    *again = scan->header.nfields && !scan->last_whole;
    return *again ? rewrite(scan) : write_on(out, scan, header);
}

/* Takes over fd, on failure too. */
static int append_to(amkd_writer **out, const char *path, int fd,
                     const amkd_header *header, uint64_t *nrows, int *again)
{
    amkd_scan *scan = amkd_alloc(1, sizeof *scan);
    if (!scan) {
        close(fd);
        return -1;
    }
    scan->path = path;
    scan->fd = fd;
    const int result = append(out, scan, header, again);
    *nrows = scan->nrows;
    if (scan->fd >= 0)
        close(scan->fd);
    amkd_scan_clear(scan);
    free(scan);
    return result;
}

int amkd_append_lock(int *fd, const char *path)
{
    *fd = open_locked(path);
    return *fd < 0 ? -1 : 0;
}

int amkd_writer_append_locked(amkd_writer **out, const char *path, int fd,
                              const amkd_header *header, uint64_t *nrows)
{
    int again = 0;
    int result = append_to(out, path, fd, header, nrows, &again);
    return !result && again ? amkd_writer_append(out, path, header, nrows) : result;
}

int amkd_writer_append(amkd_writer **out, const char *path, const amkd_header *header,
                       uint64_t *nrows)
{
    int fd, again, result;
    do {
        again = 0;
        result = amkd_append_lock(&fd, path) ||
                 append_to(out, path, fd, header, nrows, &again);
    } while (!result && again);
    return result ? -1 : 0;
}
