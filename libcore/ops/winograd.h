/* Convolutions by Winograd's algorithm, cl/winograd.cl: another way of running an op of
 * ops/conv.h. On devices whose work-items are vectors, CPUs, it is reckoned where it is
 * the faster one, so that a device runs a layer in one way always and leaves the same
 * bits. Where work-items run in lockstep, on GPUs, it is timed beside the other ways. */
#ifndef AMKD_OPS_WINOGRAD_H
#define AMKD_OPS_WINOGRAD_H

#include "ops/op.h"

/* Whether it can run a pass of a convolution of this shape, which has channels enough to
 * fill its tiles, where there is near memory for them:
 *
 *     taps         3x3               5x5           7x7
 *     stride 1     all passes        no weights    none
 *     stride 2     forward           forward       forward */
int amkd_winograd_fits(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass);

/* Whether it fits and is reckoned to be clearly faster than taps one by one; never in
 * lockstep, where times tell. */
int amkd_winograd_wins(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass);

/* Bytes of scratch that a pass takes: transformed kernels, or sums of gradients. A
 * forward pass whose run has a number of weights keeps as many of its own. */
size_t amkd_winograd_scratch(const amkd_device *device, const amkd_op_shape *shape,
                             amkd_pass pass);

/* Of its kernels on such a device; NULL ends them. */
const char *const *amkd_winograd_sources(const amkd_device *device);

/* Does what conv does. */
int amkd_winograd_new(amkd_op **out, const amkd_op *conv);

#endif
