/* Where pictures come from: one import_*.c a format opens a source, import.c makes an
 * image set of the sources without knowing the formats. */
#ifndef AMKD_DATA_SOURCE_H
#define AMKD_DATA_SOURCE_H

#include "data/picture.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { AMKD_MAX_CLASSES = 1 << 16 };

/* No file is read beyond this, compressed or not. */
#define AMKD_SOURCE_MAX_NBYTES ((size_t)8 << 30)

typedef struct amkd_source amkd_source;

struct amkd_source {
    char *path;          /* as given */
    size_t n;            /* pictures */
    int32_t *labels;     /* [n], at least 0, or NULL */
    size_t nclasses;     /* 0: as many as the labels show */
    json_t *class_names; /* array of strings, or NULL */

    /* Decodes picture number index; may be called from several threads. */
    int (*read)(amkd_picture *picture, const amkd_source *source, size_t index);

    /* Files of arrays: their contents and where in them the pictures lie. */
    char *bytes;
    const uint8_t *data;
    size_t height, width, channels;

    /* Folders: the files' paths. */
    char **files;
};

/* What a source is opened with. */
typedef struct amkd_source_options {
    const char *format;  /* "idx", "cifar10", "cifar100", "folder", "npy"; NULL: guessed
                            from what the source holds */
    int labeled;         /* labels are wanted */
    json_t *class_names; /* folders: the subfolders in the order of their numbers; NULL:
                            sorted by name */
} amkd_source_options;

/* Opens path ("-" is stdin, but not for pictures and folders). */
int amkd_source_open(amkd_source *source, const char *path,
                     const amkd_source_options *options);

/* A new string that names a picture: "'digits.idx': image 5", "'cats/a.png'". */
char *amkd_source_name(const amkd_source *source, size_t index);

/* Frees what the source owns. A zeroed source is fine. */
void amkd_source_clear(amkd_source *source);

/* The formats. Each is called with source->path set, and all but the folder's with
 * source->bytes and the number of bytes. */
int amkd_source_idx(amkd_source *source, size_t nbytes,
                    const amkd_source_options *options);
int amkd_source_npy(amkd_source *source, size_t nbytes);
int amkd_source_cifar(amkd_source *source, size_t nbytes, size_t nclasses,
                      const amkd_source_options *options);
int amkd_source_folder(amkd_source *source, const amkd_source_options *options);

/* Copies picture number index of a source of arrays: [n][height][width][channels] at
 * source->data. */
int amkd_source_read_array(amkd_picture *picture, const amkd_source *source,
                           size_t index);

/* Finds the array of an IDX file of unsigned bytes with ndim dimensions in its bytes;
 * sizes must be just what its header says. */
int amkd_idx_open(const uint8_t **data, size_t *shape, size_t ndim, const void *bytes,
                  size_t nbytes);

/* Reads a file of labels, IDX or NPY, into a new block; .gz as well. */
int amkd_labels_read(int32_t **labels, size_t *n, const char *path);

#endif
