/* How much of image sets a tool keeps in memory: the user's to say, by the environment
 * variable AMKD_MEMORY, since machines differ and results do not. */
#ifndef AMKD_BASE_ROOM_H
#define AMKD_BASE_ROOM_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that an unpacked image set may have to be kept in memory whole: what
 * AMKD_MEMORY says, a number with K, M or G behind it for 1024, 1024^2 or 1024^3, else
 * 1 GiB. Fails where it says something else. */
int amkd_room(uint64_t *nbytes);

/* Reads a size written so. Fails on another text: what stands before the error's text. */
int amkd_room_parse(uint64_t *nbytes, const char *text, const char *what);

/* "1.50 GiB" */
enum { AMKD_SIZE_NBYTES = 32 };
void amkd_size_print(char *text, size_t nbytes, uint64_t size);

/* Parts of the room, in items of item_nbytes each, 1 or more: how many images lie
 * unpacked on their way through a step, and how many a device's window holds of a set
 * that is not kept in memory. Where AMKD_MEMORY is wrong, which amkd_room tells, of 1
 * GiB. */
size_t amkd_room_chunk(size_t item_nbytes);
size_t amkd_room_window(size_t item_nbytes);

#endif
