/* The perceptual hash: luma in 64 x 64 cells, their low frequencies, a bit for each. */
#include "data/phash.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64, NFREQUENCIES = 16 };

/* An amplitude of a gray level is this much in a coefficient: 8 bits behind the point of
 * the luma, 14 in each of two cosines, and a cosine's square sums to SIDE / 2 along a
 * side. */
#define GRAY_LEVEL ((int64_t)1 << (8 + 2 * 14) << 10)

/* 2^14 cos(pi m / 128), rounded. */
static const int16_t quarter[SIDE + 1] = {
    16384, 16379, 16364, 16340, 16305, 16261, 16207, 16143, 16069, 15986, 15893,
    15791, 15679, 15557, 15426, 15286, 15137, 14978, 14811, 14635, 14449, 14256,
    14053, 13842, 13623, 13395, 13160, 12916, 12665, 12406, 12140, 11866, 11585,
    11297, 11003, 10702, 10394, 10080, 9760,  9434,  9102,  8765,  8423,  8076,
    7723,  7366,  7005,  6639,  6270,  5897,  5520,  5139,  4756,  4370,  3981,
    3590,  3196,  2801,  2404,  2006,  1606,  1205,  804,   402,   0,
};

/* 2^14 cos(pi m / 128) for any m. By its symmetries the cosines of a frequency sum to
 * just zero, so that a picture of one colour has no frequencies at all. */
static int32_t cosine(size_t m)
{
    m %= 4 * SIDE;
    if (m > 2 * SIDE)
        m = 4 * SIDE - m;
    return m > SIDE ? -quarter[2 * SIDE - m] : quarter[m];
}

/* 2^16 times the luma of ITU-R 601. */
static uint64_t luma(const uint8_t *pixel, size_t channels)
{
    if (channels == 3)
        return 19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2];
    uint64_t sum = 0;
    for (size_t c = 0; c < channels; c++)
        sum += pixel[c];
    return sum * 65536 / channels;
}

/* Adds value to the cells that item i of n covers, by how much of each: a cell is n and
 * an item SIDE units long. */
static void spread(uint64_t *cells, size_t stride, size_t i, size_t n,
                   const uint64_t *values, size_t nvalues)
{
    size_t begin = i * SIDE, end = begin + SIDE;
    for (size_t cell = begin / n; begin < end; cell++) {
        size_t stop = (cell + 1) * n < end ? (cell + 1) * n : end;
        for (size_t v = 0; v < nvalues; v++)
            cells[cell * stride + v] += values[v] * (stop - begin);
        begin = stop;
    }
}

/* 2^8 times the mean luma of each cell. */
static void reduce(int32_t *cells, const uint8_t *pixels, size_t height, size_t width,
                   size_t channels)
{
    uint64_t sums[SIDE * SIDE] = {0}, area = (uint64_t)height * width;
    for (size_t y = 0; y < height; y++) {
        uint64_t row[SIDE] = {0};
        for (size_t x = 0; x < width; x++, pixels += channels) {
            uint64_t value = luma(pixels, channels);
            spread(row, 1, x, width, &value, 1);
        }
        spread(sums, SIDE, y, height, row, SIDE);
    }
    for (size_t i = 0; i < SIDE * SIDE; i++)
        cells[i] = (int32_t)((sums[i] + (area << 7)) / (area << 8));
}

/* coefficients[j][k] = sum over y, x of cells[y][x] cos(j, y) cos(k, x), where cos(k, x)
 * is cos(pi (2x + 1) (k + 1) / 128): the frequencies 1 to 16. */
static void transform(int64_t *coefficients, const int32_t *cells)
{
    int64_t rows[SIDE][NFREQUENCIES] = {{0}};
    int32_t table[SIDE][NFREQUENCIES];
    for (size_t x = 0; x < SIDE; x++)
        for (size_t k = 0; k < NFREQUENCIES; k++)
            table[x][k] = cosine((2 * x + 1) * (k + 1));
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++)
            for (size_t k = 0; k < NFREQUENCIES; k++)
                rows[y][k] += (int64_t)cells[y * SIDE + x] * table[x][k];
    memset(coefficients, 0, NFREQUENCIES * NFREQUENCIES * sizeof *coefficients);
    for (size_t y = 0; y < SIDE; y++)
        for (size_t j = 0; j < NFREQUENCIES; j++)
            for (size_t k = 0; k < NFREQUENCIES; k++)
                coefficients[j * NFREQUENCIES + k] += rows[y][k] * table[y][j];
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int amkd_phash_make(amkd_phash *hash, const uint8_t *pixels, size_t height, size_t width,
                    size_t channels)
{
    int32_t cells[SIDE * SIDE];
    int64_t coefficients[AMKD_PHASH_NBITS], sorted[AMKD_PHASH_NBITS];
    size_t nheard = 0;
    reduce(cells, pixels, height, width, channels);
    transform(coefficients, cells);
    for (size_t i = 0; i < AMKD_PHASH_NBITS; i++)
        nheard += llabs(coefficients[i]) >= GRAY_LEVEL / 8;
    *hash = (amkd_phash){{0}};
    if (nheard < AMKD_PHASH_NBITS / 2)
        return -1;
    memcpy(sorted, coefficients, sizeof sorted);
    qsort(sorted, AMKD_PHASH_NBITS, sizeof *sorted, compare);
    int64_t median = sorted[AMKD_PHASH_NBITS / 2 - 1];
    for (size_t c = 0; c < AMKD_PHASH_NCHUNKS; c++)
        for (size_t j = 0; j < NFREQUENCIES; j++)
            if (coefficients[j * NFREQUENCIES + (j + c) % NFREQUENCIES] > median)
                hash->chunk[c] |= (uint16_t)(1u << j);
    return 0;
}

unsigned amkd_phash_distance(const amkd_phash *a, const amkd_phash *b)
{
    uint64_t x[AMKD_PHASH_NBITS / 64], y[AMKD_PHASH_NBITS / 64];
    unsigned n = 0;
    memcpy(x, a->chunk, sizeof x);
    memcpy(y, b->chunk, sizeof y);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        n += (unsigned)__builtin_popcountll(x[i] ^ y[i]);
    return n;
}
