/* Batch normalization folded into the weights in front of it, for predictions. */
#ifndef AMKD_NET_FOLD_H
#define AMKD_NET_FOLD_H

#include "net/model.h"

/* A model that predicts the same, without the normalizations that follow right behind a
 * convolution or a fully connected layer:
 *
 *     W' = scale W,   b' = scale b + shift
 *
 * Others stay. Its graph's text is that of model; its provenance and class names are not
 * taken over. Freed with amkd_model_free. */
int amkd_model_fold(amkd_model **out, const amkd_model *model);

/* Whether layer l is a normalization that goes into the one in front of it. */
int amkd_graph_folds(const amkd_graph *graph, size_t l);

#endif
