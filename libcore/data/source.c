/* Sources of pictures: the format is told from the contents, never from the name. */
#include "data/source.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/jpeg.h"
#include "data/magic.h"
#include "data/png.h"
#include "data/unzip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CIFAR10_RECORD = 1 + 3072, CIFAR100_RECORD = 2 + 3072 };

void amkd_source_clear(amkd_source *source)
{
    for (size_t i = 0; source->files && i < source->n; i++)
        free(source->files[i]);
    free(source->files);
    free(source->path);
    free(source->labels);
    free(source->bytes);
    json_decref(source->class_names);
    *source = (amkd_source){0};
}

char *amkd_source_name(const amkd_source *source, size_t index)
{
    if (source->files)
        return amkd_format("'%s'", source->files[index]);
    return amkd_format("'%s': image %zu", source->path, index);
}

int amkd_source_read_array(amkd_picture *picture, const amkd_source *source, size_t index)
{
    if (amkd_picture_new(picture, source->height, source->width, source->channels))
        return -1;
    size_t nbytes = source->height * source->width * source->channels;
    memcpy(picture->pixels, source->data + index * nbytes, nbytes);
    return 0;
}

/* The format's name; NULL with the error set when it is none. A batch of CIFAR may begin
 * with any bytes, so the size decides before the first bytes do. */
static const char *guess(const void *bytes, size_t nbytes)
{
    int cifar10 = nbytes && nbytes % CIFAR10_RECORD == 0;
    int cifar100 = nbytes && nbytes % CIFAR100_RECORD == 0;
    if (amkd_idx_is(bytes, nbytes))
        return "idx";
    if (nbytes >= 6 && !memcmp(bytes, "\x93NUMPY", 6))
        return "npy";
    if (amkd_decode_is(bytes, nbytes))
        return "folder";
    if (cifar10 != cifar100)
        return cifar10 ? "cifar10" : "cifar100";
    if (nbytes >= 4 && !memcmp(bytes, "\0\0\x08", 3) && ((const char *)bytes)[3] <= 4)
        return "idx"; /* of another size, which is then said */
    const char *name = amkd_magic_name(bytes, nbytes);
    if (cifar10)
        amkd_fail(
            "of a size that batches of CIFAR-10 and of CIFAR-100 may have: --format "
            "says which");
    else
        amkd_fail("neither IDX, NPY, PNG, JPEG, WebP, BMP, nor of the size of a CIFAR "
                  "batch%s%s",
                  name ? ", but " : "", name ? name : "");
    return NULL;
}

static int open_bytes(amkd_source *source, size_t nbytes, const char *format,
                      const amkd_source_options *options)
{
    if (!strcmp(format, "idx"))
        return amkd_source_idx(source, nbytes, options);
    if (!strcmp(format, "npy"))
        return amkd_source_npy(source, nbytes, options);
    if (!strcmp(format, "cifar10"))
        return amkd_source_cifar(source, nbytes, 10, options);
    if (!strcmp(format, "cifar100"))
        return amkd_source_cifar(source, nbytes, 100, options);
    return amkd_fail("format '%s' is none of idx, cifar10, cifar100, folder, npy",
                     format);
}

int amkd_source_open(amkd_source *source, const char *path,
                     const amkd_source_options *options)
{
    struct stat status;
    const char *format = options->format;
    size_t nbytes;
    *source = (amkd_source){.path = amkd_strdup(path)};
    if (!source->path)
        return -1;
    if (!format && !stat(path, &status) && S_ISDIR(status.st_mode))
        format = "folder";
    int failed = 0;
    if (!format || strcmp(format, "folder") != 0) {
        failed = amkd_unzip_read(&source->bytes, &nbytes, path, AMKD_SOURCE_MAX_NBYTES);
        if (!failed && !format && !(format = guess(source->bytes, nbytes)))
            failed = amkd_fail_in("'%s'", path);
    }
    if (!failed && !strcmp(format, "folder")) {
        free(source->bytes);
        source->bytes = NULL;
        failed = amkd_source_folder(source, options);
    } else if (!failed && open_bytes(source, nbytes, format, options)) {
        failed = amkd_fail_in("'%s'", path);
    }
    if (!failed && !source->n)
        failed = amkd_fail("'%s': holds no images", path);
    if (failed)
        amkd_source_clear(source);
    return failed ? -1 : 0;
}
