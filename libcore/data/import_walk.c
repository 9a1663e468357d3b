/* A walk through folders. A link may lead anywhere: each folder is compared with those it
 * lies in, so that a loop ends where it closes. */
#include "data/import_walk.h"
#include "base/error.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 16 };

/* Folders and files that systems leave among people's pictures. */
static const char *const system_folders[] = {"__MACOSX",     "@eaDir",
                                             "lost+found",   "#recycle",
                                             "$RECYCLE.BIN", "System Volume Information"};
static const char *const system_files[] = {"Thumbs.db", "desktop.ini"};

/* A folder and the one in which it was found. */
typedef struct level {
    dev_t device;
    ino_t inode;
    size_t depth;
    const struct level *above;
} level;

typedef struct walker {
    amkd_found *found;
    amkd_import_report *report;
} walker;

int amkd_found_add(amkd_found *found, char *path)
{
    if (!path)
        return -1;
    if (found->n == found->room) {
        size_t room = found->room ? 2 * found->room : 64;
        char **grown = amkd_realloc(found->path, room, sizeof *grown);
        if (!grown) {
            free(path);
            return -1;
        }
        found->path = grown;
        found->room = room;
    }
    found->path[found->n++] = path;
    return 0;
}

void amkd_found_clear(amkd_found *found)
{
    for (size_t i = 0; i < found->n; i++)
        free(found->path[i]);
    free(found->path);
    free(found->empty);
    *found = (amkd_found){0};
}

/* By name, folder by folder: '/' comes before every other character. */
static int compare_paths(const void *a, const void *b)
{
    const unsigned char *s = *(unsigned char *const *)a, *t = *(unsigned char *const *)b;
    while (*s && *s == *t)
        s++, t++;
    int c = *s == '/' ? 1 : *s, d = *t == '/' ? 1 : *t;
    return *s && *t ? c - d : *s - *t;
}

static int is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(name, names[i]))
            return 1;
    return 0;
}

static int is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};
    const char *dot = strrchr(name, '.');
    return dot && is_among(dot, endings, sizeof endings / sizeof *endings);
}

static int is_above(const struct stat *status, const level *at)
{
    for (; at; at = at->above)
        if (at->inode == status->st_ino && at->device == status->st_dev)
            return 1;
    return 0;
}

/* Why the path is passed over; NULL when it is not. */
static const char *why_not(const struct stat *status, const char *name, const level *at)
{
    if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
        return "neither a file nor a folder";
    if (!S_ISDIR(status->st_mode))
        return NULL;
    if (is_among(name, system_folders, sizeof system_folders / sizeof *system_folders))
        return "a folder that a system made for itself";
    return is_above(status, at) ? "a link back to a folder that it lies in" : NULL;
}

static int walk(walker *w, const char *folder, const level *above);

static int visit_folder(walker *w, const char *path, const level *at)
{
    amkd_found *found = w->found;
    size_t before = found->n;
    if (walk(w, path, at))
        return -1;
    if (at->above || found->n > before)
        return 0;
    found->nempty++;
    if (found->empty && compare_paths(&found->empty, &path) < 0)
        return 0;
    free(found->empty);
    found->empty = amkd_strdup(path);
    return found->empty ? 0 : -1;
}

/* A file that cannot be had is an error, but for a link, which nobody has to mend. */
static int visit_missing(walker *w, const char *path)
{
    int error = errno;
    struct stat link;
    if ((error == ENOENT || error == ELOOP) && !lstat(path, &link) &&
        S_ISLNK(link.st_mode)) {
        amkd_import_report_pass(w->report, path,
                                error == ELOOP ? "a link that leads in a circle"
                                               : "a link that leads nowhere");
        return 0;
    }
    errno = error;
    return amkd_fail_errno("'%s'", path);
}

/* A file or folder that is not hidden, in the folder at. */
static int visit(walker *w, const char *path, const char *name, const level *at)
{
    struct stat status;
    if (stat(path, &status))
        return visit_missing(w, path);
    const char *why = why_not(&status, name, at);
    if (why) {
        amkd_import_report_pass(w->report, path, why);
        return 0;
    }
    if (S_ISDIR(status.st_mode))
        return visit_folder(w, path, at);
    if (is_picture(name))
        return amkd_found_add(w->found, amkd_strdup(path));
    if (!is_among(name, system_files, sizeof system_files / sizeof *system_files))
        amkd_import_report_other(w->report, path, name);
    return 0;
}

static int walk_stream(walker *w, const char *folder, DIR *stream, const level *above)
{
    struct stat status;
    if (fstat(dirfd(stream), &status))
        return amkd_fail_errno("'%s'", folder);
    level here = {status.st_dev, status.st_ino, above ? above->depth + 1 : 0, above};
    if (here.depth > MAX_DEPTH)
        return amkd_fail("'%s': more than %d folders deep", folder, MAX_DEPTH);
    size_t n = strlen(folder);
    const char *slash = n && folder[n - 1] == '/' ? "" : "/";
    struct dirent *entry;
    int failed = 0;
    while (!failed && (errno = 0, entry = readdir(stream))) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = amkd_format("%s%s%s", folder, slash, entry->d_name);
        failed = !path || visit(w, path, entry->d_name, &here);
        free(path);
    }
    if (!failed && errno)
        return amkd_fail_errno("'%s'", folder);
    return failed ? -1 : 0;
}

static int walk(walker *w, const char *folder, const level *above)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return amkd_fail_errno("'%s'", folder);
    int failed = walk_stream(w, folder, stream, above);
    closedir(stream);
    return failed;
}

int amkd_walk(amkd_found *found, const char *folder, amkd_import_report *report)
{
    walker w = {found, report};
    if (walk(&w, folder, NULL))
        return -1;
    if (found->n)
        qsort(found->path, found->n, sizeof *found->path, compare_paths);
    return 0;
}
