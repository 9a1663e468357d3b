/* Launcher of cl/batch.cl. */
#include "ops/batch.h"
#include "base/memory.h"
#include "data/mix.h"
#include "device/program.h"
#include <stdlib.h>

extern const char amkd_cl_common[], amkd_cl_batch[];

/* Pixels that one work-item loads for its lanes. */
enum { PIXEL_TILE = 112 };

struct amkd_batches {
    amkd_device *device;
    size_t npixels; /* of one image, times channels */
    size_t nchannels, nkeys;
    cl_program program;
    cl_kernel load, load_mixup, mix_targets, mix;
    cl_mem images, keys, scale, shift;
};

int amkd_batches_new(amkd_batches **out, amkd_device *device, size_t height, size_t width,
                     size_t channels)
{
    amkd_batches *batches = amkd_alloc(1, sizeof *batches);
    char *options = amkd_format("-DHEIGHT=%zu -DWIDTH=%zu -DCHANNELS=%zu -DPIXEL_TILE=%d",
                                height, width, channels, PIXEL_TILE);
    const char *sources[] = {amkd_cl_common, amkd_cl_batch};
    if (!batches || !options)
        goto fail;
    batches->device = device;
    batches->npixels = height * width * channels;
    batches->nchannels = channels;
    if (amkd_program_build(&batches->program, device, "batch", sources, 2, options) ||
        amkd_kernel_new(&batches->load, batches->program, "batch_load") ||
        amkd_kernel_new(&batches->load_mixup, batches->program, "batch_load_mixup") ||
        amkd_kernel_new(&batches->mix_targets, batches->program, "mix_targets") ||
        amkd_kernel_new(&batches->mix, batches->program, "mix_images"))
        goto fail;
    free(options);
    *out = batches;
    return 0;
fail:
    free(options);
    amkd_batches_free(batches);
    return -1;
}

/* Puts a new read-only buffer in place of an old one. */
static int replace(cl_mem *buffer, amkd_device *device, const void *bytes, size_t nbytes)
{
    cl_mem fresh;
    if (amkd_buffer_new(&fresh, device, CL_MEM_READ_ONLY, nbytes, bytes))
        return -1;
    amkd_buffer_free(*buffer);
    *buffer = fresh;
    return 0;
}

int amkd_batches_images(amkd_batches *batches, const uint8_t *pixels, size_t n)
{
    return replace(&batches->images, batches->device, pixels, n * batches->npixels);
}

/* The buffer in place of the one that was there. */
static int retain(cl_mem *buffer, cl_mem other)
{
    const cl_int code = clRetainMemObject(other);
    if (code != CL_SUCCESS)
        return amkd_fail_cl(code, "clRetainMemObject");
    amkd_buffer_free(*buffer);
    *buffer = other;
    return 0;
}

int amkd_batches_use(amkd_batches *batches, cl_mem images, cl_mem keys)
{
    return retain(&batches->images, images) || (keys && retain(&batches->keys, keys)) ? -1
                                                                                      : 0;
}

int amkd_batches_normalize(amkd_batches *batches, const float *scale, const float *shift)
{
    const size_t nbytes = batches->nchannels * sizeof *scale;
    return replace(&batches->scale, batches->device, scale, nbytes) ||
                   replace(&batches->shift, batches->device, shift, nbytes)
               ? -1
               : 0;
}

int amkd_batches_keys(amkd_batches *batches, const amkd_label_key *keys, size_t n)
{
    uint32_t *rows = amkd_alloc(n, 3 * sizeof *rows);
    if (!rows)
        return -1;
    for (size_t r = 0; r < n; r++) {
        rows[3 * r] = keys[r].i;
        rows[3 * r + 1] = keys[r].j;
        rows[3 * r + 2] = amkd_mix_weight(keys[r].lambda);
    }
    const int rc = replace(&batches->keys, batches->device, rows, n * 3 * sizeof *rows);
    free(rows);
    batches->nkeys = rc ? batches->nkeys : n;
    return rc;
}

int amkd_batches_plain_keys(amkd_batches *batches, size_t n)
{
    amkd_label_key *keys = amkd_alloc(n, sizeof *keys);
    if (!keys)
        return -1;
    for (uint32_t r = 0; r < n; r++)
        keys[r] = (amkd_label_key){r, r, 1};
    const int rc = amkd_batches_keys(batches, keys, n);
    free(keys);
    return rc;
}

