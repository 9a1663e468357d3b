/* A network as a graph: the text that describes it, and the layers it stands for.
 *
 * A text is a chain of layers joined by "|", as in
 *
 *     conv 6 k5 p2 | relu | maxpool 2 | fc classes
 *
 * Each layer reads what the one before it made. A joining layer reads the ends of its
 * branches, which stand in parentheses and are chains themselves:
 *
 *     residual( conv 64 k3 p1 nobias | bn | relu | conv 64 k3 p1 nobias | bn ;
 *               conv 64 k1 nobias | bn ) | relu
 *
 * An empty branch is what goes in, and so is the first of a residual( ) or scale( ) whose
 * text has one branch alone. "3 x ( ... )" stands for the chain three times. "conv1: conv
 * 64 k7" names a module, before whose parameters the name stands in a file. A layer
 * without a name is called by its number, as in a torch.nn.Sequential of the same text:
 * in a branch behind the joining layer's name and the branch's number, "4.0.1". A flatten
 * is put in before an fc when its input is an image.
 *
 * The kinds of layers and their words: layers/kinds.c and amkd-train's manual. A text may
 * be the name of a network, too (named.h). */
#ifndef AMKD_GRAPH_GRAPH_H
#define AMKD_GRAPH_GRAPH_H

#include "layers/layer.h"

typedef struct amkd_graph {
    char *text; /* canonical: names expanded, flatten explicit; parsing it again
                   gives the same graph */
    amkd_shape in;
    size_t nlayers;
    amkd_layer *layers; /* each behind those whose values it reads; the last one makes the
                           logits */
    size_t nparameters; /* floats of all tensors: first what is trained, ... */
    size_t ntrained;    /* ... so many, then the state */
    size_t nclasses;
} amkd_graph;

/* Parses text for an input shape. nclasses: what "classes" (and so every named network)
 * stands for, and what the network's outputs must then be; 0: as many as the text says.
 * The last layer must be an fc, or a conv ending at 1x1. Errors name the layer, numbered
 * from 1 as it stands in the text, and say which square images would do where these are
 * too small. On failure graph is left cleared. */
int amkd_graph_parse(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses);

/* Fails on a text that can be of no network, whatever the input and the classes: a name
 * that no network has, words that no layer takes, branches without an end. */
int amkd_graph_check_text(const char *text);

int amkd_graph_copy(amkd_graph *graph, const amkd_graph *source);
void amkd_graph_clear(amkd_graph *graph); /* a zeroed graph is fine */

/* Multiply-adds of one forward pass of one sample. */
double amkd_graph_nmacs(const amkd_graph *graph);

/* Of a value: 0 is the input, l + 1 what layer l makes. */
amkd_shape amkd_graph_shape(const amkd_graph *graph, size_t value);

/* How many layers read a value. */
size_t amkd_graph_nreaders(const amkd_graph *graph, size_t value);

/* Adds a copy of layer, its inputs set, at the end; its shape and parameters are worked
 * out anew. where stands before an error's text. Offsets of state are right only after
 * amkd_graph_finish. */
int amkd_graph_append(amkd_graph *graph, const amkd_layer *layer, const char *where);

/* Places the state behind what is trained. */
void amkd_graph_finish(amkd_graph *graph);

#endif
