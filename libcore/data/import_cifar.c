/* CIFAR-10 and CIFAR-100 binary batches: records of labels and 32x32 planes.
 *
 *     CIFAR-10:  u8 label           | u8 red[1024] | green[1024] | blue[1024]
 *     CIFAR-100: u8 coarse, u8 fine | the same; the fine label is taken
 */
#include "base/error.h"
#include "base/memory.h"
#include "data/class_names.h"
#include "data/source.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, RECORD = 3 * PLANE };

static size_t label_nbytes(const amkd_source *source)
{
    return source->nclasses == 10 ? 1 : 2;
}

static int read_record(amkd_picture *picture, const amkd_source *source, size_t index)
{
    const uint8_t *planes =
        source->data + index * (label_nbytes(source) + RECORD) + label_nbytes(source);
    if (amkd_picture_new(picture, SIDE, SIDE, 3))
        return -1;
    for (size_t i = 0; i < RECORD; i++)
        picture->pixels[i] = planes[i % 3 * PLANE + i / 3];
    return 0;
}

/* The class names stand in a text file beside the batches, one a line. */
static int read_names(amkd_source *source)
{
    const char *file =
        source->nclasses == 10 ? "batches.meta.txt" : "fine_label_names.txt";
    const char *slash = strrchr(source->path, '/');
    char *path = amkd_format("%.*s%s", slash ? (int)(slash + 1 - source->path) : 0,
                             source->path, file);
    if (!path)
        return -1;
    int failed = 0;
    if (!access(path, F_OK)) {
        failed = amkd_class_names_read(&source->class_names, path);
        if (!failed && json_array_size(source->class_names) != source->nclasses)
            failed = amkd_fail("'%s': %zu class names, expected %zu", path,
                               json_array_size(source->class_names), source->nclasses);
    }
    free(path);
    return failed;
}

int amkd_source_cifar(amkd_source *source, size_t nbytes, size_t nclasses,
                      const amkd_source_options *options)
{
    source->nclasses = nclasses;
    size_t record = label_nbytes(source) + RECORD;
    if (nbytes % record)
        return amkd_fail("%zu bytes are no multiple of CIFAR-%zu's %zu a record", nbytes,
                         nclasses, record);
    source->n = nbytes / record;
    source->data = (const uint8_t *)source->bytes;
    source->read = read_record;
    if (!options->labeled)
        return 0;
    source->labels = amkd_alloc(source->n, sizeof *source->labels);
    if (!source->labels)
        return -1;
    for (size_t r = 0; r < source->n; r++) {
        source->labels[r] = source->data[r * record + label_nbytes(source) - 1];
        if ((size_t)source->labels[r] >= nclasses)
            return amkd_fail("image %zu: label %d is outside 0..%zu", r,
                             source->labels[r], nclasses - 1);
    }
    return read_names(source);
}
