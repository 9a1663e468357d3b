/* Launcher of cl/sweep_maps.cl, over all images or over those in a window. */
#include "base/memory.h"
#include "base/room.h"
#include "ops/window.h"
#include "sweep/sweep_internal.h"
#include <stdlib.h>

extern const char amkd_cl_sweep_maps[];

/* A fully connected layer is a convolution whose kernel covers its input. */
static char *maps_options(const amkd_stages *stages)
{
    const amkd_part *part = &stages->linear;
    const amkd_shape in = stages->graph->in, out = stages->maps;
    const int conv = stages->has_linear && !part->covers;
    return amkd_format("-DLINEAR=%d -DIC=%zu -DIH=%zu -DIW=%zu -DKH=%zu -DKW=%zu -DS=%zu "
                       "-DP=%zu -DOH=%zu -DOW=%zu -DMAP_SIZE=%zu -DWEIGHTS=%zu "
                       "-DBIASES=%zu",
                       stages->has_linear, in.channels, in.height, in.width,
                       conv ? part->kernel_height : in.height,
                       conv ? part->kernel_width : in.width, conv ? part->stride : 1,
                       conv ? part->padding : 0, out.height, out.width,
                       amkd_shape_size(out), part->weights, part->biases);
}

/* The maps of a window may take so many times amkd_room_window's bytes. */
enum { MAP_WINDOWS = 4 };

struct amkd_maps {
    amkd_device *device;
    size_t nrows; /* of the layer's output for an image */
    cl_program program;
    cl_kernel kernel;
    cl_mem maps, scale, shift, parameters; /* parameters: borrowed */
    amkd_window *window; /* NULL where the maps are those of all images */
};

static int build(amkd_maps *maps, const amkd_stages *stages)
{
    const char *sources[] = {amkd_cl_sweep_maps};
    char *options = maps_options(stages);
    int rc = options ? amkd_program_build(&maps->program, maps->device, "sweep_maps",
                                          sources, 1, options)
                     : -1;
    free(options);
    return rc ? rc : amkd_kernel_new(&maps->kernel, maps->program, "sweep_maps");
}

size_t amkd_maps_room(const amkd_device *device, const amkd_stages *stages,
                      const amkd_images *images)
{
    if (!amkd_window_needed(device, images))
        return images->n;
    const size_t npixels = amkd_images_npixels(images);
    const size_t map_nbytes = amkd_shape_size(stages->maps) * sizeof(float);
    const size_t larger = map_nbytes > npixels ? map_nbytes : npixels;
    const size_t nmaps = amkd_room_window((map_nbytes - 1) / MAP_WINDOWS + 1);
    size_t n = amkd_room_window(npixels);
    if (n > nmaps)
        n = nmaps;
    if (n > device->max_buffer_nbytes / larger)
        n = (size_t)(device->max_buffer_nbytes / larger);
    if (n < 2)
        n = 2;
    return n < images->n ? n : images->n;
}

static int run(amkd_maps *maps, cl_mem pixels, size_t n)
{
    const amkd_arg args[] = {AMKD_ARG(pixels), AMKD_ARG(maps->scale),
                             AMKD_ARG(maps->shift), AMKD_ARG(maps->parameters),
                             AMKD_ARG(maps->maps)};
    return amkd_kernel_run(maps->device, maps->kernel, args, 5, 2,
                           (size_t[]){maps->nrows, n}, NULL);
}

int amkd_maps_bring(amkd_maps *maps, uint32_t *numbers, size_t n)
{
    size_t nplaces;
    return amkd_window_fill(maps->window, numbers, n, &nplaces) ||
                   run(maps, amkd_window_pixels(maps->window), nplaces)
               ? -1
               : 0;
}

/* Brings the first images into a new window. */
static int open_window(amkd_maps *maps, const amkd_images *images, size_t nimages)
{
    uint32_t *numbers = amkd_alloc(nimages, sizeof *numbers);
    for (size_t r = 0; numbers && r < nimages; r++)
        numbers[r] = (uint32_t)r;
    const int rc = !numbers ||
                   amkd_window_new(&maps->window, maps->device, images, nimages) ||
                   amkd_maps_bring(maps, numbers, nimages);
    free(numbers);
    return rc ? -1 : 0;
}

static int run_all(amkd_maps *maps, const amkd_images *images)
{
    cl_mem pixels;
    if (amkd_buffer_new(&pixels, maps->device, CL_MEM_READ_ONLY,
                        images->n * amkd_images_npixels(images), images->pixels))
        return -1;
    const int rc = run(maps, pixels, images->n) || amkd_device_finish(maps->device);
    amkd_buffer_free(pixels);
    return rc ? -1 : 0;
}

int amkd_maps_new(amkd_maps **out, amkd_device *device, const amkd_stages *stages,
                  const amkd_model *model, const amkd_images *images, cl_mem parameters)
{
    float scales[AMKD_MAX_CHANNELS] = {0}, shifts[AMKD_MAX_CHANNELS] = {0};
    for (size_t c = 0; c < images->channels; c++) {
        scales[c] = (float)(1.0 / (255.0 * model->std[c]));
        shifts[c] = (float)(-(double)model->mean[c] / model->std[c]);
    }
    amkd_maps *maps = amkd_alloc(1, sizeof *maps);
    if (!maps)
        return -1;
    maps->device = device;
    maps->parameters = parameters;
    maps->nrows = stages->maps.channels * stages->maps.height;
    const size_t nimages = amkd_maps_room(device, stages, images);
    const size_t nbytes = nimages * amkd_shape_size(stages->maps) * sizeof(float);
    if (build(maps, stages) ||
        amkd_buffer_new(&maps->maps, device, CL_MEM_READ_WRITE, nbytes, NULL) ||
        amkd_buffer_new(&maps->scale, device, CL_MEM_READ_ONLY, sizeof scales, scales) ||
        amkd_buffer_new(&maps->shift, device, CL_MEM_READ_ONLY, sizeof shifts, shifts) ||
        (amkd_window_needed(device, images) ? open_window(maps, images, nimages)
                                            : run_all(maps, images))) {
        amkd_maps_free(maps);
        return -1;
    }
    *out = maps;
    return 0;
}

cl_mem amkd_maps_buffer(const amkd_maps *maps)
{
    return maps->maps;
}

int amkd_maps_borrow(const amkd_maps *maps)
{
    return maps->window != NULL;
}

void amkd_maps_free(amkd_maps *maps)
{
    if (!maps)
        return;
    amkd_window_free(maps->window);
    amkd_kernel_free(maps->kernel);
    amkd_program_free(maps->program);
    amkd_buffer_free(maps->maps);
    amkd_buffer_free(maps->scale);
    amkd_buffer_free(maps->shift);
    free(maps);
}
