/* Temporary files by name, through the list that base/ empties when a process ends. */
#include "files.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/temp_files.h"
#include <stdlib.h>
#include <unistd.h>

const char *files_in_memory(void)
{
    static const char memory[] = "/dev/shm";
    return access(memory, W_OK) ? NULL : memory;
}

int files_new(files *f, const char *parent, const char *const *names, size_t n)
{
    *f = (files){0};
    if (!parent || !*parent)
        parent = getenv("TMPDIR");
    char *directory =
        amkd_format("%s/amkd-bench.XXXXXX", parent && *parent ? parent : "/tmp");
    if (!directory)
        return -1;
    if (!mkdtemp(directory)) {
        amkd_fail_errno("'%s'", directory);
        free(directory);
        return -1;
    }
    f->directory = directory;
    for (; f->n < n; f->n++) {
        char *path = amkd_format("%s/%s", directory, names[f->n]);
        if (!path || amkd_temp_add(path)) {
            free(path);
            return -1;
        }
        f->paths[f->n] = path;
    }
    return 0;
}

void files_clear(files *f)
{
    for (size_t p = 0; p < f->n; p++) {
        unlink(f->paths[p]);
        amkd_temp_remove(f->paths[p]);
    }
    if (f->directory)
        rmdir(f->directory);
    free(f->directory);
}
