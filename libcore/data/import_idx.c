/* IDX, the format of MNIST and its kin: big endian, images and labels in two files.
 *
 *     0 | 0 | u8 type (8: unsigned bytes) | u8 ndim | u32 sizes[ndim] | data
 */
#include "base/error.h"
#include "base/memory.h"
#include "data/source.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int amkd_idx_open(const uint8_t **data, size_t *shape, size_t ndim, const void *bytes,
                  size_t nbytes)
{
    const uint8_t *b = bytes;
    size_t expected = 1;
    if (nbytes < 4)
        return amkd_fail("IDX header is cut short: %zu bytes", nbytes);
    if (b[0] || b[1])
        return amkd_fail("not an IDX file: it does not begin with two zero bytes");
    if (b[2] != 8)
        return amkd_fail("IDX type 0x%02x, expected 0x08 (unsigned bytes)", b[2]);
    if (b[3] != ndim)
        return amkd_fail("IDX array of %d dimensions, expected %zu (%s)", b[3], ndim,
                         ndim == 1 ? "labels" : "images");
    if (nbytes < 4 + 4 * ndim)
        return amkd_fail("IDX header is cut short: %zu bytes, expected %zu", nbytes,
                         4 + 4 * ndim);
    for (size_t i = 0; i < ndim; i++) {
        const uint8_t *size = b + 4 + 4 * i;
        shape[i] = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 |
                   size[3];
        if (__builtin_mul_overflow(expected, shape[i], &expected))
            return amkd_fail("IDX header claims more than memory holds");
    }
    if (nbytes - 4 - 4 * ndim != expected)
        return amkd_fail("IDX data have %zu bytes, expected %zu by the header",
                         nbytes - 4 - 4 * ndim, expected);
    *data = b + 4 + 4 * ndim;
    return 0;
}

/* A new string: path with the last "from" of its file name replaced; NULL with no error
 * set when there is none. */
static int substitute(char **out, const char *path, const char *from, const char *to)
{
    const char *found = NULL, *slash = strrchr(path, '/');
    for (const char *at = slash ? slash : path; (at = strstr(at, from)); at++)
        found = at;
    *out = NULL;
    if (!found)
        return 0;
    *out = amkd_format("%.*s%s%s", (int)(found - path), path, to, found + strlen(from));
    return *out ? 0 : -1;
}

/* train-images-idx3-ubyte(.gz) has train-labels-idx1-ubyte(.gz) beside it; either may be
 * gzipped. *labels is NULL when the name is another or no such file is there. */
static int find_labels(char **labels, const char *images)
{
    char *half, *path = NULL, *other = NULL;
    *labels = NULL;
    if (substitute(&half, images, "images", "labels"))
        return -1;
    int failed = half ? substitute(&path, half, "idx3", "idx1") : 0;
    free(half);
    if (failed || !path)
        return failed;
    if (access(path, F_OK)) {
        size_t n = strlen(path);
        int zipped = n > 3 && !strcmp(path + n - 3, ".gz");
        other =
            amkd_format("%.*s%s", (int)(n - (zipped ? 3 : 0)), path, zipped ? "" : ".gz");
        free(path);
        if (!other)
            return -1;
        path = other;
    }
    if (!access(path, F_OK))
        *labels = path;
    else
        free(path);
    return 0;
}

static int open_labels(amkd_source *source)
{
    char *path;
    size_t n;
    if (find_labels(&path, source->path))
        return -1;
    if (!path)
        return 0;
    int failed = amkd_labels_read(&source->labels, &n, path);
    if (!failed && n != source->n)
        failed =
            amkd_fail("%zu images, but %zu labels in '%s' (--unlabeled does without)",
                      source->n, n, path);
    free(path);
    return failed;
}

int amkd_source_idx(amkd_source *source, size_t nbytes,
                    const amkd_source_options *options)
{
    size_t shape[3];
    if (amkd_idx_open(&source->data, shape, 3, source->bytes, nbytes))
        return -1;
    source->n = shape[0];
    source->height = shape[1];
    source->width = shape[2];
    source->channels = 1;
    source->read = amkd_source_read_array;
    if (source->n && (!shape[1] || !shape[2]))
        return amkd_fail("IDX images of %zux%zu are empty", shape[2], shape[1]);
    return options->labeled && strcmp(source->path, "-") != 0 ? open_labels(source) : 0;
}
