/* What is expensive to find out about a machine, kept as files under $XDG_CACHE_HOME/amkd
 * (~/.cache/amkd): binaries of programs, in programs/, and plans, in plans/. Never an
 * error: what cannot be read is absent, what cannot be written is not kept. Any number of
 * processes may share it. It does not grow for ever: an entry not used for 90 days goes,
 * and so do those used longest ago while a directory holds more than 256 MiB.
 *
 *     "amkdbin1"   8 bytes
 *     key         16 bytes  XXH3-128 of the key text, big-endian; in hex, the file's name
 *     digest      16 bytes  XXH3-128 of the content, big-endian
 *     content     the rest
 */
#ifndef AMKD_DEVICE_CACHE_H
#define AMKD_DEVICE_CACHE_H

#include <stddef.h>

typedef enum amkd_cache {
    AMKD_CACHE_PROGRAMS,
    AMKD_CACHE_PLANS,
} amkd_cache;

/* What is kept for a key text: 0 with a new block, freed with free(), or -1 when there is
 * nothing, or nothing that is whole. */
int amkd_cache_load(unsigned char **bytes, size_t *nbytes, amkd_cache cache,
                    const char *key);

/* Keeps bytes, in place of what was kept for this key, and drops what is too old or too
 * much. */
void amkd_cache_store(amkd_cache cache, const char *key, const void *bytes,
                      size_t nbytes);

/* The file that amkd_cache_store would write, for signal handlers, which can only write
 * what is ready: *path and the *nbytes of *file, both new blocks, freed with free().
 * Makes the directory. -1 where nothing can be kept. */
int amkd_cache_prepare(char **path, unsigned char **file, size_t *nbytes,
                       amkd_cache cache, const char *key, const void *content,
                       size_t content_nbytes);

/* Removes all entries; *n is how many there were. Unlike the rest it fails where it
 * cannot. */
int amkd_cache_forget(size_t *n, amkd_cache cache);

#endif
