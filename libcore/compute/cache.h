/* Files of program binaries under $XDG_CACHE_HOME/amkd (~/.cache/amkd), so that a kernel
 * is compiled once a machine. Never an error: what cannot be read is absent, what cannot
 * be written is not kept. Any number of processes may share it.
 *
 *     "amkdbin1"   8 bytes
 *     key         16 bytes  XXH3-128 of the key text, big-endian; in hex, the file's name
 *     digest      16 bytes  XXH3-128 of the binary, big-endian
 *     binary      the rest
 */
#ifndef AMKD_COMPUTE_CACHE_H
#define AMKD_COMPUTE_CACHE_H

#include <stddef.h>

/* The binary kept for a key text: 0 with a new block, freed with free(), or -1 when there
 * is none, or none that is whole. */
int amkd_cache_load(unsigned char **binary, size_t *nbytes, const char *key);

/* Keeps a binary, in place of what was kept for this key. */
void amkd_cache_store(const char *key, const unsigned char *binary, size_t nbytes);

#endif
