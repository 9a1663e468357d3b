/* What a network and its data are asked before a training of them begins. */
#include "steps/learn/train_check_data.h"
#include "base/error.h"
#include "steps/learn/train_check.h"

/* The samples of the smallest micro-batch of n, which differ by one (parts.h). */
static uint64_t least_part(const amkd_train_options *options, uint64_t n)
{
    const uint64_t micro = options->micro_batch;
    return micro && micro < n ? n / ((n + micro - 1) / micro) : n;
}

/* Fails where a batch norm would meet a micro-batch of one value a channel: that of a
 * batch, or of the short one at the end of an epoch. */
static int check_norms(const amkd_graph *graph, uint64_t n,
                       const amkd_train_options *options)
{
    const uint64_t batch = n < options->batch ? n : options->batch;
    const int ends = !options->nsteps || options->nsteps > n / batch;
    const int alone = least_part(options, batch) == 1 ||
                      (ends && n % batch && least_part(options, n % batch) == 1);
    for (size_t l = 0; alone && l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        if (amkd_layer_is(layer, AMKD_NORMALIZES) && layer->in.height == 1 &&
            layer->in.width == 1)
            return amkd_fail("layer '%s: %s': a batch norm cannot train on one value a "
                             "channel, and of %llu samples in batches of %llu%s one is "
                             "left alone; another --batch%s would do",
                             layer->module, layer->kind->name, (unsigned long long)n,
                             (unsigned long long)batch,
                             options->micro_batch ? ", in micro-batches," : "",
                             options->micro_batch ? " or --micro-batch" : "");
    }
    return 0;
}

int amkd_train_check_data(const amkd_model *model, const amkd_dataset *dataset,
                          const amkd_train_options *options)
{
    const amkd_model *assistant = options->assistant;
    const amkd_images *images = dataset->images;
    if (!dataset->n)
        return amkd_fail("there is nothing to train on: no %s",
                         assistant ? "images" : "labels");
    if (options->refresh_bn && amkd_train_check_norms(&model->graph))
        return -1;
    if (check_norms(&model->graph, dataset->n, options))
        return -1;
    const amkd_shape shape = {images->channels, images->height, images->width};
    if (assistant && amkd_model_expect(assistant, shape, dataset->nclasses))
        return amkd_fail_in("the assistant");
    return amkd_model_expect(model, shape, dataset->nclasses);
}
