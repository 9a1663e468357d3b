/* Parsing a network's text; where the images are too small for it, the error says which
 * would do. */
#include "base/error.h"
#include "base/memory.h"
#include "graph/graph.h"
#include "graph/text_internal.h"
#include <stdlib.h>

static int takes(const char *text, amkd_shape in, size_t side, size_t nclasses)
{
    amkd_graph graph;
    in.height = in.width = side;
    if (amkd_graph_read(&graph, text, in, nclasses))
        return 0;
    amkd_graph_clear(&graph);
    return 1;
}

/* The side of square images, larger than in, that a text takes; 0: none is found. As a
 * rule it is the least. */
static size_t find_side(const char *text, amkd_shape in, size_t nclasses)
{
    enum { MOST = 256 };
    size_t fails = in.height < in.width ? in.height : in.width, fits = MOST;
    if (fails >= MOST || !takes(text, in, MOST, nclasses))
        return 0;
    while (fails + 1 < fits) {
        const size_t side = (fails + fits) / 2;
        if (takes(text, in, side, nclasses))
            fits = side;
        else
            fails = side;
    }
    return fits;
}

int amkd_graph_parse(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses)
{
    if (!amkd_graph_read(graph, text, in, nclasses))
        return 0;
    char *said = amkd_strdup(amkd_error());
    const size_t side = said ? find_side(text, in, nclasses) : 0;
    if (side)
        amkd_fail("%s; images of %zux%zu would do", said, side, side);
    else if (said)
        amkd_fail("%s", said);
    free(said);
    return -1;
}
