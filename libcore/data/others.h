/* Other images: the rows of a set that show another image than a given row does. */
#ifndef AMKD_DATA_OTHERS_H
#define AMKD_DATA_OTHERS_H

#include "data/images.h"

typedef struct amkd_others amkd_others;

/* Keeps images, which must outlive it. Fails when all rows show one and the same image
 * (amkd_images_source). */
int amkd_others_new(amkd_others **out, const amkd_images *images);

/* The row at place, in [0, 1), among those of another source than row's: drawn evenly
 * where place is. */
uint32_t amkd_others_row(const amkd_others *others, uint64_t row, double place);

void amkd_others_free(amkd_others *others); /* NULL is fine */

#endif
