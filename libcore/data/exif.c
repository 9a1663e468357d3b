/* EXIF's orientation, read from the first directory of its TIFF structure:
 *
 *     "II*\0" or "MM\0*" | u32 where the directory is | ... | u16 n | n entries
 *     an entry: u16 tag | u16 type | u32 count | value, at the front of four bytes
 *
 * II is little endian, MM big endian. */
#include "data/exif.h"
#include <stdint.h>
#include <string.h>

enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4, ENTRY_NBYTES = 12 };

static uint32_t load(const unsigned char *bytes, size_t n, int big_endian)
{
    uint32_t value = 0;
    for (size_t k = 0; k < n; k++)
        value = value << 8 | bytes[big_endian ? k : n - 1 - k];
    return value;
}

int amkd_exif_orientation(const void *bytes, size_t nbytes)
{
    const unsigned char *tiff = bytes;
    if (nbytes >= 6 && !memcmp(tiff, "Exif\0", 5)) {
        tiff += 6;
        nbytes -= 6;
    }
    if (nbytes < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 0;
    int big = *tiff == 'M';
    size_t at = load(tiff + 4, 4, big);
    if (at > nbytes || nbytes - at < 2)
        return 0;
    size_t n = load(tiff + at, 2, big);
    for (at += 2; n && nbytes - at >= ENTRY_NBYTES; n--, at += ENTRY_NBYTES) {
        const unsigned char *entry = tiff + at;
        uint32_t type = load(entry + 2, 2, big);
        if (load(entry, 2, big) != ORIENTATION || load(entry + 4, 4, big) != 1 ||
            (type != SHORT && type != LONG))
            continue;
        uint32_t value = load(entry + 8, type == SHORT ? 2 : 4, big);
        return value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}
