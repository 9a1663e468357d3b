/* What the files of Winograd's convolutions share. */
#ifndef AMKD_OPS_WINOGRAD_INTERNAL_H
#define AMKD_OPS_WINOGRAD_INTERNAL_H

#include "ops/op_internal.h"

/* As in cl/winograd.cl. */
enum {
    AMKD_WINOGRAD_PATCH = 6,
    AMKD_WINOGRAD_POSITIONS = AMKD_WINOGRAD_PATCH * AMKD_WINOGRAD_PATCH,
};

/* Kernels behind those of the passes. */
enum { AMKD_WINOGRAD_KERNELS = AMKD_NPASSES, AMKD_WINOGRAD_COLLECT };

/* Makes kernel number, cl/<name>.cl behind winograd.cl, unless it is there. All shapes
 * share its program. */
int amkd_winograd_kernel(amkd_op *op, size_t number, const char *name, const char *source,
                         const char *options);

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
