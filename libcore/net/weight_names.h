/* What programs call the weights of one and the same network. Ours are torchvision's
 * names where it has the network, else those of the program in named.h; the tables of the
 * others stand in weight_names.c. */
#ifndef AMKD_NET_WEIGHT_NAMES_H
#define AMKD_NET_WEIGHT_NAMES_H

#include <stddef.h>

enum { AMKD_WEIGHT_NBYTES = 96 }; /* of a tensor's name */

/* Writes what a file of this way calls the tensor that is called name here. Way 0 is our
 * own, and each way comes once as it is and once with "module." in front. Returns 0
 * behind the last way. */
int amkd_weight_name(char out[AMKD_WEIGHT_NBYTES], size_t way, const char *name);

#endif
