/* Parsing without a second thought, for parse.c. */
#ifndef AMKD_GRAPH_TEXT_INTERNAL_H
#define AMKD_GRAPH_TEXT_INTERNAL_H

#include "graph/graph.h"

/* As amkd_graph_parse, whose error does not say yet what would fit. */
int amkd_graph_read(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses);

#endif
