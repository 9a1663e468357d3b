/* Output files that appear whole or not at all, and whole files read and written at once.
 */
#include "base/file.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/temp_files.h"
#include "base/temp_path.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_NBYTES = 1 << 16 };

struct amkd_output {
    int fd;
    char *name;   /* for messages */
    char *target; /* where commit renames temp to; NULL: written in place */
    char *temp;   /* in the list of live temporary files */
    size_t used;
    char buffer[BUFFER_NBYTES];
};

static void free_output(amkd_output *output)
{
    free(output->name);
    free(output->target);
    free(output);
}

/* One try at a file of a name that nobody has. Returns 0, 1 to try again, or -1. */
static int make_temp(amkd_output *output, mode_t mode)
{
    char *temp = amkd_temp_path(output->target);
    if (!temp)
        return -1;
    if (amkd_temp_add(temp)) {
        free(temp);
        return -1;
    }
    output->fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (output->fd < 0) {
        amkd_fail_errno("'%s': cannot write a file in its directory", output->name);
        amkd_temp_remove(temp);
        return -1;
    }
    output->temp = temp;
    if (!amkd_temp_hold(output->fd))
        return 0;
    close(output->fd);
    output->fd = -1;
    unlink(temp);
    amkd_temp_remove(temp);
    output->temp = NULL;
    return 1;
}

static int open_temp(amkd_output *output, mode_t mode)
{
    enum { NTRIES = 16 };
    amkd_temp_sweep(output->target);
    for (int try = 0; try < NTRIES; try++) {
        const int rc = make_temp(output, mode);
        if (rc <= 0)
            return rc;
    }
    return amkd_fail("'%s': files made in its directory are taken away at once",
                     output->name);
}

/* A regular file that exists is replaced, through symbolic links, and keeps its mode. */
static int open_replacing(amkd_output *output, const char *path, const struct stat *old)
{
    if (old && access(path, W_OK))
        return amkd_fail_errno("'%s'", path);
    output->target = old ? realpath(path, NULL) : amkd_strdup(path);
    if (!output->target)
        return old ? amkd_fail_errno("'%s'", path) : -1;
    if (open_temp(output, old ? 0600 : 0666))
        return -1;
    if (old && fchmod(output->fd, old->st_mode & 0777))
        return amkd_fail_errno("'%s'", path);
    return 0;
}

static int open_path(amkd_output *output, const char *path)
{
    struct stat old;
    if (stat(path, &old)) {
        if (errno != ENOENT)
            return amkd_fail_errno("'%s'", path);
        return open_replacing(output, path, NULL);
    }
    if (S_ISREG(old.st_mode))
        return open_replacing(output, path, &old);
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    return output->fd < 0 ? amkd_fail_errno("'%s'", path) : 0;
}

int amkd_output_adopt(amkd_output **out, const char *path, int fd)
{
    amkd_output *output = amkd_alloc(1, sizeof *output);
    if (!output)
        return -1;
    output->fd = fd;
    output->name = amkd_strdup(path);
    if (!output->name) {
        free_output(output);
        return -1;
    }
    *out = output;
    return 0;
}

int amkd_output_open(amkd_output **out, const char *path)
{
    if (!path || !strcmp(path, "-"))
        return amkd_output_adopt(out, "stdout", STDOUT_FILENO);
    amkd_output *output;
    if (amkd_output_adopt(&output, path, -1))
        return -1;
    if (open_path(output, path)) {
        amkd_output_discard(output);
        return -1;
    }
    *out = output;
    return 0;
}

int amkd_output_refuse_terminal(const amkd_output *output, const char *what)
{
    if (isatty(output->fd))
        return amkd_fail(
            "%s is a terminal: will not write %s to it; name a file with -o, "
            "or pipe it on",
            amkd_output_name(output), what);
    return 0;
}

