/* A network's architecture: the text that describes it and the layers it stands for.
 *
 *   conv N kK [sS] [pP] | fc N | relu | tanh | maxpool K [sS] | avgpool K [sS] | flatten
 *
 * joined by "|", as in "conv 6 k5 p2 | relu | maxpool 2 | fc classes". N, K, S are 1 or
 * more, P is below K; a conv's stride is 1 and a pool's is K when not given; "fc classes"
 * has as many outputs as there are classes. Modules are numbered as in a
 * torch.nn.Sequential of the same text; a flatten is put in before the first fc when the
 * text has none there. Named texts:
 *
 *   lenet5       conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |
 *                conv 120 k5 | relu | fc 84 | relu | fc classes     for 28x28 inputs;
 *                without the p2 for 32x32; with fc 120 for conv 120 k5 for all others
 *   lenet5-half  the same with 3, 8, 60 and 42 for 6, 16, 120 and 84
 *   mlp          flatten | fc 256 | relu | fc 128 | relu | fc classes */
#ifndef AMKD_NET_ARCH_H
#define AMKD_NET_ARCH_H

#include <stddef.h>

typedef enum amkd_layer_type {
    AMKD_CONV,
    AMKD_FC,
    AMKD_RELU,
    AMKD_TANH,
    AMKD_MAXPOOL,
    AMKD_AVGPOOL,
    AMKD_FLATTEN,
} amkd_layer_type;

typedef struct amkd_shape {
    size_t channels, height, width;
} amkd_shape;

typedef struct amkd_layer {
    amkd_layer_type type;
    amkd_shape in, out;      /* of fc: out is N x 1 x 1 */
    size_t kernel, stride, padding; /* conv and pools; pools have no padding and, as in
                                PyTorch, drop an incomplete last window */
    size_t weights;          /* offset in the parameters, in floats: conv [oc][ic][k][k],
                                fc [out][in] with in flattened as [c][y][x] */
    size_t nweights;
    size_t biases;           /* offset of out.channels biases */
} amkd_layer;

typedef struct amkd_arch {
    char *text;              /* canonical: names expanded, flatten explicit; parsing it
                                again gives the same arch */
    amkd_shape in;
    size_t nlayers;
    amkd_layer *layers;      /* layer l is module l of the Sequential */
    size_t nparameters;      /* floats of all weights and biases */
    size_t nclasses;
} amkd_arch;

/* Parses text for an input shape. nclasses: what "fc classes" (and so every named text)
 * stands for, and what the network's outputs must then be; 0: as many as the text says.
 * The last layer must be an fc, or a conv ending at 1x1. Errors name the layer, numbered
 * from 1 as it stands in the text. On failure arch is left cleared. */
int amkd_arch_parse(amkd_arch *arch, const char *text, amkd_shape in, size_t nclasses);
int amkd_arch_copy(amkd_arch *arch, const amkd_arch *source);
void amkd_arch_clear(amkd_arch *arch); /* a zeroed arch is fine */

/* Multiply-adds of one forward pass of one sample. */
double amkd_arch_nmacs(const amkd_arch *arch);

/* The text of layers [first, end), freed with free(); NULL with the error set. */
char *amkd_arch_part(const amkd_arch *arch, size_t first, size_t end);

size_t amkd_shape_size(amkd_shape shape);

#endif
