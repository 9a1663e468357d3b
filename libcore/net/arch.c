/* An architecture as a value: its copies, its end, its sizes. arch_parse.c makes one. */
#include "net/arch.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

int amkd_arch_copy(amkd_arch *arch, const amkd_arch *source)
{
    *arch = *source;
    arch->text = amkd_strdup(source->text);
    arch->layers = amkd_alloc(source->nlayers, sizeof(*arch->layers));
    if (!arch->text || !arch->layers) {
        amkd_arch_clear(arch);
        return -1;
    }
    memcpy(arch->layers, source->layers, source->nlayers * sizeof(*arch->layers));
    return 0;
}

void amkd_arch_clear(amkd_arch *arch)
{
    free(arch->text);
    free(arch->layers);
    memset(arch, 0, sizeof(*arch));
}

double amkd_arch_nmacs(const amkd_arch *arch)
{
    double nmacs = 0;
    for (size_t l = 0; l < arch->nlayers; l++) {
        const amkd_layer *layer = &arch->layers[l];
        /* Each weight is used once per pixel of its output channel. */
        nmacs += (double)layer->nweights * (double)layer->out.height *
                 (double)layer->out.width;
    }
    return nmacs;
}

size_t amkd_shape_size(amkd_shape shape)
{
    return shape.channels * shape.height * shape.width;
}

char *amkd_arch_part(const amkd_arch *arch, size_t first, size_t end)
{
    const char *begin = arch->text, *stop;
    for (size_t l = 0; l < first; l++)
        begin = strstr(begin, " | ") + 3;
    stop = begin;
    for (size_t l = first; l < end; l++) {
        const char *bar = strstr(l == first ? begin : stop + 3, " | ");
        stop = bar ? bar : begin + strlen(begin);
    }
    return amkd_format("%.*s", (int)(stop - begin), begin);
}