int amkd_file_same(const char *path, const char *other)
{
    struct stat a, b;
    return path && other && !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

int amkd_output_probe(const char *path, const char *what)
{
    struct stat status;
    amkd_output *output;
    if (path && strcmp(path, "-") != 0 && !stat(path, &status) &&
        !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return 0;
    if (amkd_output_open(&output, path))
        return -1;
    int rc = what ? amkd_output_refuse_terminal(output, what) : 0;
    amkd_output_discard(output);
    return rc;
}

static int fail_output(const amkd_output *output)
{
    if (output->fd == STDOUT_FILENO)
        return amkd_fail_errno("stdout");
    return amkd_fail_errno("'%s'", output->name);
}

/* A pipe or terminal may have been left non-blocking by the program at its other end. */
static int wait_writable(const amkd_output *output)
{
    struct pollfd fds = {output->fd, POLLOUT, 0};
    while (poll(&fds, 1, -1) < 0)
        if (errno != EINTR)
            return fail_output(output);
    return 0;
}

static int write_all(amkd_output *output, const char *bytes, size_t nbytes)
{
    while (nbytes) {
        ssize_t n = write(output->fd, bytes, nbytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (wait_writable(output))
                return -1;
            continue;
        }
        if (n < 0)
            return fail_output(output);
        bytes += n;
        nbytes -= (size_t)n;
    }
    return 0;
}

static int flush(amkd_output *output)
{
    size_t used = output->used;
    output->used = 0;
    return write_all(output, output->buffer, used);
}

int amkd_output_write(amkd_output *output, const void *bytes, size_t nbytes)
{
    if (!nbytes)
        return 0; /* bytes may be NULL */
    if (nbytes > BUFFER_NBYTES - output->used && flush(output))
        return -1;
    if (nbytes >= BUFFER_NBYTES)
        return write_all(output, bytes, nbytes);
    memcpy(output->buffer + output->used, bytes, nbytes);
    output->used += nbytes;
    return 0;
}

int amkd_output_sync(amkd_output *output)
{
    if (flush(output))
        return -1;
    /* Pipes, terminals and devices cannot be synced: that is no failure. */
    if (fsync(output->fd) && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        return fail_output(output);
    return 0;
}

static int close_output(amkd_output *output)
{
    int fd = output->fd;
    output->fd = -1;
    if (fd > STDERR_FILENO && close(fd) && errno != EINTR)
        return fail_output(output);
    return 0;
}

void amkd_file_sync_name(const char *path)
{
    size_t n = strlen(path);
    while (n && path[n - 1] == '/') /* a directory's own name may end so */
        n--;
    while (n && path[n - 1] != '/')
        n--;
    char *directory = n ? strndup(path, n) : strdup(".");
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)!fsync(fd);
        close(fd);
    }
    free(directory);
}

/* The lock stays until the file has its name: another writer would take it away. */
static int close_and_rename(amkd_output *output)
{
    const int held = fcntl(output->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (held < 0)
        return fail_output(output);
    int rc = close_output(output);
    if (!rc && rename(output->temp, output->target))
        rc = fail_output(output);
    close(held);
    return rc;
}

int amkd_output_commit(amkd_output *output)
{
    if (amkd_output_sync(output) ||
        (output->temp ? close_and_rename(output) : close_output(output))) {
        amkd_output_discard(output);
        return -1;
    }
    if (output->temp) {
        amkd_temp_remove(output->temp);
        amkd_file_sync_name(output->target);
    }
    free_output(output);
    return 0;
}

void amkd_output_discard(amkd_output *output)
{
    if (!output)
        return;
    if (output->fd > STDERR_FILENO)
        close(output->fd);
    if (output->temp) {
        unlink(output->temp);
        amkd_temp_remove(output->temp);
    }
    free_output(output);
}

const char *amkd_output_name(const amkd_output *output)
{
    return output->name;
}

static int open_input(const char *path)
{
    if (!strcmp(path, "-"))
        return STDIN_FILENO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? amkd_fail_errno("'%s'", path) : fd;
}

/* Reads fd to its end, in room that doubles; a byte more than max_nbytes is a failure. */
static int read_all(char **bytes, size_t *nbytes, int fd, const char *path,
                    size_t max_nbytes)
{
    size_t used = 0, room = 0;
    for (;;) {
        if (room - used < 2) {
            size_t more = room ? room * 2 : 1 << 14;
            char *grown = amkd_realloc(*bytes, more, 1);
            if (!grown)
                return -1;
            *bytes = grown;
            room = more;
        }
        ssize_t n = read(fd, *bytes + used, room - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return amkd_fail_errno("'%s'", path);
        used += (size_t)n;
        if (used > max_nbytes)
            return amkd_fail("'%s': larger than %zu bytes", path, max_nbytes);
        if (n == 0)
            break;
    }
    (*bytes)[used] = 0;
    *nbytes = used;
    return 0;
}

int amkd_file_read(char **bytes, size_t *nbytes, const char *path, size_t max_nbytes)
{
    *bytes = NULL;
    int fd = open_input(path);
    if (fd < 0)
        return -1;
    int result = read_all(bytes, nbytes, fd, path, max_nbytes);
    if (fd != STDIN_FILENO)
        close(fd);
    if (result) {
        free(*bytes);
        *bytes = NULL;
    }
    return result;
}

int amkd_file_write(const char *path, const void *bytes, size_t nbytes)
{
    amkd_output *output;
    if (amkd_output_open(&output, path))
        return -1;
    if (amkd_output_write(output, bytes, nbytes)) {
        amkd_output_discard(output);
        return -1;
    }
    return amkd_output_commit(output);
}
