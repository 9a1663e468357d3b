/* The digest of an image set, taken piece by piece. */
#ifndef AMKD_DATA_IMAGES_DIGEST_H
#define AMKD_DATA_IMAGES_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* "xxh3-128:", 32 digits and the end, and room. */
enum { AMKD_DIGEST_SIZE = 48 };

typedef struct amkd_digest amkd_digest;

/* Begins a digest as amkd_images_digest has it, of images of this shape. */
int amkd_digest_new(amkd_digest **out, size_t height, size_t width, size_t channels);

/* The next pixels. */
void amkd_digest_add(amkd_digest *digest, const uint8_t *pixels, size_t nbytes);

/* Writes "xxh3-128:<32 hex digits>" of all so far. */
void amkd_digest_print(char text[AMKD_DIGEST_SIZE], const amkd_digest *digest);

void amkd_digest_free(amkd_digest *digest); /* NULL is fine */

#endif
