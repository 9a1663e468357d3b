/* Residual networks by name: those of He et al. for CIFAR, torchvision's, and the wide
 * ones of Zagoruyko and Komodakis. */
#include "graph/named_internal.h"
#include <stdio.h>

/* One residual block, called NAME ("layer1.0."). */
typedef struct block {
    char name[64];
    size_t in, width, out, stride; /* channels; width: of a bottleneck's middle */
} block;

static block block_of(const char *layer, size_t l, size_t b, size_t in, size_t out,
                      size_t stride)
{
    block made = {.in = in, .width = out, .out = out, .stride = stride};
    snprintf(made.name, sizeof made.name, "%s%zu.%zu.", layer, l + 1, b);
    return made;
}

static void write_conv(amkd_writing *w, const char *name, const char *number, size_t n,
                       size_t kernel, size_t stride, const char *act)
{
    char conv[16], bn[16];
    snprintf(conv, sizeof conv, "conv%s", number);
    snprintf(bn, sizeof bn, "bn%s", number);
    amkd_write_conv_bn(w, &(amkd_conv_bn){.name = name,
                                          .conv = conv,
                                          .bn = bn,
                                          .n = n,
                                          .kernel = kernel,
                                          .stride = stride,
                                          .act = act});
}

/* The second branch of a block that changes the shape. option_a: it has no weights. */
static void write_shortcut(amkd_writing *w, const block *b, int option_a)
{
    if (b->in == b->out && b->stride == 1)
        return;
    amkd_write(w, " ; ");
    if (option_a)
        amkd_write(w, "subsample %zu s%zu", b->out, b->stride);
    else
        amkd_write_conv_bn(w, &(amkd_conv_bn){.name = b->name,
                                              .conv = "downsample.0",
                                              .bn = "downsample.1",
                                              .n = b->out,
                                              .kernel = 1,
                                              .stride = b->stride});
}

/* Of two 3x3 convolutions. */
static void write_basic(amkd_writing *w, const block *b, int option_a)
{
    amkd_write(w, "residual( ");
    write_conv(w, b->name, "1", b->out, 3, b->stride, "relu");
    amkd_write(w, " | ");
    write_conv(w, b->name, "2", b->out, 3, 1, NULL);
    write_shortcut(w, b, option_a);
    amkd_write(w, " ) | relu | ");
}

/* Of 1x1, 3x3 and 1x1 convolutions; the stride is the second's, as torchvision has it. */
static void write_bottleneck(amkd_writing *w, const block *b)
{
    amkd_write(w, "residual( ");
    write_conv(w, b->name, "1", b->width, 1, 1, "relu");
    amkd_write(w, " | ");
    write_conv(w, b->name, "2", b->width, 3, b->stride, "relu");
    amkd_write(w, " | ");
    write_conv(w, b->name, "3", b->out, 1, 1, NULL);
    write_shortcut(w, b, 0);
    amkd_write(w, " ) | relu | ");
}

static void write_cifar(amkd_writing *w, size_t depth, int option_a)
{
    const size_t nblocks = (depth - 2) / 6;
    size_t in = 16;
    write_conv(w, "", "1", in, 3, 1, "relu");
    amkd_write(w, " | ");
    for (size_t l = 0; l < 3; l++)
        for (size_t b = 0; b < nblocks; b++) {
            const size_t out = (size_t)16 << l;
            const block made = block_of("layer", l, b, in, out, in < out ? 2 : 1);
            write_basic(w, &made, option_a);
            in = out;
        }
    amkd_write(w, "avgpool all | %s: fc classes", option_a ? "linear" : "fc");
}

void amkd_write_cifar_resnet(amkd_writing *w, size_t depth, amkd_shape in)
{
    (void)in;
    write_cifar(w, depth, 0);
}

void amkd_write_cifar_resnet_a(amkd_writing *w, size_t depth, amkd_shape in)
{
    (void)in;
    write_cifar(w, depth, 1);
}

void amkd_write_resnet(amkd_writing *w, size_t depth, amkd_shape images)
{
    const size_t nblocks18[] = {2, 2, 2, 2}, nblocks[] = {3, 4, 6, 3};
    const int is_bottleneck = depth == 50, small = amkd_is_small(images);
    size_t in = 64;
    write_conv(w, "", "1", in, small ? 3 : 7, small ? 1 : 2, "relu");
    amkd_write(w, small ? " | " : " | maxpool 3 s2 p1 | ");
    for (size_t l = 0; l < 4; l++)
        for (size_t b = 0; b < (depth == 18 ? nblocks18 : nblocks)[l]; b++) {
            const size_t width = (size_t)64 << l, out = is_bottleneck ? 4 * width : width;
            block made = block_of("layer", l, b, in, out, l && !b ? 2 : 1);
            made.width = width;
            if (is_bottleneck)
                write_bottleneck(w, &made);
            else
                write_basic(w, &made, 0);
            in = out;
        }
    amkd_write(w, "avgpool all | fc: fc classes");
}

/* Batch norm and relu stand before the convolutions; where the shape changes, before both
 * branches. */
static void write_wide(amkd_writing *w, const block *b)
{
    const char *n = b->name;
    const int same = b->in == b->out;
    if (same)
        amkd_write(w, "residual( %sbn1: bn | relu | ", n);
    else
        amkd_write(w, "%sbn1: bn | relu | residual( ", n);
    amkd_write(w,
               "%sconv1: conv %zu k3%s p1 nobias | %sbn2: bn | relu | "
               "%sconv2: conv %zu k3 p1 nobias",
               n, b->out, b->stride > 1 ? " s2" : "", n, n, b->out);
    if (!same)
        amkd_write(w, " ; %sconvShortcut: conv %zu k1%s nobias", n, b->out,
                   b->stride > 1 ? " s2" : "");
    amkd_write(w, " ) | ");
}

void amkd_write_wrn(amkd_writing *w, size_t depth, amkd_shape images)
{
    const size_t nblocks = (depth - 4) / 6;
    size_t in = 16;
    (void)images;
    amkd_write(w, "conv1: conv 16 k3 p1 nobias | ");
    for (size_t l = 0; l < 3; l++)
        for (size_t b = 0; b < nblocks; b++) {
            const size_t out = (size_t)32 << l;
            block made = {.in = in, .out = out, .stride = l && !b ? 2 : 1};
            snprintf(made.name, sizeof made.name, "block%zu.layer.%zu.", l + 1, b);
            write_wide(w, &made);
            in = out;
        }
    amkd_write(w, "bn1: bn | relu | avgpool all | fc: fc classes");
}
