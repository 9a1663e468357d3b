/* Networks that have a name: each is a text, which a user may edit. Their modules are
 * called as in the PyTorch programs whose weights people publish, so that a file of
 * weights goes either way (net/weight_names.h). */
#ifndef AMKD_GRAPH_NAMED_H
#define AMKD_GRAPH_NAMED_H

#include "layers/layer.h"

/* *out: the text that name stands for with images of this shape, freed with free(); NULL
 * if it is no name.
 *
 *   lenet5          conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |
 *                   conv 120 k5 | relu | fc 84 | relu | fc classes     for 28x28 inputs;
 *                   without the p2 for 32x32; with fc 120 for conv 120 k5 for all others
 *   lenet5-half     the same with 3, 8, 60 and 42 for 6, 16, 120 and 84
 *   mlp             flatten | fc 256 | relu | fc 128 | relu | fc classes
 *   resnet8, 20, 32, 56   of He et al. for CIFAR (arXiv 1512.03385), 16, 32 and 64
 *                   channels; shortcuts of a 1x1 convolution and bn, or, with "-a" behind
 *                   the name, their option A; the fully connected layer is "fc", of
 *                   option A "linear"
 *   wrn-16-2        of Zagoruyko and Komodakis (arXiv 1605.07146)
 *   resnet18, 34, 50      torchvision's
 *   vgg11-bn, vgg16-bn    torchvision's; for images that the five pools do not leave at
 *                   7x7 the usual end for CIFAR, one layer "classifier" behind the mean
 *   alexnet-cifar, alexnet-cifar-half   five convolutions with bn behind relu and pool
 *   mobilenetv2     torchvision's; with "-0.5" behind the name half as wide, as with any
 *                   factor of 0.1 to 4
 *   mobilenetv3-small     torchvision's
 *   efficientnet-lite0    TensorFlow's padding and bn, timm's names
 *
 * Images of at most AMKD_SMALL_SIDE pixels a side get the stem that is usual for CIFAR:
 * resnet18, 34 and 50 begin with a 3x3 convolution of stride 1 and have no pool, and the
 * last three of the list have stride 1 where the first two strides of 2 are. */
int amkd_named_text(char **out, const char *name, amkd_shape in);

/* The names, "lenet5, lenet5-half, ...", freed with free(); NULL where memory is short.
 */
char *amkd_named_list(void);

enum { AMKD_SMALL_SIDE = 32 };

/* What the published weights of a named network were trained on. */
typedef struct amkd_named_usual {
    amkd_shape in;
    float mean[3], std[3]; /* as a model's; std 0: there are no usual ones */
} amkd_named_usual;

/* Returns 0 if name is no network of which weights are published. */
int amkd_named_usual_of(amkd_named_usual *usual, const char *name);

#endif
