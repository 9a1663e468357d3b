/* Runs a fuzz target over the files of the directories named, as an ordinary test: what a
 * fuzzer once found stays found. Built with each fuzz_*.c; with -fsanitize=fuzzer the
 * same file is a target of libFuzzer instead. */
#include "fuzz/target.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_NBYTES = 1 << 20 };

static int run_file(const char *directory, const char *name)
{
    static uint8_t bytes[MAX_NBYTES];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    /* A block of its own size, so that the sanitizer sees reads beyond it. */
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        return -1;
    for (size_t i = 0; i < n; i++)
        exact[i] = bytes[i];
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

static int run_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory) {
        perror(path);
        return -1;
    }
    int nfiles = 0, result = 0;
    for (struct dirent *entry; !result && (entry = readdir(directory));) {
        if (entry->d_name[0] != '.') {
            result = run_file(path, entry->d_name);
            nfiles++;
        }
    }
    closedir(directory);
    printf("%s: %d files\n", path, nfiles);
    return nfiles ? result : -1;
}

int main(int argc, char **argv)
{
    int result = argc > 1 ? 0 : 1;
    for (int i = 1; i < argc; i++)
        result |= run_directory(argv[i]);
    return result ? 1 : 0;
}
