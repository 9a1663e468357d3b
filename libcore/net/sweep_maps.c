/* Launcher of cl/sweep_maps.cl. */
#include "base/memory.h"
#include "net/sweep_internal.h"
#include <stdlib.h>

extern const char amkd_cl_sweep_maps[];

static char *maps_options(const amkd_stages *stages)
{
    const amkd_layer *layer = stages->linear;
    const amkd_shape in = stages->arch->in, out = stages->maps;
    const int conv = layer && layer->type == AMKD_CONV;
    return amkd_format("-DLINEAR=%d -DIC=%zu -DIH=%zu -DIW=%zu -DKH=%zu -DKW=%zu -DS=%zu "
                       "-DP=%zu -DOH=%zu -DOW=%zu -DMAP_SIZE=%zu -DWEIGHTS=%zu "
                       "-DBIASES=%zu",
                       layer != NULL, in.channels, in.height, in.width,
                       conv ? layer->kernel : in.height, conv ? layer->kernel : in.width,
                       conv ? layer->stride : 1, conv ? layer->padding : 0, out.height,
                       out.width, amkd_shape_size(out), layer ? layer->weights : 0,
                       layer ? layer->biases : 0);
}

static int run(cl_mem *maps, amkd_device *device, const amkd_stages *stages, size_t n,
               cl_mem pixels, cl_mem scale, cl_mem shift, cl_mem parameters)
{
    const char *sources[] = {amkd_cl_sweep_maps};
    const size_t size = amkd_shape_size(stages->maps);
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    char *options = maps_options(stages);
    int rc = options
                 ? amkd_program_build(&program, device, "sweep_maps", sources, 1, options)
                 : -1;
    free(options);
    if (!rc)
        rc = amkd_kernel_new(&kernel, program, "sweep_maps");
    if (!rc)
        rc = amkd_buffer_new(maps, device, CL_MEM_READ_WRITE, n * size * sizeof(float),
                             NULL);
    if (!rc) {
        const amkd_arg args[] = {AMKD_ARG(pixels), AMKD_ARG(scale), AMKD_ARG(shift),
                                 AMKD_ARG(parameters), AMKD_ARG(*maps)};
        const size_t nrows = stages->maps.channels * stages->maps.height;
        rc = amkd_kernel_run(device, kernel, args, 5, 2, (size_t[]){nrows, n}, NULL);
        if (!rc)
            rc = amkd_device_finish(device);
    }
    amkd_kernel_free(kernel);
    amkd_program_free(program);
    return rc;
}

int amkd_sweep_maps(cl_mem *maps, amkd_device *device, const amkd_stages *stages,
                    const amkd_model *model, const amkd_images *images, cl_mem parameters)
{
    float scales[AMKD_MAX_CHANNELS], shifts[AMKD_MAX_CHANNELS];
    for (size_t c = 0; c < images->channels; c++) {
        scales[c] = (float)(1.0 / (255.0 * model->std[c]));
        shifts[c] = (float)(-(double)model->mean[c] / model->std[c]);
    }
    cl_mem pixels = NULL, scale = NULL, shift = NULL;
    int rc = -1;
    if (!amkd_buffer_new(&pixels, device, CL_MEM_READ_ONLY,
                         images->n * amkd_images_npixels(images), images->pixels) &&
        !amkd_buffer_new(&scale, device, CL_MEM_READ_ONLY, sizeof scales, scales) &&
        !amkd_buffer_new(&shift, device, CL_MEM_READ_ONLY, sizeof shifts, shifts))
        rc = run(maps, device, stages, images->n, pixels, scale, shift, parameters);
    amkd_buffer_free(pixels);
    amkd_buffer_free(scale);
    amkd_buffer_free(shift);
    return rc;
}
