/* What convolutions and fully connected layers share: weights, [out][...], and a bias for
 * each output. */
#ifndef AMKD_LAYERS_LINEAR_H
#define AMKD_LAYERS_LINEAR_H

#include "layers/layer.h"

typedef struct amkd_linear {
    size_t dims[4], ndim; /* of the weights */
    int bias;
    size_t fan_out; /* outputs that an input goes into */
} amkd_linear;

/* Sets the layer's parameters. Fresh ones are uniform in +-1/sqrt(fan in), PyTorch's
 * default; without a bias, as in front of a batch norm, normal with deviation
 * sqrt(2 / fan out) (He et al., arXiv 1502.01852, as in torchvision's ResNets). */
int amkd_linear_place(amkd_layer *layer, const amkd_linear *linear, const char *where);

double amkd_linear_nmacs(const amkd_layer *layer);

/* |x| <= b goes in: |sum w x + bias| <= sum |w| b + |bias| comes out. */
double amkd_linear_bound(const amkd_layer *layer, const float *parameters,
                         const double *bounds);

/* The shape of an op of one pixel's kernel. */
amkd_op_shape amkd_linear_op_shape(const amkd_layer *layer,
                                   const amkd_op_options *options);

/* Adds the arrays of weights and biases to a C program, and writes what a call says for
 * them: "weights_3, NULL, biases_3", in text[AMKD_ARRAYS_NBYTES]. */
void amkd_linear_c99(char *text, const amkd_layer *layer, const amkd_place *at,
                     amkd_c99 *program);

enum { AMKD_ARRAYS_NBYTES = 128 };

#endif
