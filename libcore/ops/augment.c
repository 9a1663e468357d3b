/* Launcher of cl/augment.cl. */
#include "ops/augment.h"
#include "base/error.h"
#include "base/memory.h"
#include "device/program.h"
#include <stdlib.h>

extern const char amkd_cl_augment[];

struct amkd_augmenter {
    amkd_device *device;
    size_t npositions, channels;
    size_t run; /* pixels that a work-item makes: a row where work-items are few */
    cl_program program;
    cl_kernel kernel;
};

int amkd_augmenter_check(const amkd_view_options *options, size_t height, size_t width,
                         size_t channels)
{
    if (height > AMKD_VIEW_MAX_SIDE || width > AMKD_VIEW_MAX_SIDE)
        return amkd_fail("images of %zux%zu have no views: no side may be above %d",
                         width, height, AMKD_VIEW_MAX_SIDE);
    if (options->ranges.crop >= height || options->ranges.crop >= width)
        return amkd_fail(
            "a crop of images padded by %llu pixels may miss those of %zux%zu "
            "altogether: expected less than a side",
            (unsigned long long)options->ranges.crop, width, height);
    if (options->ranges.saturation > 0 && channels != 3)
        return amkd_fail(
            "a range of saturation is for images of 3 channels, red, green and "
            "blue, not of %zu",
            channels);
    return 0;
}

int amkd_augmenter_new(amkd_augmenter **out, amkd_device *device,
                       const amkd_view_options *options, size_t height, size_t width,
                       size_t channels)
{
    if (amkd_augmenter_check(options, height, width, channels))
        return -1;
    const size_t run = device->vector_width > 1 ? width : 1;
    amkd_augmenter *augmenter = amkd_alloc(1, sizeof *augmenter);
    char *macros = amkd_format("-DHEIGHT=%zu -DWIDTH=%zu -DCHANNELS=%zu -DBORDER=%d "
                               "-DAROUND_MEAN=%d -DELASTIC=%d -DCOLOUR=%d -DRUN=%zu",
                               height, width, channels, (int)options->border,
                               options->around_mean != 0, options->ranges.elastic > 0,
                               options->ranges.saturation > 0, run);
    const char *sources[] = {amkd_cl_augment};
    int failed = !augmenter || !macros;
    if (!failed) {
        augmenter->device = device;
        augmenter->npositions = height * width;
        augmenter->channels = channels;
        augmenter->run = run;
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

int amkd_augmenter_make(amkd_augmenter *augmenter, cl_mem out, cl_mem images,
                        cl_mem means, cl_mem views, size_t first, size_t from,
                        size_t nviews)
{
    const cl_uint begin = (cl_uint)first, at = (cl_uint)from;
    const amkd_arg args[] = {AMKD_ARG(images), AMKD_ARG(means), AMKD_ARG(views),
                             AMKD_ARG(begin),  AMKD_ARG(at),    AMKD_ARG(out)};
    return amkd_kernel_run(augmenter->device, augmenter->kernel, args, 6, 2,
                           (size_t[]){augmenter->npositions / augmenter->run, nviews},
                           NULL);
}

int amkd_augmenter_run(amkd_augmenter *augmenter, uint8_t *pixels, const uint8_t *images,
                       size_t nimages, const amkd_view *views, size_t nviews)
{
    amkd_device *device = augmenter->device;
    const size_t channels = augmenter->channels;
    const size_t npixels = augmenter->npositions * channels;
    enum { IMAGES, MEANS, VIEWS, OUT, NBUFFERS };
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
        rc = amkd_augmenter_make(augmenter, buffers[OUT], buffers[IMAGES], buffers[MEANS],
                                 buffers[VIEWS], 0, 0, nviews) ||
                     amkd_buffer_read(device, pixels, buffers[OUT], 0, nviews * npixels)
                 ? -1
                 : 0;
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
