/* Files that a part of the bench works on, in a directory of its own. */
#ifndef AMKD_BENCH_FILES_H
#define AMKD_BENCH_FILES_H

#include <stddef.h>

enum { FILES_MAX = 8 };

typedef struct files {
    char *directory;
    size_t n;
    char *paths[FILES_MAX];
} files;

/* Where files are read and written fastest: memory where the system offers a directory in
 * it, else as files_new's default. */
const char *files_in_memory(void);

/* Makes a directory in parent (NULL: $TMPDIR or /tmp), and the paths of n names in it.
 * Files at these paths go when the process does, however it ends. Cleared by the caller,
 * on failure too. */
int files_new(files *f, const char *parent, const char *const *names, size_t n);

/* Removes files and directory, as far as they are there. */
void files_clear(files *f);

#endif
