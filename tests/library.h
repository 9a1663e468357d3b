/* What the tests of libamkd share: they link the shared library, and beside it the
 * libcore of their own, which makes the files that the library reads and looks at those
 * that it writes. The one in the library knows nothing of it. */
#ifndef AMKD_TESTS_LIBRARY_H
#define AMKD_TESTS_LIBRARY_H

#include "data/images_header.h"
#include "data/images_writer.h"
#include "public/amkd.h"
#include "scratch.h"

enum { HEIGHT = 3, WIDTH = 4, CHANNELS = 2, SIZE = HEIGHT * WIDTH * CHANNELS };
enum { NIMAGES = 3001, NCLASSES = 3 }; /* more than are read at a time */

static const char *const names[NCLASSES] = {"cat", "dog", "caf\xc3\xa9"};

static inline json_t *name_array(void)
{
    return json_pack("[s, s, s]", names[0], names[1], names[2]);
}

/* Image r's label is r % NCLASSES, where it has one. */
static inline void put_images(const char *path, int labeled)
{
    amkd_images *images;
    amkd_header header;
    json_t *array = name_array();
    const size_t nclasses = labeled ? NCLASSES : 0;
    ck_assert_int_eq(amkd_images_new(&images, NIMAGES, HEIGHT, WIDTH, CHANNELS, nclasses),
                     0);
    for (size_t b = 0; b < (size_t)NIMAGES * SIZE; b++)
        images->pixels[b] = (uint8_t)(b * b * 31 >> 3);
    for (int32_t r = 0; labeled && r < NIMAGES; r++)
        images->labels[r] = r % NCLASSES;
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, CHANNELS, nclasses,
                                        labeled ? array : NULL),
                     0);
    ck_assert_int_eq(amkd_images_save(images, path, &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(images);
    json_decref(array);
}

static inline uint8_t *the_pixels(void)
{
    uint8_t *pixels = malloc((size_t)NIMAGES * SIZE);
    for (size_t b = 0; b < (size_t)NIMAGES * SIZE; b++)
        pixels[b] = (uint8_t)(b * b * 31 >> 3);
    return pixels;
}

static inline void expect_error(const char *text)
{
    ck_assert_msg(strstr(amkd_last_error(), text), "no '%s' in '%s'", text,
                  amkd_last_error());
}

#endif
