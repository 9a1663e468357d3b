/* The parser of texts, for parse.c. */
#ifndef AMKD_GRAPH_TEXT_INTERNAL_H
#define AMKD_GRAPH_TEXT_INTERNAL_H

#include "graph/graph.h"

/* As amkd_graph_parse of a text that is no name, for an input that is an image's. Its
 * error does not say of which text it is. */
int amkd_graph_read(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses);

/* Reads the words of a text that is no name, and nothing that depends on shapes. */
int amkd_graph_read_words(const char *text);

#endif
