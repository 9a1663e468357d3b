/* Architecture texts of any bytes: refused, or layers that fit each other, with a
 * canonical text that stands for the same. The first four bytes are channels, height,
 * width and the number of classes. */
#include "fuzz/target.h"
#include "net/arch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static int same_shape(amkd_shape a, amkd_shape b)
{
    return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

static int same_layers(const amkd_arch *a, const amkd_arch *b)
{
    int same = a->nlayers == b->nlayers;
    for (size_t l = 0; l < a->nlayers && same; l++) {
        const amkd_layer *x = &a->layers[l], *y = &b->layers[l];
        same = x->type == y->type && same_shape(x->in, y->in) &&
               same_shape(x->out, y->out) && x->kernel == y->kernel &&
               x->stride == y->stride && x->padding == y->padding &&
               x->weights == y->weights && x->nweights == y->nweights &&
               x->biases == y->biases;
    }
    return same;
}

static void check_layers(const amkd_arch *arch)
{
    amkd_shape shape = arch->in;
    size_t nparameters = 0;
    for (size_t l = 0; l < arch->nlayers; l++) {
        const amkd_layer *layer = &arch->layers[l];
        require(same_shape(layer->in, shape), "layers fit each other");
        shape = layer->out;
        require(amkd_shape_size(shape) > 0, "every layer has an output");
        if (layer->nweights) {
            require(layer->weights == nparameters &&
                        layer->biases == nparameters + layer->nweights,
                    "parameters lie one after the other");
            nparameters = layer->biases + layer->out.channels;
        }
    }
    require(arch->nparameters == nparameters && arch->nclasses == shape.channels,
            "the sums are those of the layers");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_arch arch, again;
    if (nbytes < 4)
        return 0;
    char *text = calloc(nbytes - 3, 1);
    require(text != NULL, "there is memory");
    memcpy(text, bytes + 4, nbytes - 4);
    if (!amkd_arch_parse(&arch, text, (amkd_shape){bytes[0], bytes[1], bytes[2]},
                         bytes[3])) {
        check_layers(&arch);
        require(!amkd_arch_parse(&again, arch.text, arch.in, arch.nclasses),
                "the canonical text parses");
        require(!strcmp(arch.text, again.text) && same_layers(&arch, &again),
                "it stands for the same");
        amkd_arch_clear(&again);
        amkd_arch_clear(&arch);
    }
    free(text);
    return 0;
}
