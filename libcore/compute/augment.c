/* Launcher of cl/augment.cl. */
#include "compute/augment.h"
#include "base/error.h"
#include "base/memory.h"
#include "compute/program.h"
#include <stdlib.h>

extern const char amkd_cl_augment[];

struct amkd_augmenter {
    amkd_device *device;
    size_t npositions, channels;
    cl_program program;
    cl_kernel kernel;
};

int amkd_augmenter_check(size_t height, size_t width)
{
    if (height > AMKD_VIEW_MAX_SIDE || width > AMKD_VIEW_MAX_SIDE)
        return amkd_fail("images of %zux%zu have no views: no side may be above %d",
                         width, height, AMKD_VIEW_MAX_SIDE);
    return 0;
}

int amkd_augmenter_new(amkd_augmenter **out, amkd_device *device,
                       const amkd_view_options *options, size_t height, size_t width,
                       size_t channels)
{
    if (amkd_augmenter_check(height, width))
        return -1;
    amkd_augmenter *augmenter = amkd_alloc(1, sizeof *augmenter);
    char *macros = amkd_format("-DHEIGHT=%zu -DWIDTH=%zu -DCHANNELS=%zu -DBORDER=%d "
                               "-DAROUND_MEAN=%d -DELASTIC=%d",
                               height, width, channels, (int)options->border,
                               options->around_mean != 0, options->ranges.elastic > 0);
    const char *sources[] = {amkd_cl_augment};
    int failed = !augmenter || !macros;
    if (!failed) {
        augmenter->device = device;
        augmenter->npositions = height * width;
        augmenter->channels = channels;
        failed = amkd_program_build(&augmenter->program, device, "augment", sources, 1,
                                    macros) ||
                 amkd_kernel_new(&augmenter->kernel, augmenter->program, "augment");
    }
    free(macros);
    if (failed) {
        amkd_augmenter_free(augmenter);
        return -1;
    }
    *out = augmenter;
    return 0;
}

/* The kernel's arguments, in its order. */
enum { IMAGES, MEANS, VIEWS, OUT, NBUFFERS };

static int run(amkd_augmenter *a, uint8_t *pixels, cl_mem buffers[NBUFFERS],
               size_t nviews)
{
    const amkd_arg args[NBUFFERS] = {AMKD_ARG(buffers[IMAGES]), AMKD_ARG(buffers[MEANS]),
                                     AMKD_ARG(buffers[VIEWS]), AMKD_ARG(buffers[OUT])};
    return amkd_kernel_run(a->device, a->kernel, args, NBUFFERS, 2,
                           (size_t[]){a->npositions, nviews}, NULL) ||
                   amkd_buffer_read(a->device, pixels, buffers[OUT], 0,
                                    nviews * a->npositions * a->channels)
               ? -1
               : 0;
}

int amkd_augmenter_run(amkd_augmenter *augmenter, uint8_t *pixels, const uint8_t *images,
                       size_t nimages, const amkd_view *views, size_t nviews)
{
    amkd_device *device = augmenter->device;
    const size_t channels = augmenter->channels;
    const size_t npixels = augmenter->npositions * channels;
    cl_mem buffers[NBUFFERS] = {NULL};
    uint8_t *means = amkd_alloc(nimages, channels);
    if (!means)
        return -1;
    for (size_t i = 0; i < nimages; i++)
        amkd_view_means(means + i * channels, images + i * npixels, augmenter->npositions,
                        channels);
    int rc = amkd_buffer_new(&buffers[IMAGES], device, CL_MEM_READ_ONLY,
                             nimages * npixels, images) ||
                     amkd_buffer_new(&buffers[MEANS], device, CL_MEM_READ_ONLY,
                                     nimages * channels, means) ||
                     amkd_buffer_new(&buffers[VIEWS], device, CL_MEM_READ_ONLY,
                                     nviews * sizeof *views, views) ||
                     amkd_buffer_new(&buffers[OUT], device, CL_MEM_WRITE_ONLY,
                                     nviews * npixels, NULL)
                 ? -1
                 : 0;
    if (!rc)
        rc = run(augmenter, pixels, buffers, nviews);
    for (size_t b = 0; b < NBUFFERS; b++)
        amkd_buffer_free(buffers[b]);
    free(means);
    return rc;
}

void amkd_augmenter_free(amkd_augmenter *augmenter)
{
    if (!augmenter)
        return;
    amkd_kernel_free(augmenter->kernel);
    amkd_program_free(augmenter->program);
    free(augmenter);
}
