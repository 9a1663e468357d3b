/* Scratch memory: each value gets the lowest place that is free as long as it is needed.
 */
#include "export/scratch.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* Values that share a place: one is another name of the other, or is written over it. */
typedef struct room {
    size_t size, offset;
    size_t first, last; /* the layers that write it first and read it last; the input is
                           written by layer 0 */
} room;

typedef struct planner {
    const amkd_graph *graph;
    size_t *room_of; /* [nvalues], numbers of rooms */
    size_t *last;    /* [nvalues], the layer that reads a value last */
    room *rooms;
    size_t nrooms;
} planner;

/* Whether layer l makes no value of its own. */
static int is_alias(const planner *p, size_t l)
{
    return p->graph->layers[l].kind->c99 == NULL;
}

static void find_last_readers(const planner *p)
{
    for (size_t l = 0; l < p->graph->nlayers; l++)
        for (size_t i = 0; i < p->graph->layers[l].ninputs; i++)
            p->last[p->graph->layers[l].inputs[i]] = l;
}

/* Whether layer l may write over its first input, which nobody needs any more. */
static int is_in_place(const planner *p, size_t l)
{
    const amkd_layer *layer = &p->graph->layers[l];
    const size_t own = p->room_of[layer->inputs[0]];
    if (!amkd_layer_is(layer, AMKD_IN_PLACE) || p->rooms[own].last != l)
        return 0;
    for (size_t i = 1; i < layer->ninputs; i++)
        if (p->room_of[layer->inputs[i]] == own)
            return 0;
    return 1;
}

static void add_room(planner *p, size_t value, size_t first)
{
    p->room_of[value] = p->nrooms;
    p->rooms[p->nrooms++] = (room){amkd_shape_size(amkd_graph_shape(p->graph, value)), 0,
                                   first, p->last[value]};
}

/* The rooms, in the order of their first layers. */
static void find_rooms(planner *p)
{
    add_room(p, 0, 0);
    for (size_t l = 0; l + 1 < p->graph->nlayers; l++) {
        const size_t before = p->room_of[p->graph->layers[l].inputs[0]];
        if (!is_alias(p, l) && !is_in_place(p, l)) {
            add_room(p, l + 1, l);
            continue;
        }
        p->room_of[l + 1] = before;
        if (p->last[l + 1] > p->rooms[before].last)
            p->rooms[before].last = p->last[l + 1];
    }
}

/* A room before this one that is needed at the same time and would lie in its place; NULL
 * if there is none. */
static const room *in_the_way(const planner *p, const room *r)
{
    for (const room *o = p->rooms; o < r; o++)
        if (o->last >= r->first && o->offset < r->offset + r->size &&
            r->offset < o->offset + o->size)
            return o;
    return NULL;
}

static size_t place_rooms(planner *p)
{
    size_t n = 0;
    for (room *r = p->rooms; r < p->rooms + p->nrooms; r++) {
        const room *other;
        while ((other = in_the_way(p, r)))
            r->offset = other->offset + other->size;
        n = r->offset + r->size > n ? r->offset + r->size : n;
    }
    return n;
}

int amkd_scratch_plan(amkd_scratch *scratch, const amkd_graph *graph)
{
    const size_t nvalues = graph->nlayers + 1;
    planner p = {.graph = graph,
                 .room_of = amkd_alloc(nvalues, sizeof *p.room_of),
                 .last = amkd_alloc(nvalues, sizeof *p.last),
                 .rooms = amkd_alloc(nvalues, sizeof *p.rooms)};
    scratch->offsets = amkd_alloc(nvalues, sizeof *scratch->offsets);
    const int rc = p.room_of && p.last && p.rooms && scratch->offsets ? 0 : -1;
    if (!rc) {
        find_last_readers(&p);
        find_rooms(&p);
        scratch->n = place_rooms(&p);
        for (size_t v = 0; v < graph->nlayers; v++)
            scratch->offsets[v] = p.rooms[p.room_of[v]].offset;
    }
    free(p.room_of);
    free(p.last);
    free(p.rooms);
    return rc;
}

void amkd_scratch_clear(amkd_scratch *scratch)
{
    free(scratch->offsets);
    memset(scratch, 0, sizeof *scratch);
}
