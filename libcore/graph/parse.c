/* A network from a name or a text; where the images are too small for it, the error says
 * which would do. */
#include "base/error.h"
#include "base/memory.h"
#include "graph/graph.h"
#include "graph/named.h"
#include "graph/text_internal.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 1 << 20 }; /* of an image, and its channels */

static int check_input(amkd_shape in)
{
    size_t size;
    const int failed = !in.channels || !in.height || !in.width ||
                       in.channels > MAX_SIDE || in.height > MAX_SIDE ||
                       in.width > MAX_SIDE ||
                       __builtin_mul_overflow(in.channels * in.height, in.width, &size) ||
                       size > AMKD_MAX_FLOATS;
    return failed ? amkd_fail("an input of %zu channels, %zux%zu pixels, is no image",
                              in.channels, in.height, in.width)
                  : 0;
}

/* Whether the text looks like a network's name, and no layer is called so. */
static int is_name(const char *text)
{
    const size_t n = strlen(text);
    return n && !strpbrk(text, " \t\r\n|;():") && !amkd_kind_find(text, n);
}

static int fail_name(const char *text)
{
    char *names = amkd_named_list();
    const int rc = names
                       ? amkd_fail("no network is called '%.60s', expected one of %s, or "
                                   "layers with '|' between",
                                   text, names)
                       : -1;
    free(names);
    return rc;
}

/* A name or a text. */
static int read_any(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses)
{
    char *named = NULL;
    memset(graph, 0, sizeof(*graph));
    if (check_input(in) || amkd_named_text(&named, text, in))
        return -1;
    if (!named && is_name(text))
        return fail_name(text);
    const int rc = amkd_graph_read(graph, named ? named : text, in, nclasses);
    free(named);
    return rc ? amkd_fail_in("architecture '%.100s'", text) : 0;
}

int amkd_graph_check_text(const char *text)
{
    static const amkd_shape any = {3, 32, 32};
    char *named = NULL;
    if (amkd_named_text(&named, text, any))
        return -1;
    const int is_named = named != NULL;
    free(named);
    if (is_named)
        return 0;
    if (is_name(text))
        return fail_name(text);
    return amkd_graph_read_words(text) ? amkd_fail_in("architecture '%.100s'", text) : 0;
}

static int takes(const char *text, amkd_shape in, size_t side, size_t nclasses)
{
    amkd_graph graph;
    in.height = in.width = side;
    if (read_any(&graph, text, in, nclasses))
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
    if (!read_any(graph, text, in, nclasses))
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
