/* A network's architecture: the text that describes it and the layers it stands for.
 *
 *   conv N kK [sS] [pP] | fc N | relu | tanh | maxpool K [sS] | avgpool K [sS] | flatten
 *
 * joined by "|", as in "conv 6 k5 p2 | relu | maxpool 2 | fc 10". Modules are numbered as
 * in a torch.nn.Sequential of the same text; a flatten is put in before the first fc when
 * the text has none. Named: lenet5, lenet5-half, mlp. */
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
    char *text;              /* canonical: names expanded, flatten explicit */
    amkd_shape in;
    size_t nlayers;
    amkd_layer *layers;      /* layer l is module l of the Sequential */
    size_t nparameters;      /* floats of all weights and biases */
    size_t nclasses;
} amkd_arch;

/* Parses text for an input shape; the last layer must be an fc (or a conv ending at 1x1).
 * Errors name the layer. */
int amkd_arch_parse(amkd_arch *arch, const char *text, amkd_shape in);
int amkd_arch_copy(amkd_arch *arch, const amkd_arch *source);
void amkd_arch_clear(amkd_arch *arch);

/* Multiply-adds of one forward pass of one sample. */
double amkd_arch_nmacs(const amkd_arch *arch);

size_t amkd_shape_size(amkd_shape shape);

#endif
