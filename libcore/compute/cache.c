/* The cache of program binaries: one file a key, checked by digest, replaced by rename.
 */
#include "compute/cache.h"
#include "base/file.h"
#include "base/memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { MAGIC_NBYTES = 8, HASH_NBYTES = 16, MAX_NBYTES = 1 << 28 };
enum { HEAD_NBYTES = MAGIC_NBYTES + 2 * HASH_NBYTES };

static const char magic[MAGIC_NBYTES + 1] = "amkdbin1";

/* The directory, NULL when the environment names none. As the XDG base directory
 * specification says, a relative path is no path. */
static char *directory(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && *xdg == '/')
        return amkd_format("%s/amkd", xdg);
    const char *home = getenv("HOME");
    if (home && *home == '/')
        return amkd_format("%s/.cache/amkd", home);
    return NULL;
}

/* Makes path and its parents; whether it worked shows when a file is written there. */
static void make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int failed = mkdir(path, 0700) && errno != EEXIST;
        *slash = '/';
        if (failed)
            return;
    }
}

static void hash(unsigned char out[HASH_NBYTES], const void *bytes, size_t nbytes)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, nbytes));
    memcpy(out, canonical.digest, HASH_NBYTES);
}

static char *file_path(const unsigned char key_hash[HASH_NBYTES])
{
    char name[2 * HASH_NBYTES + 1];
    for (size_t i = 0; i < HASH_NBYTES; i++) {
        name[2 * i] = "0123456789abcdef"[key_hash[i] >> 4];
        name[2 * i + 1] = "0123456789abcdef"[key_hash[i] & 15];
    }
    name[2 * HASH_NBYTES] = 0;
    char *folder = directory();
    char *path = folder ? amkd_format("%s/%s", folder, name) : NULL;
    free(folder);
    return path;
}

int amkd_cache_load(unsigned char **binary, size_t *nbytes, const char *key)
{
    unsigned char key_hash[HASH_NBYTES], digest[HASH_NBYTES];
    hash(key_hash, key, strlen(key));
    char *path = file_path(key_hash);
    /* The look beforehand keeps the usual case, nothing there, from being an error. */
    int absent = !path || access(path, R_OK);
    char *bytes = NULL;
    size_t size = 0;
    if (!absent)
        absent = amkd_file_read(&bytes, &size, path, MAX_NBYTES);
    free(path);
    if (absent)
        return -1;
    int whole = size > HEAD_NBYTES && !memcmp(bytes, magic, MAGIC_NBYTES) &&
                !memcmp(bytes + MAGIC_NBYTES, key_hash, HASH_NBYTES);
    if (whole) {
        size -= HEAD_NBYTES;
        hash(digest, bytes + HEAD_NBYTES, size);
        whole = !memcmp(bytes + MAGIC_NBYTES + HASH_NBYTES, digest, HASH_NBYTES);
    }
    if (!whole) {
        free(bytes);
        return -1;
    }
    memmove(bytes, bytes + HEAD_NBYTES, size);
    *binary = (unsigned char *)bytes;
    *nbytes = size;
    return 0;
}

void amkd_cache_store(const char *key, const unsigned char *binary, size_t nbytes)
{
    if (nbytes > MAX_NBYTES - HEAD_NBYTES)
        return;
    unsigned char key_hash[HASH_NBYTES];
    hash(key_hash, key, strlen(key));
    char *path = file_path(key_hash);
    unsigned char *bytes = path ? amkd_alloc(HEAD_NBYTES + nbytes, 1) : NULL;
    if (bytes) {
        make_directories(path);
        memcpy(bytes, magic, MAGIC_NBYTES);
        memcpy(bytes + MAGIC_NBYTES, key_hash, HASH_NBYTES);
        hash(bytes + MAGIC_NBYTES + HASH_NBYTES, binary, nbytes);
        memcpy(bytes + HEAD_NBYTES, binary, nbytes);
        (void)amkd_file_write(path, bytes, HEAD_NBYTES + nbytes);
    }
    free(bytes);
    free(path);
}
