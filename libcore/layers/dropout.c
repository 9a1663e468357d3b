/* Dropout (torch.nn.Dropout; Srivastava et al., JMLR 15, 2014): a training takes each
 * value for 0 with a probability, and the others for x / (1 - probability). Which they
 * are follows from the seed, the step, the layer, the sample and the value. */
#include "ops/dropout.h"
#include "layers/kinds.h"
#include "layers/words.h"
#include <stdio.h>
#include <string.h>

typedef float __attribute__((may_alias)) setting;

static float share_of(const amkd_layer *layer)
{
    return *AMKD_SETTINGS_OF(setting, layer);
}

static int parse(amkd_layer *layer, const amkd_words *words)
{
    float share;
    if (words->n != 2 || amkd_word_real(&share, words->words[1]) ||
        !(share >= 0 && share < 1))
        return amkd_words_fail(words, "expected the share of values to drop, 0 or more "
                                      "and below 1 (as in 'dropout 0.5')");
    *AMKD_SETTINGS(setting, layer) = share;
    return 0;
}

static void print(char *text, size_t nbytes, const amkd_layer *layer)
{
    amkd_word_print(strcpy(text, " ") + 1, nbytes - 1, share_of(layer));
}

/* What value at of the batch is multiplied with. */
static double factor(const amkd_layer *layer, const amkd_batch64 *b,
                     const amkd_dropout *dropout, size_t at)
{
    const size_t size = amkd_shape_size(layer->in);
    if (!b->training)
        return 1;
    return amkd_dropout_keeps(dropout, (uint32_t)(at / size), (uint32_t)(at % size))
               ? 1 / (1 - (double)share_of(layer))
               : 0;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const amkd_dropout d = amkd_dropout_of(share_of(layer), b->seed, b->step, b->layer);
    for (size_t i = 0; i < b->n * amkd_shape_size(layer->in); i++)
        b->out[i] = b->in[0][i] * factor(layer, b, &d, i);
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const amkd_dropout d = amkd_dropout_of(share_of(layer), b->seed, b->step, b->layer);
    for (size_t i = 0; i < b->n * amkd_shape_size(layer->in); i++)
        b->d_in[0][i] += b->d_out[i] * factor(layer, b, &d, i);
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    return amkd_dropout_new(out, device, &shape, share_of(layer), options->layer);
}

static int part(amkd_part *part, const amkd_layer *layer)
{
    (void)layer;
    *part = (amkd_part){.type = AMKD_PART_NOTHING};
    return 1;
}

static const amkd_example examples[] = {
    {"conv 5 k2 | relu | dropout 0.3 | fc 6 | dropout 0.5 | tanh | fc 3", {2, 4, 5}},
    {"dropout 0 | residual( dropout 0.75 | conv 2 k1 ; dropout 0.1 ) | fc 3", {2, 3, 1}},
    {0},
};

const amkd_kind amkd_kind_dropout = {
    .name = "dropout",
    .grammar = "dropout SHARE",
    .examples = examples,
    .traits = AMKD_ALIAS | AMKD_TAKES_ACT | AMKD_MASKS,
    .facts = {.adds = 1},
    .parse = parse,
    .print = print,
    .forward64 = forward64,
    .backward64 = backward64,
    .open = open,
    .part = part,
};
