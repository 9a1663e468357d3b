/* What a network's kernels are for, for those who time them (device/profile.h). */
#ifndef AMKD_NET_NETWORK_PROFILE_H
#define AMKD_NET_NETWORK_PROFILE_H

#include "device/profile.h"
#include "layers/layer.h"
#include "ops/op.h"

/* The kernels that come next are for a pass of a layer, which text describes with what is
 * fused behind it; sum: that with another value, too. Multiply-adds are counted as taps
 * one by one, bytes as values read and written once, and the weights. */
void amkd_network_tell(amkd_profile *profile, const amkd_layer *layer, const char *text,
                       int sum, amkd_pass pass, const amkd_batch *run);

#endif
