/* IDX, the format of MNIST and its kin: big endian, images and labels in two files.
 *
 *     0 | 0 | u8 type (8: unsigned bytes) | u8 ndim | u32 sizes[ndim] | data
 */
#include "base/error.h"
#include "base/memory.h"
#include "data/source.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static size_t load_size(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 |
           bytes[3];
}

int amkd_idx_is(const void *bytes, size_t nbytes)
{
    const uint8_t *b = bytes;
    size_t expected = 1;
    if (nbytes < 4 || memcmp(b, "\0\0\x08", 3) != 0 || b[3] < 1 || b[3] > 4 ||
        nbytes < 4 + 4u * b[3])
        return 0;
    for (size_t i = 0; i < b[3]; i++)
        if (__builtin_mul_overflow(expected, load_size(b + 4 + 4 * i), &expected))
            return 0;
    return nbytes - 4 - 4u * b[3] == expected;
}

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
        shape[i] = load_size(b + 4 + 4 * i);
        if (__builtin_mul_overflow(expected, shape[i], &expected))
            return amkd_fail("IDX header claims more than memory holds");
    }
    if (nbytes - 4 - 4 * ndim != expected)
        return amkd_fail("IDX data have %zu bytes, expected %zu by the header",
                         nbytes - 4 - 4 * ndim, expected);
    *data = b + 4 + 4 * ndim;
    return 0;
}

/* Writes to over the last "from" of path's file name, which is as long; letters keep
 * their case. Returns whether there is one. */
static int substitute(char *path, const char *from, const char *to)
{
    char *found = NULL, *slash = strrchr(path, '/');
    for (char *at = slash ? slash : path; (at = strcasestr(at, from)); at++)
        found = at;
    for (size_t i = 0; found && to[i]; i++)
        found[i] = (char)(isupper((unsigned char)found[i]) ? toupper(to[i]) : to[i]);
    return found != NULL;
}

/* train-images-idx3-ubyte(.gz) has train-labels-idx1-ubyte(.gz) beside it; either may be
 * gzipped, and both in capitals. *labels is NULL when the name is another or no such file
 * is there. */
static int find_labels(char **labels, const char *images)
{
    static const char *const endings[] = {"", ".gz", ".GZ"};
    char *path = amkd_strdup(images);
    *labels = NULL;
    if (!path)
        return -1;
    if (!substitute(path, "images", "labels") || !substitute(path, "idx3", "idx1")) {
        free(path);
        return 0;
    }
    size_t n = strlen(path);
    if (access(path, F_OK) && n > 3 && !strcasecmp(path + n - 3, ".gz"))
        path[n - 3] = 0;
    int failed = 0;
    for (size_t i = 0; !*labels && !failed && i < 3; i++) {
        char *candidate = amkd_format("%s%s", path, endings[i]);
        failed = !candidate;
        if (candidate && !access(candidate, F_OK))
            *labels = candidate;
        else
            free(candidate);
    }
    free(path);
    return failed ? -1 : 0;
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
