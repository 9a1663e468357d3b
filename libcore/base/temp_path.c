/* Names of temporary files, and the locks that tell a living writer from a dead one. */
#include "base/temp_path.h"
#include "base/memory.h"
#include "base/random.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_NAME = 100, NDIGITS = 16 }; /* of the target's name; of hexadecimal digits */

static const char ending[] = ".tmp";

/* How much of a path is directory, its "/" included. */
static size_t directory_nbytes(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash + 1 - path) : 0;
}

char *amkd_temp_path(const char *target)
{
    static atomic_uint_fast64_t count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t bits =
        amkd_random_u64((uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 30),
                        (uint64_t)getpid(), atomic_fetch_add(&count, 1));
    const size_t n = directory_nbytes(target);
    return amkd_format("%.*s.%.*s.%0*llx%s", (int)n, target, MAX_NAME, target + n,
                       NDIGITS, (unsigned long long)bits, ending);
}

int amkd_temp_hold(int fd)
{
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? -1 : 0;
    return fstat(fd, &status) || status.st_nlink ? 0 : -1;
}

/* Whether name is one that amkd_temp_path makes beside base. */
static int is_temp_of(const char *name, const char *base)
{
    const size_t n = strnlen(base, MAX_NAME);
    if (name[0] != '.' || strncmp(name + 1, base, n) != 0 || name[1 + n] != '.')
        return 0;
    const char *digits = name + 2 + n;
    return strspn(digits, "0123456789abcdef") == NDIGITS &&
           !strcmp(digits + NDIGITS, ending);
}

/* While it is looked at it is locked, so that no other looks at it, too. */
static void remove_abandoned(int directory, const char *name)
{
    struct stat status, now;
    const int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (!fstat(fd, &status) && S_ISREG(status.st_mode) && !flock(fd, LOCK_EX | LOCK_NB) &&
        !fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) &&
        now.st_dev == status.st_dev && now.st_ino == status.st_ino)
        (void)unlinkat(directory, name, 0);
    close(fd);
}

void amkd_temp_sweep(const char *target)
{
    const size_t n = directory_nbytes(target);
    char *path = n ? strndup(target, n) : strdup(".");
    DIR *directory = path ? opendir(path) : NULL;
    free(path);
    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));)
        if (is_temp_of(entry->d_name, target + n))
            remove_abandoned(dirfd(directory), entry->d_name);
    closedir(directory);
}
