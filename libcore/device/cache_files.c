/* The files of the cache. A file's time of change is when it was last of use. */
#include "device/cache_files.h"
#include "base/error.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct entry {
    char name[256];
    off_t nbytes;
    time_t used;
} entry;

/* As the XDG base directory specification says, a relative path is no path. */
char *amkd_cache_directory(amkd_cache cache)
{
    static const char *const names[] = {"programs", "plans"};
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && *xdg == '/')
        return amkd_format("%s/amkd/%s", xdg, names[cache]);
    const char *home = getenv("HOME");
    if (home && *home == '/')
        return amkd_format("%s/.cache/amkd/%s", home, names[cache]);
    return NULL;
}

int amkd_cache_make_directory(const char *path)
{
    char *part = amkd_strdup(path);
    int failed = !part || !*part;
    for (char *slash = part; !failed && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = 0;
        failed = mkdir(part, 0700) && errno != EEXIST;
        if (slash)
            *slash = '/';
    }
    free(part);
    return failed ? -1 : 0;
}

/* Once a day, so that a start need not write. */
void amkd_cache_touch(const char *path)
{
    struct stat status;
    if (!stat(path, &status) && time(NULL) - status.st_mtime > 24 * 60 * 60)
        (void)utimensat(AT_FDCWD, path, NULL, 0);
}

/* Adds the file's entry to those read so far. A file that another process has just
 * removed is passed over, and so is what is no file. */
static int add_entry(entry **entries, size_t *n, int directory, const char *name)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) ||
        !S_ISREG(status.st_mode) || strlen(name) >= sizeof(*entries)->name)
        return 0;
    entry *grown = amkd_realloc(*entries, *n + 1, sizeof **entries);
    if (!grown)
        return -1;
    *entries = grown;
    grown[*n] = (entry){.nbytes = status.st_size, .used = status.st_mtime};
    strcpy(grown[(*n)++].name, name);
    return 0;
}

/* Temporary files of processes that were killed are among the entries: they go with
 * time. */
static int read_entries(entry **entries, size_t *n, DIR *stream, const char *path)
{
    int rc = 0;
    const struct dirent *found;
    *entries = NULL;
    *n = 0;
    while (!rc && (errno = 0, found = readdir(stream)))
        rc = add_entry(entries, n, dirfd(stream), found->d_name);
    if (!rc && errno)
        rc = amkd_fail_errno("'%s'", path);
    return rc;
}

static int by_latest_use(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return x->used != y->used ? (x->used < y->used ? 1 : -1) : strcmp(x->name, y->name);
}

int amkd_cache_prune(size_t *n, const char *directory, time_t max_seconds,
                     off_t max_nbytes)
{
    size_t nentries, ndropped = 0;
    off_t nbytes = 0;
    entry *entries;
    DIR *stream = opendir(directory);
    if (n)
        *n = 0;
    if (!stream)
        return errno == ENOENT ? 0 : amkd_fail_errno("'%s'", directory);
    int rc = read_entries(&entries, &nentries, stream, directory);
    if (!rc && nentries)
        qsort(entries, nentries, sizeof *entries, by_latest_use);
    for (size_t e = 0; !rc && e < nentries; e++) {
        nbytes += entries[e].nbytes;
        if (nbytes <= max_nbytes && time(NULL) - entries[e].used <= max_seconds)
            continue;
        if (!unlinkat(dirfd(stream), entries[e].name, 0))
            ndropped++;
        else if (errno != ENOENT)
            rc = amkd_fail_errno("'%s/%s'", directory, entries[e].name);
    }
    free(entries);
    closedir(stream);
    if (n)
        *n = ndropped;
    return rc;
}
