/* Two loads of images, one of them in use while the other is on its way. A resident set
 * is a single load, which is in use for ever. */
#include "steps/learn/span_images.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include "data/views.h"
#include <stdlib.h>
#include <string.h>

/* Where no limits are given (span_images.h). */
enum { RESIDENT_NBYTES = 256 << 20, SPAN_NBYTES = 64 << 20 };

/* Images on the device, with room for so many. */
typedef struct load {
    size_t room;
    cl_mem pixels, means;
    uint8_t *host_pixels, *host_means; /* on their way */
} load;

struct amkd_span_images {
    amkd_device *device;
    const amkd_images *images;
    size_t npixels, span_nbytes;
    int resident, with_means;
    load loads[2];
    size_t last; /* the load in use */
};

/* What is said, and the defaults of the rest. */
static amkd_span_images_limits complete(const amkd_span_images_limits *limits)
{
    return (amkd_span_images_limits){
        .resident_nbytes =
            limits && limits->resident_nbytes ? limits->resident_nbytes : RESIDENT_NBYTES,
        .span_nbytes = limits && limits->span_nbytes ? limits->span_nbytes : SPAN_NBYTES};
}

/* Whether a set stays on the device. */
static int stays(const amkd_device *device, uint64_t resident_nbytes, uint64_t nimages,
                 uint64_t image_nbytes)
{
    if (resident_nbytes > device->max_buffer_nbytes)
        resident_nbytes = device->max_buffer_nbytes;
    return nimages <= resident_nbytes / image_nbytes;
}

void amkd_span_images_room(uint64_t *nbytes, uint64_t *largest_nbytes,
                           const amkd_device *device, uint64_t nimages,
                           uint64_t image_nbytes, uint64_t batch,
                           const amkd_span_images_limits *limits)
{
    const amkd_span_images_limits most = complete(limits);
    const uint64_t step_nbytes = batch * image_nbytes;
    if (stays(device, most.resident_nbytes, nimages, image_nbytes)) {
        *nbytes = *largest_nbytes = nimages * image_nbytes;
        return;
    }
    *largest_nbytes = step_nbytes > most.span_nbytes ? step_nbytes : most.span_nbytes;
    *nbytes = 2 * *largest_nbytes;
}

static void free_load(load *l)
{
    amkd_buffer_free(l->pixels);
    amkd_buffer_free(l->means);
    free(l->host_pixels);
    free(l->host_means);
    *l = (load){0};
}

/* Replaces a load by a larger one, if it has not the room; nothing uses it. */
static int make_room(load *l, const amkd_span_images *w, size_t n)
{
    if (n <= l->room)
        return 0;
    const size_t channels = w->images->channels;
    free_load(l);
    l->host_pixels = amkd_alloc(n, w->npixels);
    l->host_means = amkd_alloc(n, channels);
    if (!l->host_pixels || !l->host_means ||
        amkd_buffer_new(&l->pixels, w->device, CL_MEM_READ_ONLY, n * w->npixels, NULL) ||
        amkd_buffer_new(&l->means, w->device, CL_MEM_READ_ONLY, n * channels, NULL))
        return -1;
    l->room = n;
    return 0;
}

static void find_means(uint8_t *means, const uint8_t *pixels, const amkd_span_images *w,
                       size_t n)
{
    const size_t channels = w->images->channels;
    for (size_t i = 0; i < n && w->with_means; i++)
        amkd_view_means(means + i * channels, pixels + i * w->npixels,
                        w->npixels / channels, channels);
}

/* Enqueues the load's n images, which are those of its host side. */
static int send(load *l, const amkd_span_images *w, size_t n)
{
    const size_t channels = w->images->channels;
    find_means(l->host_means, l->host_pixels, w, n);
    return amkd_buffer_write_later(w->device, l->pixels, l->host_pixels, 0,
                                   n * w->npixels) ||
                   amkd_buffer_write_later(w->device, l->means, l->host_means, 0,
                                           n * channels)
               ? -1
               : 0;
}

/* All images at once. Where this fails, they may still be on their way. */
static int settle(amkd_span_images *w)
{
    load *l = &w->loads[0];
    const size_t n = w->images->n;
    uint32_t *rows = amkd_alloc(n, sizeof *rows);
    int rc = !rows || make_room(l, w, n) ? -1 : 0;
    for (size_t r = 0; r < n && !rc; r++)
        rows[r] = (uint32_t)r;
    if (!rc)
        rc = amkd_images_gather(l->host_pixels, w->images, rows, n) || send(l, w, n) ||
                     amkd_device_finish(w->device)
                 ? -1
                 : 0;
    free(rows);
    if (rc)
        return rc;
    free(l->host_pixels);
    free(l->host_means);
    l->host_pixels = l->host_means = NULL;
    return 0;
}

int amkd_span_images_new(amkd_span_images **out, amkd_device *device,
                         const amkd_images *images, int with_means,
                         const amkd_span_images_limits *limits)
{
    amkd_span_images *w = amkd_alloc(1, sizeof *w);
    if (!w)
        return -1;
    const amkd_span_images_limits most = complete(limits);
    w->device = device;
    w->images = images;
    w->with_means = with_means;
    w->npixels = amkd_images_npixels(images);
    w->span_nbytes = most.span_nbytes;
    w->resident = stays(device, most.resident_nbytes, images->n, w->npixels);
    if (w->resident && settle(w)) {
        amkd_span_images_free(w);
        return -1;
    }
    *out = w;
    return 0;
}

size_t amkd_span_images_nsamples(const amkd_span_images *window, size_t extra_nbytes)
{
    return window->span_nbytes /
           (extra_nbytes + (window->resident ? 0 : window->npixels));
}

int amkd_span_images_begin(amkd_span_images *window, uint32_t *places,
                           const uint32_t *images, size_t n)
{
    if (window->resident) {
        memcpy(places, images, n * sizeof *places);
        return 0;
    }
    window->last = 1 - window->last;
    load *l = &window->loads[window->last];
    for (size_t r = 0; r < n; r++)
        places[r] = (uint32_t)r;
    return make_room(l, window, n) ||
                   amkd_images_gather(l->host_pixels, window->images, images, n) ||
                   send(l, window, n)
               ? -1
               : 0;
}

size_t amkd_span_images_nplaces(const amkd_span_images *window, size_t nsamples)
{
    return window->resident ? window->images->n : nsamples;
}

cl_mem amkd_span_images_pixels(const amkd_span_images *window)
{
    return window->loads[window->last].pixels;
}

cl_mem amkd_span_images_means(const amkd_span_images *window)
{
    return window->loads[window->last].means;
}

void amkd_span_images_free(amkd_span_images *window)
{
    if (!window)
        return;
    amkd_device_drain(window->device);
    free_load(&window->loads[0]);
    free_load(&window->loads[1]);
    free(window);
}
