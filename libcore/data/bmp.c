/* BMP, all numbers little endian:
 *
 *     "BM" | u32 size | u32 0 | u32 where the pixels are |
 *     u32 header size | i32 width | i32 height | u16 planes | u16 bits |
 *     u32 compression | u32 | i32 | i32 | u32 colours | u32 |
 *     masks | palette | pixels
 *
 * The oldest header, of 12 bytes, has u16 width and height and ends behind bits; its
 * palette has three bytes a colour, others four. Lines go from the bottom up, from the
 * top down where the height is negative, and each ends at a multiple of four bytes. */
#include "data/bmp.h"
#include "base/error.h"
#include <string.h>

enum { FILE_NBYTES = 14, OLD_NBYTES = 12, INFO_NBYTES = 40, MASKS_NBYTES = 12 };
enum { NOT_COMPRESSED = 0, MASKED = 3, MASKED_WITH_ALPHA = 6 };
enum { NO_BYTE = -1 };

typedef struct bmp {
    const unsigned char *bytes;
    size_t nbytes;
    size_t header, at; /* where the pixels begin */
    size_t height, width, stride;
    int top_down;
    unsigned bits, compression;
    size_t ncolours, colour_nbytes;
    const unsigned char *palette;
    int offsets[4]; /* of red, green, blue and alpha in a pixel; NO_BYTE: not there */
} bmp;

static uint32_t load(const bmp *b, size_t at, size_t n)
{
    uint32_t value = 0;
    while (n--)
        value = value << 8 | b->bytes[at + n];
    return value;
}

static int fail_cut(void)
{
    return amkd_fail("BMP: the file is cut short");
}

static int read_header(bmp *b)
{
    if (b->nbytes < FILE_NBYTES + OLD_NBYTES)
        return fail_cut();
    b->at = load(b, 10, 4);
    b->header = load(b, 14, 4);
    if (b->header != OLD_NBYTES && b->header < INFO_NBYTES)
        return amkd_fail("BMP: a header of %zu bytes", b->header);
    if (b->header > b->nbytes - FILE_NBYTES)
        return fail_cut();
    if (b->at < FILE_NBYTES + b->header)
        return amkd_fail("BMP: the pixels begin in the header");
    if (b->header == OLD_NBYTES) {
        b->width = load(b, 18, 2);
        b->height = load(b, 20, 2);
        b->bits = load(b, 24, 2);
        return 0;
    }
    const int64_t height = (int32_t)load(b, 22, 4), width = (int32_t)load(b, 18, 4);
    if (width < 0)
        return amkd_fail("BMP: a width below 0");
    b->width = (size_t)width;
    b->top_down = height < 0;
    b->height = (size_t)(height < 0 ? -height : height);
    b->bits = load(b, 28, 2);
    b->compression = load(b, 30, 4);
    b->ncolours = load(b, 46, 4);
    return 0;
}

/* Which byte of a pixel a mask takes, all of it. */
static int find_byte(int *offset, uint32_t mask)
{
    for (int k = 0; k < 4; k++) {
        if (mask == (uint32_t)0xff << 8 * k) {
            *offset = k;
            return 0;
        }
    }
    return amkd_fail("BMP: a colour of other than 8 bits");
}

/* Masks stand behind the first 40 bytes of the header, be they its own or behind it. */
static int read_masks(bmp *b)
{
    const size_t at = FILE_NBYTES + INFO_NBYTES;
    const int has_alpha = b->header >= INFO_NBYTES + MASKS_NBYTES + 4 ||
                          b->compression == MASKED_WITH_ALPHA;
    if (b->nbytes - at < MASKS_NBYTES + (has_alpha ? 4 : 0))
        return fail_cut();
    for (size_t c = 0; c < 3; c++)
        if (find_byte(&b->offsets[c], load(b, at + 4 * c, 4)))
            return -1;
    const uint32_t alpha = has_alpha ? load(b, at + MASKS_NBYTES, 4) : 0;
    return alpha ? find_byte(&b->offsets[3], alpha) : 0;
}

