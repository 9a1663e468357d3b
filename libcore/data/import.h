/* Makes an image set of sources of any format: what amkd-import does. */
#ifndef AMKD_DATA_IMPORT_H
#define AMKD_DATA_IMPORT_H

#include "data/decode.h"
#include "data/images.h"
#include "data/import_report.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_import_options {
    const char *const *sources; /* files and folders, taken one after the other */
    size_t nsources;
    const char *format;  /* as amkd_source_options, NULL: guessed for each source */
    const char *labels;  /* a file of labels for all sources' images in turn; NULL: as the
                            sources have them */
    int unlabeled;       /* no labels are read or kept */
    json_t *class_names; /* borrowed, or NULL: as the sources name them. With folders it
                            gives the order of the classes. */
    uint64_t limit;      /* at most so many from the front; 0: all */
    uint64_t sample; /* so many of these, drawn without replacement by seed and kept in
                        order; 0: all */
    uint64_t seed;
    size_t width, height;       /* resize to this; 0: as they are */
    int channels;               /* 1: gray, 3: RGB, 0: as they are */
    const char *layout;         /* as amkd_source_options */
    amkd_decode_options decode; /* how picture files are read */
    double skip_bad; /* picture files that cannot be read are left out as long as they are
                        no more than this share of all; 0: the first is an error */
    int distinct;    /* images that repeat an earlier one are left out */
    unsigned near;   /* those within so many bits of its hash, too (data/distinct.h) */
    const char *const *apart; /* with distinct: images streams; what repeats an image of
                                 these is left out, too */
    size_t napart;
    size_t nthreads;
    int quiet;                  /* no progress on stderr */
    amkd_import_report *report; /* initialised; NULL: nobody wants to know */
} amkd_import_options;

/* Where the images of an import go. */
typedef struct amkd_import_sink {
    void *context;
    /* Called once, before the images come: set has their shape and classes, nimages is
     * how many there will be, 0 where that shows only at the end. */
    int (*open)(void *context, const amkd_images *set, uint64_t nimages);
    /* The next images, borrowed. */
    int (*take)(void *context, const amkd_images *set);
} amkd_import_sink;

/* As amkd_import, the images handed on as they come: all at once, or where that would
 * take more than amkd_room's bytes, some at a time. A failure may come when some were
 * handed on. */
int amkd_import_into(const amkd_import_sink *sink, const amkd_import_options *options);

/* Reads, converts and collects. The same images come out for any number of threads.
 * Labels stay with their images. Images whose shapes differ at the end are an error that
 * names two of them. The report is filled on failure, too. */
int amkd_import(amkd_images **out, const amkd_import_options *options);

#endif
