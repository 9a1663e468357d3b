/* Headers read for a check: the fields of images, and what other streams say of the
 * images that they speak of. */
#include "net/known.h"
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_refs.h"
#include "net/published.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int amkd_is_there(const char *path)
{
    struct stat status;
    if (!path || !strcmp(path, "-"))
        return 0;
    return stat(path, &status) ? errno != ENOENT
                               : S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/* Whether a list with spaces has the word. */
static int has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return 1;
    return 0;
}

static int read_images(amkd_known *known, const amkd_header *header)
{
    amkd_images_layout layout;
    if (amkd_images_layout_read(&layout, header))
        return -1;
    const size_t *shape = layout.pixels->shape;
    known->shape = (amkd_shape){shape[2], shape[0], shape[1]};
    known->nclasses = layout.nclasses;
    known->is_views = layout.source != NULL;
    return 0;
}

/* Of a stream that speaks of images. */
static int read_others(amkd_known *known, const amkd_header *header)
{
    size_t shape[3];
    amkd_images_refs_shape(shape, header);
    known->shape = (amkd_shape){shape[2], shape[0], shape[1]};
    if (!strcmp(header->kind, "labels"))
        return amkd_labels_check(header, &known->nclasses);
    return !strcmp(header->kind, "pairs") ? amkd_pairs_check(header) : 0;
}

int amkd_known_read(amkd_known *known, const char *path, const char *kinds)
{
    *known = (amkd_known){0};
    if (!amkd_is_there(path))
        return 0;
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, NULL, 0))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = 0;
    if (!has_word(kinds, header->kind))
        rc = amkd_fail("holds %s, expected %s", header->kind, kinds);
    else
        rc = strcmp(header->kind, "images") ? read_others(known, header)
                                            : read_images(known, header);
    snprintf(known->kind, sizeof known->kind, "%s", header->kind);
    const uint64_t nrows = amkd_header_rows(header);
    known->nrows = nrows == UINT64_MAX ? 0 : nrows;
    if (!strcmp(header->kind, "images"))
        known->nimages = known->nrows;
    else if (!amkd_images_refs_count(header))
        known->nimages = 0;
    else if (!rc)
        rc = amkd_images_refs_rows(&known->nimages, header);
    amkd_reader_close(reader);
    return rc ? amkd_fail_in("'%s'", path) : 0;
}

int amkd_known_join(amkd_known *known, const amkd_known *other, const char *name)
{
    const amkd_shape a = known->shape, b = other->shape;
    if (!a.channels)
        known->shape = b;
    else if (b.channels &&
             (a.channels != b.channels || a.height != b.height || a.width != b.width))
        return amkd_fail("'%s': %zux%zux%zu images (channels, height, width), expected "
                         "%zux%zux%zu",
                         name, b.channels, b.height, b.width, a.channels, a.height,
                         a.width);
    if (!known->nclasses)
        known->nclasses = other->nclasses;
    else if (other->nclasses && other->nclasses != known->nclasses)
        return amkd_fail("'%s': %zu classes, expected %zu", name, other->nclasses,
                         known->nclasses);
    return 0;
}

int amkd_known_load(amkd_model **model, const char *path, const amkd_known *known)
{
    amkd_published published;
    *model = NULL;
    if (amkd_published_parse(&published, path))
        return -1;
    const int there = amkd_is_there(published.file);
    amkd_published_clear(&published);
    if (!there)
        return 0;
    if (amkd_model_load(model, path))
        return -1;
    const amkd_graph *graph = &(*model)->graph;
    const amkd_shape shape = known->shape.channels ? known->shape : graph->in;
    if (!amkd_model_expect(*model, shape,
                           known->nclasses ? known->nclasses : graph->nclasses))
        return 0;
    amkd_model_free(*model);
    *model = NULL;
    return amkd_fail_in("'%s'", path);
}
