/* What a network's kernels are for. */
#include "net/network_profile.h"
#include <stdio.h>

void amkd_network_tell(amkd_profile *profile, const amkd_layer *layer, const char *text,
                       int sum, amkd_pass pass, const amkd_batch *run)
{
    static const char *const passes[] = {"forward", "backward weights", "backward data"};
    const size_t nvalues = amkd_shape_size(layer->in) * layer->ninputs +
                           amkd_shape_size(layer->out) * (sum ? 2 : 1);
    size_t nweights = 0;
    for (size_t p = 0; p < layer->nparameters; p++)
        nweights += layer->parameters[p].n;
    amkd_work work = {
        .pass = passes[pass],
        .flops = 2 * amkd_layer_nmacs(layer) * (double)run->nsamples,
        .nbytes = sizeof(float) * ((double)(nvalues * run->nsamples) + (double)nweights),
    };
    snprintf(work.what, sizeof work.what, "%s%s%.100s", layer->module,
             *layer->module ? ": " : "", text);
    amkd_profile_begin(profile, &work);
}
