/* The other stem of a named network is tried with the weights, before it is told of. */
#include "net/stem.h"
#include "base/error.h"
#include "base/memory.h"
#include "graph/named.h"
#include "net/model.h"
#include "net/model_weights.h"
#include <stdlib.h>

/* Images that get the other stem. */
static amkd_shape other_shape(amkd_shape in, const amkd_named_usual *usual)
{
    const int small = in.height <= AMKD_SMALL_SIDE && in.width <= AMKD_SMALL_SIDE;
    const size_t side = small ? usual->in.height : AMKD_SMALL_SIDE;
    return (amkd_shape){in.channels, side, side};
}

/* Whether a network of this text, of the same images and classes, takes the tensors. */
static int fits(const amkd_tensors *tensors, const char *text, const amkd_graph *graph)
{
    amkd_taking taking = {.fresh_head = 1};
    amkd_model *model = NULL;
    amkd_graph other;
    if (amkd_graph_parse(&other, text, graph->in, graph->nclasses))
        return 0;
    const int taken =
        !amkd_model_init(&model, &other, 0) && !amkd_model_take(model, tensors, &taking);
    amkd_model_free(model);
    amkd_graph_clear(&other);
    return taken;
}

int amkd_stem_hint(const amkd_tensors *tensors, const char *arch, const amkd_graph *graph,
                   int said_input)
{
    amkd_named_usual usual;
    char *said = amkd_strdup(amkd_error()), *text = NULL;
    if (!said || !amkd_named_usual_of(&usual, arch)) {
        free(said);
        return -1;
    }
    const amkd_shape in = other_shape(graph->in, &usual);
    const int known = !amkd_named_text(&text, arch, in) && text;
    const int fit = known && fits(tensors, text, graph);
    if (fit && said_input)
        amkd_fail("%s\nThey fit the text that 'amkd-train --summary -a %s --input "
                  "%zux%zux%zu --classes %zu' prints last, whose stem is that for images "
                  "of this size",
                  said, arch, in.channels, in.height, in.width, graph->nclasses);
    else if (fit)
        amkd_fail("%s\nThey fit ',arch=%s,input=%zux%zux%zu', whose stem is that for "
                  "images of this size",
                  said, arch, in.channels, in.height, in.width);
    else
        amkd_fail("%s", said);
    free(said);
    free(text);
    return -1;
}
