/* Two stages on the host, filled in turn, and one buffer on the device: while a queue
 * works on what one stage brought, the other is filled. */
#include "ops/window.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "data/images_rows.h"
#include <stdlib.h>
#include <string.h>

enum { STAGES = 2 };

typedef struct stage {
    uint8_t *pixels;   /* [room] images */
    cl_event uploaded; /* NULL while the stage is free */
} stage;

struct amkd_window {
    amkd_device *device;
    const amkd_images *images;
    size_t room, next; /* next: the stage to fill */
    stage stages[STAGES];
    uint32_t *rows; /* [room], in ascending order */
    cl_mem pixels;
};

int amkd_window_needed(const amkd_device *device, const amkd_images *images)
{
    return !images->pixels ||
           images->n > device->max_buffer_nbytes / amkd_images_npixels(images);
}

uint64_t amkd_window_choose_room(const amkd_device *device, uint64_t nimages,
                                 size_t image_nbytes, uint64_t least)
{
    const uint64_t most = device->max_buffer_nbytes / image_nbytes;
    uint64_t room = amkd_room_window(image_nbytes);
    if (room > most)
        room = most;
    if (room < least)
        room = least;
    return room < nimages ? room : nimages;
}

int amkd_window_new(amkd_window **out, amkd_device *device, const amkd_images *images,
                    size_t nimages)
{
    const size_t npixels = amkd_images_npixels(images);
    amkd_window *window = amkd_alloc(1, sizeof *window);
    if (!window)
        return -1;
    window->device = device;
    window->images = images;
    window->room = nimages;
    window->rows = amkd_alloc(nimages, sizeof *window->rows);
    int rc = window->rows ? amkd_buffer_new(&window->pixels, device, CL_MEM_READ_ONLY,
                                            nimages * npixels, NULL)
                          : -1;
    for (size_t s = 0; !rc && s < STAGES; s++) {
        window->stages[s].pixels = amkd_alloc(nimages, npixels);
        rc = window->stages[s].pixels ? 0 : -1;
    }
    if (rc) {
        amkd_window_free(window);
        return -1;
    }
    *out = window;
    return 0;
}

size_t amkd_window_room(const amkd_window *window)
{
    return window->room;
}

cl_mem amkd_window_pixels(const amkd_window *window)
{
    return window->pixels;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

/* Sorts out which images there are, and has numbers tell places among them. */
static int place(amkd_window *window, uint32_t *numbers, size_t n, size_t *nplaces)
{
    uint32_t *sorted = amkd_alloc(n, sizeof *sorted);
    if (!sorted)
        return -1;
    memcpy(sorted, numbers, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_number);
    size_t ndistinct = 0;
    for (size_t r = 0; r < n; r++)
        if (!r || sorted[r] != sorted[ndistinct - 1])
            sorted[ndistinct++] = sorted[r];
    int rc = 0;
    if (ndistinct > window->room)
        rc = amkd_fail("%zu images do not go into a window for %zu", ndistinct,
                       window->room);
    for (size_t r = 0; !rc && r < n; r++) {
        const uint32_t *found =
            bsearch(&numbers[r], sorted, ndistinct, sizeof *sorted, by_number);
        numbers[r] = (uint32_t)(found - sorted);
    }
    if (!rc)
        memcpy(window->rows, sorted, ndistinct * sizeof *sorted);
    *nplaces = ndistinct;
    free(sorted);
    return rc;
}

int amkd_window_fill(amkd_window *window, uint32_t *numbers, size_t n, size_t *nplaces)
{
    stage *s = &window->stages[window->next];
    if (place(window, numbers, n, nplaces) ||
        (s->uploaded && amkd_event_wait(window->device, &s->uploaded)) ||
        amkd_images_gather(s->pixels, window->images, window->rows, *nplaces))
        return -1;
    const size_t nbytes = *nplaces * amkd_images_npixels(window->images);
    const cl_command_queue queue = window->device->queue;
    cl_int status = clEnqueueWriteBuffer(queue, window->pixels, CL_FALSE, 0, nbytes,
                                         s->pixels, 0, NULL, &s->uploaded);
    if (!status)
        status = clFlush(queue);
    window->next = (window->next + 1) % STAGES;
    return status ? amkd_fail_cl(status, "writing %zu images to device '%s'", *nplaces,
                                 window->device->name)
                  : 0;
}

void amkd_window_free(amkd_window *window)
{
    if (!window)
        return;
    amkd_device_drain(window->device);
    for (size_t s = 0; s < STAGES; s++) {
        const cl_event uploaded = window->stages[s].uploaded;
        if (uploaded) {
            amkd_cl_tidied(clWaitForEvents(1, &uploaded), "clWaitForEvents");
            amkd_cl_tidied(clReleaseEvent(uploaded), "clReleaseEvent");
        }
        free(window->stages[s].pixels);
    }
    amkd_buffer_free(window->pixels);
    free(window->rows);
    free(window);
}
