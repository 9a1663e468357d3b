/* The second half of an import: the images that were chosen, decoded on all processors.
 */
#ifndef AMKD_DATA_IMPORT_DECODE_H
#define AMKD_DATA_IMPORT_DECODE_H

#include "base/progress.h"
#include "data/distinct.h"
#include "data/import.h"
#include "data/import_distinct.h"
#include "data/source.h"

typedef struct amkd_import_item {
    size_t source, index;
} amkd_import_item;

/* An import under way. */
typedef struct amkd_importing {
    const amkd_import_options *options;
    amkd_import_report *report;
    amkd_source *sources;
    size_t n;        /* images of all sources */
    int32_t *labels; /* [n], or NULL */
    size_t nclasses;
    json_t *class_names; /* or NULL */
    size_t nitems;       /* images chosen */
    amkd_import_item *items;
    uint64_t *numbers;            /* [nitems] of the chosen, over all sources in turn */
    const amkd_import_sink *sink; /* NULL: all stay in images */
    amkd_images *images;          /* of the items begin..end, with room for nchunk */
    size_t begin, end, nchunk;
    size_t first;         /* the item that gave the shape: the first that could be read */
    amkd_picture picture; /* it, until it is in images */
    uint8_t *left_out;    /* [nitems] could not be read, or repeat another image */
    size_t nkept;         /* of all items so far those that are not left out */
    amkd_apart *apart;    /* the images that none may repeat, or NULL */
    amkd_distinct *distinct; /* those kept, where none may repeat another; or NULL */
    amkd_progress *progress;
} amkd_importing;

/* Makes in->images of the items, or hands them to in->sink chunk by chunk; what is
 * allocated is freed with in. */
int amkd_import_decode(amkd_importing *in);

/* A new string that names an item. */
char *amkd_import_name(const amkd_importing *in, size_t i);

#endif
