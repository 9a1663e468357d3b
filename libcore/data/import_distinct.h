/* The part of an import that leaves out images that repeat another: an earlier one, or
 * one of a set that the images are to be apart from. */
#ifndef AMKD_DATA_IMPORT_DISTINCT_H
#define AMKD_DATA_IMPORT_DISTINCT_H

#include "data/import.h"

/* The images of the sets to be apart from: their prints alone. */
typedef struct amkd_apart amkd_apart;

struct amkd_importing;

/* Reads the sets options->apart[napart], one after the other. */
int amkd_apart_open(amkd_apart **out, const amkd_import_options *options);

/* Fails unless all sets have the shape of images: other pixels are never the same. NULL
 * fits. */
int amkd_apart_fits(const amkd_apart *apart, const amkd_images *images);

/* NULL is fine. */
void amkd_apart_free(amkd_apart *apart);

/* Marks in in->left_out the decoded images of the chunk that repeat an image of
 * in->apart, or else an earlier one that is not left out itself, and reports them. So no
 * two that stay are near each other. */
int amkd_import_distinct(struct amkd_importing *in);

#endif
