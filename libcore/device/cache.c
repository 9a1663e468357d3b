/* The cache: one file a key, checked by digest, replaced by rename. */
#include "device/cache.h"
#include "base/file.h"
#include "base/memory.h"
#include "device/cache_files.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { MAGIC_NBYTES = 8, HASH_NBYTES = 16, MAX_NBYTES = 1 << 28 };
enum { HEAD_NBYTES = MAGIC_NBYTES + 2 * HASH_NBYTES };

static const char magic[MAGIC_NBYTES + 1] = "amkdbin1";

/* Some hundred networks' kernels, and a season. */
static const off_t most_nbytes = 256 << 20;
static const time_t most_seconds = 90 * 24 * 60 * 60;

static void hash(unsigned char out[HASH_NBYTES], const void *bytes, size_t nbytes)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, nbytes));
    memcpy(out, canonical.digest, HASH_NBYTES);
}

static char *file_path(amkd_cache cache, const unsigned char key_hash[HASH_NBYTES])
{
    char name[2 * HASH_NBYTES + 1];
    for (size_t i = 0; i < HASH_NBYTES; i++) {
        name[2 * i] = "0123456789abcdef"[key_hash[i] >> 4];
        name[2 * i + 1] = "0123456789abcdef"[key_hash[i] & 15];
    }
    name[2 * HASH_NBYTES] = 0;
    char *folder = amkd_cache_directory(cache);
    char *path = folder ? amkd_format("%s/%s", folder, name) : NULL;
    free(folder);
    return path;
}

/* Whether bytes are an entry of the key, with nothing lost or changed. */
static int is_whole(const unsigned char *bytes, size_t nbytes,
                    const unsigned char key_hash[HASH_NBYTES])
{
    unsigned char digest[HASH_NBYTES];
    if (nbytes <= HEAD_NBYTES || memcmp(bytes, magic, MAGIC_NBYTES) ||
        memcmp(bytes + MAGIC_NBYTES, key_hash, HASH_NBYTES))
        return 0;
    hash(digest, bytes + HEAD_NBYTES, nbytes - HEAD_NBYTES);
    return !memcmp(bytes + MAGIC_NBYTES + HASH_NBYTES, digest, HASH_NBYTES);
}

int amkd_cache_load(unsigned char **bytes, size_t *nbytes, amkd_cache cache,
                    const char *key)
{
    unsigned char key_hash[HASH_NBYTES];
    hash(key_hash, key, strlen(key));
    char *path = file_path(cache, key_hash), *file = NULL;
    size_t size = 0;
    /* The look beforehand keeps the usual case, nothing there, from being an error. */
    int absent = !path || access(path, R_OK);
    if (!absent)
        absent = amkd_file_read(&file, &size, path, MAX_NBYTES) ||
                 !is_whole((unsigned char *)file, size, key_hash);
    if (!absent) {
        amkd_cache_touch(path);
        *nbytes = size - HEAD_NBYTES;
        memmove(file, file + HEAD_NBYTES, *nbytes);
        *bytes = (unsigned char *)file;
    } else {
        free(file);
    }
    free(path);
    return absent ? -1 : 0;
}

static void prune(amkd_cache cache)
{
    char *folder = amkd_cache_directory(cache);
    if (folder)
        (void)amkd_cache_prune(NULL, folder, most_seconds, most_nbytes);
    free(folder);
}

/* Makes the directory of path where it is not there. */
static int can_write_beside(char *path)
{
    char *name = strrchr(path, '/');
    *name = 0;
    const int can = !amkd_cache_make_directory(path) && !access(path, W_OK | X_OK);
    *name = '/';
    return can;
}

int amkd_cache_prepare(char **path, unsigned char **file, size_t *nbytes,
                       amkd_cache cache, const char *key, const void *content,
                       size_t content_nbytes)
{
    if (content_nbytes > MAX_NBYTES - HEAD_NBYTES)
        return -1;
    unsigned char key_hash[HASH_NBYTES];
    hash(key_hash, key, strlen(key));
    *nbytes = HEAD_NBYTES + content_nbytes;
    *path = file_path(cache, key_hash);
    *file = *path && can_write_beside(*path) ? amkd_alloc(*nbytes, 1) : NULL;
    if (!*file) {
        free(*path);
        *path = NULL;
        return -1;
    }
    memcpy(*file, magic, MAGIC_NBYTES);
    memcpy(*file + MAGIC_NBYTES, key_hash, HASH_NBYTES);
    hash(*file + MAGIC_NBYTES + HASH_NBYTES, content, content_nbytes);
    memcpy(*file + HEAD_NBYTES, content, content_nbytes);
    return 0;
}

void amkd_cache_store(amkd_cache cache, const char *key, const void *bytes, size_t nbytes)
{
    char *path;
    unsigned char *file;
    size_t file_nbytes;
    if (amkd_cache_prepare(&path, &file, &file_nbytes, cache, key, bytes, nbytes))
        return;
    if (!amkd_file_write(path, file, file_nbytes))
        prune(cache);
    free(file);
    free(path);
}

int amkd_cache_forget(size_t *n, amkd_cache cache)
{
    char *folder = amkd_cache_directory(cache);
    *n = 0;
    if (!folder)
        return 0;
    const int rc = amkd_cache_prune(n, folder, 0, -1);
    free(folder);
    return rc;
}
