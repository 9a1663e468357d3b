/* Files of images made by number, the same in every run. */
#include "pictures.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/npy.h"
#include "data/png.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { GRAY_SIDE = 28, CIFAR_SIDE = 32, PNG_SIDE = 32, JPEG_SIDE = 256, QUALITY = 90 };
enum { SEED = 1 };

/* A slope that differs from picture to picture, and three bits of noise. */
static void paint(uint8_t *pixels, size_t width, size_t nbytes, size_t number)
{
    for (size_t b = 0; b < nbytes; b++) {
        const uint64_t noise = amkd_random_u64(SEED, number, b / 16) >> (b % 16 * 4) & 7;
        pixels[b] = (uint8_t)((b % width + (number % 7 + 1) * (b / width)) / 4 + noise);
    }
}

/* The header, and behind it n images of nbytes, each with nlabel bytes before it. */
static int save(const char *path, const void *header, size_t nheader, size_t n,
                size_t nlabel, size_t nbytes)
{
    amkd_output *output;
    uint8_t *image = amkd_alloc(nlabel + nbytes, 1);
    if (!image || amkd_output_open(&output, path)) {
        free(image);
        return -1;
    }
    int rc = amkd_output_write(output, header, nheader);
    for (size_t i = 0; !rc && i < n; i++) {
        paint(image + nlabel, GRAY_SIDE, nbytes, i);
        rc = amkd_output_write(output, image, nlabel + nbytes);
    }
    free(image);
    if (!rc)
        return amkd_output_commit(output);
    amkd_output_discard(output);
    return -1;
}

int pictures_idx(const char *path, size_t n)
{
    const uint8_t header[16] = {0,
                                0,
                                8,
                                3,
                                (uint8_t)(n >> 24),
                                (uint8_t)(n >> 16),
                                (uint8_t)(n >> 8),
                                (uint8_t)n,
                                [11] = GRAY_SIDE,
                                [15] = GRAY_SIDE};
    return save(path, header, sizeof header, n, 0, GRAY_SIDE * GRAY_SIDE);
}

int pictures_npy(const char *path, size_t n)
{
    const size_t shape[] = {n, GRAY_SIDE, GRAY_SIDE};
    char *header;
    size_t nheader;
    if (amkd_npy_print(&header, &nheader, "|u1", shape, 3))
        return -1;
    const int rc = save(path, header, nheader, n, 0, GRAY_SIDE * GRAY_SIDE);
    free(header);
    return rc;
}

int pictures_cifar(const char *path, size_t n)
{
    return save(path, NULL, 0, n, 1, 3 * CIFAR_SIDE * CIFAR_SIDE);
}

int pictures_png(const char *path, size_t number)
{
    amkd_picture picture;
    if (amkd_picture_new(&picture, PNG_SIDE, PNG_SIDE, 3))
        return -1;
    paint(picture.pixels, 3 * PNG_SIDE, 3 * PNG_SIDE * PNG_SIDE, number);
    const int rc = amkd_png_write(path, &picture);
    amkd_picture_clear(&picture);
    return rc;
}

/* libjpeg ends the process where it fails, which it does for want of memory alone. */
static void encode(unsigned char **bytes, unsigned long *nbytes, uint8_t *pixels)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, bytes, nbytes);
    jpeg.image_width = jpeg.image_height = JPEG_SIDE;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, QUALITY, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < JPEG_SIDE) {
        JSAMPROW row = pixels + 3 * JPEG_SIDE * jpeg.next_scanline;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

int pictures_jpeg(const char *path, size_t number)
{
    unsigned char *bytes = NULL;
    unsigned long nbytes = 0;
    uint8_t *pixels = amkd_alloc(3 * JPEG_SIDE, JPEG_SIDE);
    if (!pixels)
        return -1;
    paint(pixels, 3 * JPEG_SIDE, 3 * JPEG_SIDE * JPEG_SIDE, number);
    encode(&bytes, &nbytes, pixels);
    const int rc = amkd_file_write(path, bytes, nbytes);
    free(bytes);
    free(pixels);
    return rc;
}
