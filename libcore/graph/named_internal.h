/* How the texts of named networks are put together. */
#ifndef AMKD_GRAPH_NAMED_INTERNAL_H
#define AMKD_GRAPH_NAMED_INTERNAL_H

#include "graph/named.h"

/* A text that grows. */
typedef struct amkd_writing {
    char *text; /* NULL before the first part */
    int failed; /* there was no memory; what is said then does nothing */
} amkd_writing;

/* Adds a part as printf does. */
void amkd_write(amkd_writing *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "CONV: conv N kK sS p(K/2) gG nobias | BN: bn", and " | ACT" if act is not NULL. name
 * is what stands before both names. */
typedef struct amkd_conv_bn {
    const char *name, *conv, *bn; /* the module "NAME" "CONV" is the convolution */
    size_t n, kernel, stride, groups;
    const char *padding; /* "same", or NULL: half the kernel */
    const char *options; /* of bn: " e0.001 m0.01", or "" */
    const char *act;
} amkd_conv_bn;
void amkd_write_conv_bn(amkd_writing *w, const amkd_conv_bn *c);

int amkd_is_small(amkd_shape in);

/* Channels times width as a multiple of 8, never less than nine tenths of the product:
 * torchvision's _make_divisible. */
size_t amkd_divisible(double channels);

/* A family writes one network. number and width are what stands in the list of names. */
void amkd_write_lenet(amkd_writing *w, size_t half, amkd_shape in);
void amkd_write_mlp(amkd_writing *w, size_t unused, amkd_shape in);
void amkd_write_cifar_resnet(amkd_writing *w, size_t depth, amkd_shape in);
void amkd_write_cifar_resnet_a(amkd_writing *w, size_t depth, amkd_shape in);
void amkd_write_wrn(amkd_writing *w, size_t depth, amkd_shape in); /* twice as wide */
void amkd_write_resnet(amkd_writing *w, size_t depth, amkd_shape in);
void amkd_write_vgg_bn(amkd_writing *w, size_t depth, amkd_shape in);
void amkd_write_alexnet(amkd_writing *w, size_t half, amkd_shape in);
void amkd_write_mobilenetv2(amkd_writing *w, double width, amkd_shape in);
void amkd_write_mobilenetv3_small(amkd_writing *w, size_t unused, amkd_shape in);
void amkd_write_efficientnet_lite0(amkd_writing *w, size_t unused, amkd_shape in);

#endif
