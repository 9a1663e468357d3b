/* Named networks have another stem for small images (graph/named.h): weights that do not
 * fit the one may fit the other. */
#ifndef AMKD_NET_STEM_H
#define AMKD_NET_STEM_H

#include "graph/graph.h"
#include "net/safetensors.h"

/* Adds to the present error, which says that tensors do not fit the graph of arch, a
 * sentence of what they do fit, where arch is a name and that its other stem: of a text
 * for the same images or, where nobody said what these are, of an input. Returns -1. */
int amkd_stem_hint(const amkd_tensors *tensors, const char *arch, const amkd_graph *graph,
                   int said_input);

#endif
