/* A directory that a test program may fill, removed when it ends; whole files in it. */
#ifndef AMKD_TESTS_SCRATCH_H
#define AMKD_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static inline void scratch_open(void)
{
    /* In memory where possible: the tests sync files many times. */
    snprintf(scratch, sizeof scratch, "%s/amkd-test-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(scratch) || chdir(scratch)) {
        perror(scratch);
        exit(1);
    }
}

/* Removes every file in the directory. Returns how many there were. */
static inline int scratch_clear(void)
{
    int n = 0;
    DIR *directory = opendir(scratch);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            remove(entry->d_name);
            n++;
        }
    }
    closedir(directory);
    return n;
}

static inline void scratch_close(void)
{
    scratch_clear();
    if (chdir("/") || rmdir(scratch))
        perror(scratch);
}

static inline void put_file(const char *name, const void *bytes, size_t nbytes)
{
    FILE *file = fopen(name, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, nbytes, file), nbytes);
    ck_assert_int_eq(fclose(file), 0);
}

/* Returns the file's bytes, freed with free(). */
static inline uint8_t *get_file(const char *name, size_t *nbytes)
{
    struct stat status;
    ck_assert_int_eq(stat(name, &status), 0);
    *nbytes = (size_t)status.st_size;
    uint8_t *bytes = malloc(*nbytes + 1);
    FILE *file = fopen(name, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, *nbytes, file), *nbytes);
    fclose(file);
    return bytes;
}

/* Runs the suite in the directory. Returns the exit status of the program. */
static inline int scratch_run(Suite *suite)
{
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed ? 1 : 0;
}

#endif
