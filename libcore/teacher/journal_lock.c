/* flock on a file whose text names the holder: the lock goes with the process, however it
 * ends, and the text is for people. */
#include "teacher/journal_lock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int say_holder(int fd, const char *path)
{
    char text[200], host[65] = "", when[32] = "";
    const time_t now = time(NULL);
    struct tm local;
    gethostname(host, sizeof host - 1);
    if (localtime_r(&now, &local))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    const int n = snprintf(text, sizeof text, "process %ld on %s, since %s",
                           (long)getpid(), host, when);
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
        return amkd_fail_errno("'%s'", path);
    return 0;
}

static int fail_held(int fd, const char *directory)
{
    char holder[200] = "another process";
    const ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    if (n > 0)
        holder[n] = 0;
    return amkd_fail("journal '%s' is in use: %s", directory, holder);
}

int amkd_journal_lock(int *fd, const char *directory)
{
    if (!mkdir(directory, 0777))
        amkd_file_sync_name(directory);
    else if (errno != EEXIST)
        return amkd_fail_errno("journal '%s'", directory);
    char *path = amkd_format("%s/lock", directory);
    if (!path)
        return -1;
    int rc = 0;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        rc = amkd_fail_errno("'%s'", path);
    else if (flock(*fd, LOCK_EX | LOCK_NB))
        rc = errno == EWOULDBLOCK ? fail_held(*fd, directory)
                                  : amkd_fail_errno("'%s': cannot lock it", path);
    else
        rc = say_holder(*fd, path);
    if (rc && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    free(path);
    return rc;
}
