/* Networks that have a name: each is a text, which amkd-train --summary prints. */
#ifndef AMKD_GRAPH_NAMED_H
#define AMKD_GRAPH_NAMED_H

#include "layers/layer.h"

/* *out: the text that name stands for with images of this shape, freed with free(); NULL
 * if it is no name. Fails on a name that takes no such images.
 *
 *   lenet5       conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |
 *                conv 120 k5 | relu | fc 84 | relu | fc classes     for 28x28 inputs;
 *                without the p2 for 32x32; with fc 120 for conv 120 k5 for all others
 *   lenet5-half  the same with 3, 8, 60 and 42 for 6, 16, 120 and 84
 *   mlp          flatten | fc 256 | relu | fc 128 | relu | fc classes */
int amkd_named_text(char **out, const char *name, amkd_shape in);

#endif