static int read_palette(bmp *b)
{
    const size_t most = (size_t)1 << b->bits, begin = FILE_NBYTES + b->header;
    b->colour_nbytes = b->header == OLD_NBYTES ? 3 : 4;
    if (!b->ncolours)
        b->ncolours = most;
    if (b->ncolours > most)
        return amkd_fail("BMP: %zu colours of %u bits", b->ncolours, b->bits);
    if ((b->nbytes - begin) / b->colour_nbytes < b->ncolours)
        return fail_cut();
    b->palette = b->bytes + begin;
    return 0;
}

static int read_colours(bmp *b)
{
    static const int plain[] = {2, 1, 0, NO_BYTE};
    const int masked = b->compression == MASKED || b->compression == MASKED_WITH_ALPHA;
    memcpy(b->offsets, plain, sizeof plain);
    if (b->compression != NOT_COMPRESSED && !(masked && b->bits == 32))
        return amkd_fail("BMP: compression %u of %u bits; what is not compressed is read",
                         b->compression, b->bits);
    if (b->bits == 1 || b->bits == 4 || b->bits == 8)
        return read_palette(b);
    if (b->bits != 24 && b->bits != 32)
        return amkd_fail("BMP: %u bits a pixel; 1, 4, 8, 24 and 32 are read", b->bits);
    return masked ? read_masks(b) : 0;
}

static int is_gray(const bmp *b)
{
    for (size_t k = 0; b->palette && k < b->ncolours; k++) {
        const unsigned char *colour = b->palette + k * b->colour_nbytes;
        if (colour[0] != colour[1] || colour[1] != colour[2])
            return 0;
    }
    return b->palette != NULL;
}

static int copy_numbers(const bmp *b, uint8_t *to, const unsigned char *line, size_t n)
{
    const unsigned mask = (1u << b->bits) - 1, per_byte = 8 / b->bits;
    for (size_t x = 0; x < b->width; x++, to += n) {
        const unsigned shift = 8 - b->bits - b->bits * (unsigned)(x % per_byte);
        const unsigned number = line[x / per_byte] >> shift & mask;
        if (number >= b->ncolours)
            return amkd_fail("BMP: colour %u of a palette of %zu", number, b->ncolours);
        const unsigned char *colour = b->palette + number * b->colour_nbytes;
        for (size_t c = 0; c < n; c++)
            to[c] = colour[2 - c];
    }
    return 0;
}

static void copy_colours(const bmp *b, uint8_t *to, const unsigned char *line, size_t n)
{
    for (size_t x = 0; x < b->width; x++, to += n, line += b->bits / 8)
        for (size_t c = 0; c < n; c++)
            to[c] = line[b->offsets[c]];
}

static int copy_lines(const bmp *b, amkd_picture *picture)
{
    for (size_t y = 0; y < b->height; y++) {
        const size_t from = b->top_down ? y : b->height - 1 - y;
        const unsigned char *line = b->bytes + b->at + from * b->stride;
        uint8_t *to = picture->pixels + y * b->width * picture->channels;
        if (!b->palette)
            copy_colours(b, to, line, picture->channels);
        else if (copy_numbers(b, to, line, picture->channels))
            return -1;
    }
    return 0;
}

int amkd_bmp_is(const void *bytes, size_t nbytes)
{
    enum { LARGEST_NBYTES = 1024 };
    const bmp b = {.bytes = bytes, .nbytes = nbytes};
    if (nbytes < FILE_NBYTES + 4 || memcmp(bytes, "BM", 2) != 0)
        return 0;
    const uint32_t header = load(&b, FILE_NBYTES, 4);
    return header == OLD_NBYTES || (header >= INFO_NBYTES && header <= LARGEST_NBYTES);
}

int amkd_bmp_decode(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    bmp b = {.bytes = bytes, .nbytes = nbytes};
    *picture = (amkd_picture){0};
    if (read_header(&b) || read_colours(&b))
        return -1;
    const size_t nchannels = is_gray(&b) ? 1 : b.offsets[3] != NO_BYTE ? 4 : 3;
    if (amkd_picture_new(picture, b.height, b.width, nchannels))
        return -1;
    b.stride = (b.width * b.bits + 31) / 32 * 4;
    if (b.at > nbytes || (nbytes - b.at) / b.stride < b.height
            ? fail_cut()
            : copy_lines(&b, picture)) {
        amkd_picture_clear(picture);
        return -1;
    }
    return 0;
}
