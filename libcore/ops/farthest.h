/* Farthest-first traversal on a device (cl/farthest.cl has the formula): of many points a
 * few that cover them. */
#ifndef AMKD_OPS_FARTHEST_H
#define AMKD_OPS_FARTHEST_H

#include "base/progress.h"
#include "device/device.h"

/* chosen[k]: numbers of points, in the order in which they become centres. The first
 * nfirst, 1 to k, are the points 0 to nfirst - 1; each further one is the point whose
 * Euclidean distance to the nearest centre is largest, the lowest of several that are
 * equally far. None comes twice. features: float [block][feature][lane] of the n points,
 * k or more, below 2^31; what stands in lanes without a point does not matter. progress
 * gets a unit a centre, in lots; NULL is fine. */
int amkd_farthest(uint32_t *chosen, amkd_device *device, cl_mem features,
                  size_t nfeatures, size_t n, size_t nfirst, size_t k,
                  amkd_progress *progress);

#endif
