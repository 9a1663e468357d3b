/* Gzipped input, decompressed in memory with a bound on what may come out. */
#include "data/unzip.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

typedef struct block {
    char *bytes;
    size_t nbytes, room, max_nbytes;
} block;

/* Makes room behind what is there, with one byte to spare for the zero at the end. */
static int grow(block *out)
{
    if (out->nbytes > out->max_nbytes)
        return amkd_fail("more than %zu bytes decompressed", out->max_nbytes);
    if (out->nbytes < out->room)
        return 0;
    size_t room = out->room ? 2 * out->room : 1 << 16;
    char *bytes = amkd_realloc(out->bytes, room + 1, 1);
    if (!bytes)
        return -1;
    out->bytes = bytes;
    out->room = room;
    return 0;
}

static uInt clip(size_t nbytes)
{
    return nbytes > UINT_MAX ? UINT_MAX : (uInt)nbytes;
}

/* Decompresses all members. z->next_in walks over the input, left counts it down. */
static int inflate_all(block *out, z_stream *z, size_t left)
{
    for (;;) {
        if (grow(out))
            return -1;
        uInt nin = clip(left), nout = clip(out->room - out->nbytes);
        z->avail_in = nin;
        z->avail_out = nout;
        z->next_out = (Bytef *)out->bytes + out->nbytes;
        int status = inflate(z, Z_NO_FLUSH);
        left -= nin - z->avail_in;
        out->nbytes += nout - z->avail_out;
        if (status == Z_STREAM_END && !left)
            return out->nbytes > out->max_nbytes ? grow(out) : 0;
        if (status == Z_STREAM_END)
            status = inflateReset(z);
        if (status == Z_BUF_ERROR || (status == Z_OK && !left && z->avail_out))
            return amkd_fail("gzip data are cut short");
        if (status != Z_OK)
            return amkd_fail("gzip data are broken: %s",
                             z->msg ? z->msg : zError(status));
    }
}

static int gunzip(block *out, char *bytes, size_t nbytes)
{
    z_stream z = {.next_in = (Bytef *)bytes};
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return amkd_fail("zlib is out of memory");
    int failed = inflate_all(out, &z, nbytes);
    inflateEnd(&z);
    return failed;
}

int amkd_unzip_read(char **bytes, size_t *nbytes, const char *path, size_t max_nbytes)
{
    block out = {.max_nbytes = max_nbytes};
    char *raw;
    size_t nraw;
    if (amkd_file_read(&raw, &nraw, path, max_nbytes))
        return -1;
    if (nraw < 2 || raw[0] != '\x1f' || raw[1] != '\x8b') {
        *bytes = raw;
        *nbytes = nraw;
        return 0;
    }
    int failed = gunzip(&out, raw, nraw);
    free(raw);
    if (failed) {
        free(out.bytes);
        return amkd_fail_in("'%s'", path);
    }
    out.bytes[out.nbytes] = 0;
    *bytes = out.bytes;
    *nbytes = out.nbytes;
    return 0;
}
