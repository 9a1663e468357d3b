/* What a network is trained on or measured by: rows of a mix and its target, from label
 * files and labeled image sets together. */
#ifndef AMKD_STEPS_LEARN_DATASET_H
#define AMKD_STEPS_LEARN_DATASET_H

#include "data/images.h"
#include "stream/rows.h"
#include "stream/stream.h"

typedef struct amkd_dataset {
    amkd_images *images; /* all sets that the files refer to, NULL while empty */
    size_t n, nclasses;
    amkd_label_key *keys; /* [n], numbered over images; NULL: row r is image r */
    float *targets;       /* [n][nclasses], probabilities; NULL with keys */
    size_t nanswers;      /* rows from labels streams: answers about what was asked */
    json_t *class_names;  /* array of strings, or NULL */
    json_t *provenance;   /* array of the files' provenances */
} amkd_dataset;

/* Adds a labels stream, or an images stream that has labels (as one-hot targets);
 * "-": stdin. override names image files in place of those a labels stream refers to.
 * Files must agree in image shape and class count. Every row is checked: indices, lambda,
 * probabilities that are finite, not negative and sum to one within 1e-3. */
int amkd_dataset_add(amkd_dataset *dataset, const char *path, const char *const *override,
                     size_t noverride, size_t nthreads);

/* The same, from a reader whose rows are all still to be read; path is what it was opened
 * with. */
int amkd_dataset_read(amkd_dataset *dataset, amkd_reader *reader, const char *path,
                      const char *const *override, size_t noverride, size_t nthreads);

/* Adds an images stream for its images alone, labeled or not, of which each is a row; a
 * set that is there already is passed over. keys, targets, nclasses and class_names stay
 * as they are. */
int amkd_dataset_add_images(amkd_dataset *dataset, const char *path, size_t nthreads);

/* Whether any row is about a mix of two images. */
int amkd_dataset_has_mixes(const amkd_dataset *dataset);

/* Mean and standard deviation of the pixels / 255 of each channel, for a network's input.
 */
int amkd_dataset_moments(const amkd_dataset *dataset, float *mean, float *std);

/* pixels [count][height][width][channels] of rows first..first+count, mixed. */
int amkd_dataset_pixels(const amkd_dataset *dataset, uint8_t *pixels, size_t first,
                        size_t count);

/* Frees what the dataset owns; a zeroed dataset is fine. */
void amkd_dataset_clear(amkd_dataset *dataset);

#endif
