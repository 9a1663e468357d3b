/* What the files of Winograd's convolutions share. */
#ifndef AMKD_OPS_WINOGRAD_INTERNAL_H
#define AMKD_OPS_WINOGRAD_INTERNAL_H

#include "ops/op_internal.h"

/* As in cl/winograd.cl. */
enum {
    AMKD_WINOGRAD_PATCH = 6,
    AMKD_WINOGRAD_POSITIONS = AMKD_WINOGRAD_PATCH * AMKD_WINOGRAD_PATCH,
};

/* Rows of a work-group in lockstep (ROWS of cl/winograd_lockstep.cl). */
enum { AMKD_WINOGRAD_ROWS = 6 };

/* Kernels behind those of the passes. */
enum { AMKD_WINOGRAD_KERNELS = AMKD_NPASSES, AMKD_WINOGRAD_COLLECT };

/* A pass as a convolution forward: channels, with a stride phases of them, and pixels
 * read and written. */
typedef struct amkd_winograd_maps {
    size_t nin, in_height, in_width, nout, out_height, out_width;
    size_t top, left;
    size_t taps;                  /* of the side of a kernel, or of a phase of it */
    size_t tile;                  /* pixels of the side of what is written at a time */
    size_t in_stride, out_stride; /* weights from a channel's to the next one's */
} amkd_winograd_maps;

amkd_winograd_maps amkd_winograd_maps_of(const amkd_op_shape *shape, amkd_pass pass);

/* Whether there is near memory for the pass's tiles, and channels to fill them. */
int amkd_winograd_maps_fit(const amkd_device *device, const amkd_winograd_maps *maps);

/* Bytes of a pass's transformed kernels. */
size_t amkd_winograd_kernels_nbytes(const amkd_device *device,
                                    const amkd_winograd_maps *maps);

/* Transforms the kernels among args->parameters. turned: by half a turn. */
int amkd_winograd_transform(amkd_op *op, const amkd_op_args *args,
                            const amkd_winograd_maps *maps, cl_mem kernels, int turned);

/* Runs a pass with transformed kernels, and makes what it takes. */
int amkd_winograd_maps_run(amkd_op *op, const amkd_op_args *args, amkd_pass pass,
                           const amkd_winograd_maps *maps, cl_mem kernels);
int amkd_winograd_maps_ready(amkd_op *op, amkd_pass pass);

/* Makes kernel number, cl/<name>.cl, the last of own behind winograd.cl, unless it is
 * there. NULL ends own. All shapes share its program. */
int amkd_winograd_kernel(amkd_op *op, size_t number, const char *name,
                         const char *const *own, const char *options);

/* Whether work-items run in lockstep, and whether a work-group with so much local memory
 * can be run then (cl/winograd_lockstep.cl). */
static inline int amkd_winograd_lockstep(const amkd_device *device)
{
    return device->vector_width == 1;
}
int amkd_winograd_group_fits(const amkd_device *device, size_t local_nbytes);

/* The gradient of the weights: whether near memory is enough for its parts, chunks of the
 * output channels, bytes of scratch, its kernels, and the pass. */
int amkd_winograd_gradient_fits(const amkd_device *device, const amkd_op_shape *shape);
size_t amkd_winograd_gradient_nchunks(const amkd_device *device,
                                      const amkd_op_shape *shape);
size_t amkd_winograd_gradient_scratch(const amkd_device *device,
                                      const amkd_op_shape *shape);
int amkd_winograd_gradient_ready(amkd_op *op);
int amkd_winograd_gradient_run(amkd_op *op, const amkd_op_args *args);

#endif
