/* A window onto an image set on a device: of a set that is too large to lie there whole,
 * the images that the next work needs. */
#ifndef AMKD_OPS_WINDOW_H
#define AMKD_OPS_WINDOW_H

#include "data/images.h"
#include "device/device.h"

typedef struct amkd_window amkd_window;

/* Whether images lie on the device whole: in memory, and within what a buffer of the
 * device may have. The others need a window. */
int amkd_window_needed(const amkd_device *device, const amkd_images *images);

/* The images of so many bytes each that a window has at a time: as many as AMKD_MEMORY
 * and a buffer of the device give room for, least at the least, no more than the set's.
 */
uint64_t amkd_window_choose_room(const amkd_device *device, uint64_t nimages,
                                 size_t image_nbytes, uint64_t least);

/* A window for nimages images at a time, which are borrowed. */
int amkd_window_new(amkd_window **out, amkd_device *device, const amkd_images *images,
                    size_t nimages);

/* How many images it is for. */
size_t amkd_window_room(const amkd_window *window);

/* Brings images into the window, in place of those that are there: numbers[0..n) are
 * images of the set, of which no more than the room differ, and become their places in
 * the window. *nplaces says how many of these there are. Returns once the upload is
 * enqueued, behind all work before; reading the images goes on beside that work, but for
 * what the last call but one enqueued. */
int amkd_window_fill(amkd_window *window, uint32_t *numbers, size_t n, size_t *nplaces);

/* uint8 [room][height][width][channels]; the window's. */
cl_mem amkd_window_pixels(const amkd_window *window);

void amkd_window_free(amkd_window *window); /* NULL is fine */

#endif
