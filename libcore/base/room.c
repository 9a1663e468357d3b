/* AMKD_MEMORY and what follows from it. */
#include "base/room.h"
#include "base/error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t DEFAULT_NBYTES = (uint64_t)1 << 30;

/* A chunk and a window are these parts of the whole: with the copies that a device makes
 * of them, a tool stays well below twice the room. */
enum { CHUNKS = 16, WINDOWS = 8 };

/* The power of 1024 that a suffix stands for, -1 for another. */
static int shift_of(const char *suffix)
{
    static const char letters[] = "KMG";
    if (!*suffix)
        return 0;
    for (int s = 0; letters[s]; s++)
        if ((*suffix == letters[s] || *suffix == letters[s] + 'a' - 'A') && !suffix[1])
            return 10 * (s + 1);
    return -1;
}

int amkd_room_parse(uint64_t *nbytes, const char *text, const char *what)
{
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    const int shift = shift_of(end);
    if (*text < '0' || *text > '9' || errno || !number || shift < 0 ||
        number > UINT64_MAX >> shift)
        return amkd_fail("%s is '%s', expected a size such as 512M or 4G", what, text);
    *nbytes = (uint64_t)number << shift;
    return 0;
}

void amkd_size_print(char *text, size_t nbytes, uint64_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    double value = (double)size;
    size_t unit = 0;
    for (; value >= 1024 && unit < 3; unit++)
        value /= 1024;
    snprintf(text, nbytes, unit ? "%.2f %s" : "%.0f %s", value, units[unit]);
}

int amkd_room(uint64_t *nbytes)
{
    const char *text = getenv("AMKD_MEMORY");
    *nbytes = DEFAULT_NBYTES;
    return text && *text ? amkd_room_parse(nbytes, text, "AMKD_MEMORY") : 0;
}

static size_t part(size_t item_nbytes, unsigned parts)
{
    uint64_t nbytes;
    (void)amkd_room(&nbytes);
    const uint64_t n = nbytes / parts / (item_nbytes ? item_nbytes : 1);
    return n ? (size_t)n : 1;
}

size_t amkd_room_chunk(size_t item_nbytes)
{
    return part(item_nbytes, CHUNKS);
}

size_t amkd_room_window(size_t item_nbytes)
{
    return part(item_nbytes, WINDOWS);
}
