/* How large the values of a network can get, from its weights alone. */
#ifndef AMKD_NET_BOUND_H
#define AMKD_NET_BOUND_H

#include "net/model.h"

/* Whether some image, or mix of images, could take a sum beyond float32. No is certain,
 * yes is not: every value of a layer is held for as large as the largest can be. */
int amkd_model_may_overflow(const amkd_model *model);

#endif
