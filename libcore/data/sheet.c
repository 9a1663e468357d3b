/* Contact sheets, with whole-number enlargement so that every pixel stays to be seen. */
#include "data/sheet.h"
#include "base/error.h"
#include <math.h>
#include <string.h>

enum { GAP = 2, GAP_GRAY = 112, COMMON_WIDTH = 64 };

/* Draws one image with its upper left corner at (left, top). */
static void draw(amkd_picture *sheet, const uint8_t *image, size_t height, size_t width,
                 size_t scale, size_t left, size_t top)
{
    size_t channels = sheet->channels;
    for (size_t y = 0; y < height * scale; y++) {
        uint8_t *line = sheet->pixels + ((top + y) * sheet->width + left) * channels;
        const uint8_t *from = image + y / scale * width * channels;
        for (size_t x = 0; x < width * scale; x++)
            memcpy(line + x * channels, from + x / scale * channels, channels);
    }
}

int amkd_sheet_new(amkd_picture *sheet, const uint8_t *pixels, size_t n, size_t height,
                   size_t width, size_t channels, size_t columns, size_t scale)
{
    if (!n)
        return amkd_fail("no images to draw");
    if (channels != 1 && channels != 3)
        return amkd_fail("images of %zu channels cannot be drawn, only of 1 or 3",
                         channels);
    if (!scale)
        scale = width < COMMON_WIDTH ? COMMON_WIDTH / width : 1;
    if (!columns)
        columns = (size_t)ceil(sqrt((double)n));
    if (columns > n)
        columns = n;
    size_t rows = (n + columns - 1) / columns;
    if (scale > AMKD_PICTURE_MAX_SIDE || height > AMKD_PICTURE_MAX_SIDE ||
        width > AMKD_PICTURE_MAX_SIDE)
        return amkd_fail("images of %zux%zu, %zu times enlarged, are too large to draw",
                         width, height, scale);
    if (amkd_picture_new(sheet, rows * (height * scale + GAP) + GAP,
                         columns * (width * scale + GAP) + GAP, channels))
        return amkd_fail_in("contact sheet of %zu images", n);
    memset(sheet->pixels, GAP_GRAY, sheet->height * sheet->width * channels);
    for (size_t i = 0; i < n; i++)
        draw(sheet, pixels + i * height * width * channels, height, width, scale,
             i % columns * (width * scale + GAP) + GAP,
             i / columns * (height * scale + GAP) + GAP);
    return 0;
}
