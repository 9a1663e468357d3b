/* Named networks without branches: LeNet-5, a perceptron, VGG, AlexNet. */
#include "graph/named_internal.h"

/* The third layer's 5x5 kernel needs an input that two poolings leave at 5x5: 28 with
 * padding, 32 without. */
void amkd_write_lenet(amkd_writing *w, size_t half, amkd_shape in)
{
    const int is28 = in.height == 28 && in.width == 28;
    const int is32 = in.height == 32 && in.width == 32;
    amkd_write(w, "conv %d k5%s | relu | maxpool 2 | conv %d k5 | relu | maxpool 2 | ",
               half ? 3 : 6, is32 ? "" : " p2", half ? 8 : 16);
    amkd_write(w, is28 || is32 ? "conv %d k5" : "fc %d", half ? 60 : 120);
    amkd_write(w, " | relu | fc %d | relu | fc classes", half ? 42 : 84);
}

void amkd_write_mlp(amkd_writing *w, size_t unused, amkd_shape in)
{
    (void)unused;
    (void)in;
    amkd_write(w, "flatten | fc 256 | relu | fc 128 | relu | fc classes");
}

/* torchvision.models.vgg11_bn and vgg16_bn: modules are numbered with relu and pool. */
void amkd_write_vgg_bn(amkd_writing *w, size_t depth, amkd_shape in)
{
    static const size_t pool = 0;
    const size_t vgg11[] = {64,  pool, 128,  pool, 256, 256, pool,
                            512, 512,  pool, 512,  512, pool};
    const size_t vgg16[] = {64,   64,  pool, 128, 128,  pool, 256, 256, 256,
                            pool, 512, 512,  512, pool, 512,  512, 512, pool};
    const size_t *layers = depth == 11 ? vgg11 : vgg16;
    const size_t n =
        depth == 11 ? sizeof vgg11 / sizeof *vgg11 : sizeof vgg16 / sizeof *vgg16;
    size_t number = 0;
    for (size_t l = 0; l < n; l++) {
        if (layers[l] == pool) {
            amkd_write(w, "maxpool 2 | ");
            number++;
            continue;
        }
        amkd_write(w, "features.%zu: conv %zu k3 p1 | features.%zu: bn | relu | ", number,
                   layers[l], number + 1);
        number += 3;
    }
    if (in.height / 32 == 7 && in.width / 32 == 7)
        amkd_write(w, "classifier.0: fc 4096 | relu | dropout 0.5 | "
                      "classifier.3: fc 4096 | relu | dropout 0.5 | "
                      "classifier.6: fc classes");
    else
        amkd_write(w, "avgpool all | classifier: fc classes");
}

/* The AlexNet of the literature on distilling with few images. */
void amkd_write_alexnet(amkd_writing *w, size_t half, amkd_shape in)
{
    const size_t d = half ? 2 : 1;
    (void)in;
    amkd_write(w,
               "conv %zu k5 p2 | relu | maxpool 3 s2 | bn | "
               "conv %zu k5 p2 | relu | maxpool 3 s2 | bn | "
               "conv %zu k3 p1 | relu | bn | conv %zu k3 p1 | relu | bn | ",
               48 / d, 128 / d, 192 / d, 192 / d);
    amkd_write(w,
               "conv %zu k3 p1 | relu | maxpool 3 s2 | bn | "
               "fc %zu | relu | dropout 0.5 | bn | fc %zu | relu | dropout 0.5 | bn | "
               "fc classes",
               128 / d, 512 / d, 256 / d);
}
