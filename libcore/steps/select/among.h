/* Images that two sets have in common: test images that a student may have been shown. */
#ifndef AMKD_STEPS_SELECT_AMONG_H
#define AMKD_STEPS_SELECT_AMONG_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_among {
    uint64_t n;         /* images of the set */
    uint64_t ndistinct; /* different ones */
    uint64_t nfound;    /* images whose very pixels are among the other's, each counted as
                           often as it is there */
} amkd_among;

/* Compares the images stream path with the images stream other, "-" or NULL for stdin in
 * one of the two, by the XXH3-128 of each image's pixels; labels do not count. Fails
 * where images differ in shape. Both are read once, a piece at a time: what is kept is 24
 * bytes for each image of path. */
int amkd_among_count(amkd_among *among, const char *path, const char *other,
                     size_t nthreads);

#endif