/* Work-items for count samples: a vector of lanes, a tile of pixels, a block each. */
static int run_load(amkd_batches *batches, cl_kernel kernel, const amkd_arg *args,
                    size_t nargs, size_t count)
{
    const amkd_device *device = batches->device;
    const size_t vectors = device->nlanes / device->vector_width;
    const size_t global[] = {vectors, (batches->npixels + PIXEL_TILE - 1) / PIXEL_TILE,
                             (count + device->nlanes - 1) / device->nlanes};
    return amkd_kernel_run(batches->device, kernel, args, nargs, 3, global,
                           (size_t[]){vectors, 1, 1});
}

int amkd_batches_load(amkd_batches *batches, cl_mem x, cl_mem order, size_t first,
                      size_t count)
{
    const cl_uint begin = (cl_uint)first, n = (cl_uint)count;
    const amkd_arg args[] = {AMKD_ARG(batches->images),
                             AMKD_ARG(batches->keys),
                             AMKD_ARG(order),
                             AMKD_ARG(begin),
                             AMKD_ARG(n),
                             AMKD_ARG(batches->scale),
                             AMKD_ARG(batches->shift),
                             AMKD_ARG(x)};
    return run_load(batches, batches->load, args, 8, count);
}

int amkd_batches_load_mixup(amkd_batches *batches, cl_mem x, cl_mem order,
                            const amkd_stretch *samples, cl_mem mu)
{
    const cl_uint first = (cl_uint)samples->first, total = (cl_uint)samples->total;
    const cl_uint from = (cl_uint)samples->from, n = (cl_uint)samples->count;
    const amkd_arg args[] = {AMKD_ARG(batches->images),
                             AMKD_ARG(batches->keys),
                             AMKD_ARG(order),
                             AMKD_ARG(first),
                             AMKD_ARG(total),
                             AMKD_ARG(from),
                             AMKD_ARG(n),
                             AMKD_ARG(batches->scale),
                             AMKD_ARG(batches->shift),
                             AMKD_ARG(mu),
                             AMKD_ARG(x)};
    return run_load(batches, batches->load_mixup, args, 11, samples->count);
}

int amkd_batches_mix_targets(amkd_batches *batches, cl_mem mixed, cl_mem targets,
                             size_t nclasses, cl_mem order, size_t first, size_t count,
                             cl_mem mu)
{
    const cl_uint begin = (cl_uint)first, n = (cl_uint)count, classes = (cl_uint)nclasses;
    const amkd_arg args[] = {AMKD_ARG(targets), AMKD_ARG(order),   AMKD_ARG(begin),
                             AMKD_ARG(n),       AMKD_ARG(classes), AMKD_ARG(mu),
                             AMKD_ARG(mixed)};
    return amkd_kernel_run(batches->device, batches->mix_targets, args, 7, 2,
                           (size_t[]){nclasses, count}, NULL);
}

int amkd_batches_mix_rows(amkd_batches *batches, cl_mem pixels, cl_mem images,
                          cl_mem keys, size_t first, size_t from, size_t count)
{
    const cl_uint first_row = (cl_uint)first, at = (cl_uint)from;
    const amkd_arg args[] = {AMKD_ARG(images), AMKD_ARG(keys), AMKD_ARG(first_row),
                             AMKD_ARG(at), AMKD_ARG(pixels)};
    return amkd_kernel_run(batches->device, batches->mix, args, 5, 2,
                           (size_t[]){batches->npixels, count}, NULL);
}

int amkd_batches_mix(amkd_batches *batches, uint8_t *pixels)
{
    cl_mem buffer;
    const size_t nbytes = batches->nkeys * batches->npixels;
    if (amkd_buffer_new(&buffer, batches->device, CL_MEM_WRITE_ONLY, nbytes, NULL))
        return -1;
    int rc = amkd_batches_mix_rows(batches, buffer, batches->images, batches->keys, 0, 0,
                                   batches->nkeys);
    if (!rc)
        rc = amkd_buffer_read(batches->device, pixels, buffer, 0, nbytes);
    amkd_buffer_free(buffer);
    return rc;
}

void amkd_batches_free(amkd_batches *batches)
{
    if (!batches)
        return;
    amkd_buffer_free(batches->images);
    amkd_buffer_free(batches->keys);
    amkd_buffer_free(batches->scale);
    amkd_buffer_free(batches->shift);
    amkd_kernel_free(batches->load);
    amkd_kernel_free(batches->load_mixup);
    amkd_kernel_free(batches->mix_targets);
    amkd_kernel_free(batches->mix);
    amkd_program_free(batches->program);
    free(batches);
}
