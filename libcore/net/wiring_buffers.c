/* The buffers of a wiring. Time counts the nodes forward, then the steps backward. What
 * is stored, a value or a gradient, has a first and a last moment; things that are never
 * there together share a buffer. */
#include "base/memory.h"
#include "net/wiring_internal.h"
#include <stdlib.h>

typedef struct thing {
    size_t size, first, last;
    size_t nowners; /* values whose gradient it is */
    size_t buffer;
} thing;

typedef struct arranger {
    amkd_wiring *wiring;
    const amkd_graph *graph;
    thing *things;
    size_t n;
    size_t *values, *gradients; /* [nvalues]: things; AMKD_NOWHERE: none */
} arranger;

static size_t now(const arranger *a)
{
    return a->wiring->nnodes + a->wiring->nsteps;
}

static void use(arranger *a, size_t thing_number, size_t time)
{
    if (a->things[thing_number].last < time)
        a->things[thing_number].last = time;
}

static size_t new_thing(arranger *a, size_t value, size_t time)
{
    const amkd_shape shape = amkd_graph_shape(a->graph, value);
    a->things[a->n] = (thing){amkd_shape_size(shape), time, time, 1, 0};
    return a->n++;
}

static void add_step(arranger *a, amkd_step step)
{
    if (step.from != AMKD_NOWHERE)
        use(a, step.from, now(a));
    if (step.to != AMKD_NOWHERE)
        use(a, step.to, now(a));
    a->wiring->steps[a->wiring->nsteps++] = step;
}

/* The gradient by a value, which no other shares from now on; for node n. */
static size_t own_gradient(arranger *a, size_t n, size_t value)
{
    const size_t shared = a->gradients[value];
    if (a->things[shared].nowners == 1)
        return shared;
    a->things[shared].nowners--;
    const size_t own = new_thing(a, value, now(a));
    add_step(a, (amkd_step){AMKD_STEP_COPY, n, 0, shared, own, 0});
    a->gradients[value] = own;
    return own;
}

/* The node's gradient g is that by its inputs from number i on, too. */
static void pass_on(arranger *a, size_t n, size_t g, size_t i)
{
    const amkd_node *node = &a->wiring->nodes[n];
    for (; i < node->ninputs; i++) {
        const size_t value = node->inputs[i];
        if (!value)
            continue;
        if (a->gradients[value] == AMKD_NOWHERE) {
            a->gradients[value] = g;
            a->things[g].nowners++;
            continue;
        }
        const size_t own = own_gradient(a, n, value);
        add_step(a, (amkd_step){AMKD_STEP_ADD, n, i, g, own, 0});
    }
}

/* The gradients by the first ninputs inputs are made of the node's, g. */
static void hand_back(arranger *a, size_t n, size_t g, size_t ninputs, int adds)
{
    const amkd_node *node = &a->wiring->nodes[n];
    for (size_t i = 0; i < ninputs; i++) {
        const size_t value = node->inputs[i];
        if (!value) /* nothing asks for the gradient by the input */
            continue;
        if (a->gradients[value] == AMKD_NOWHERE) {
            a->gradients[value] = new_thing(a, value, now(a));
            add_step(a, (amkd_step){AMKD_STEP_DATA, n, i, g, a->gradients[value], 0});
        } else if (adds) {
            const size_t own = own_gradient(a, n, value);
            add_step(a, (amkd_step){AMKD_STEP_DATA, n, i, g, own, 1});
        } else {
            const size_t aside = new_thing(a, value, now(a));
            add_step(a, (amkd_step){AMKD_STEP_DATA, n, i, g, aside, 0});
            const size_t own = own_gradient(a, n, value);
            add_step(a, (amkd_step){AMKD_STEP_ADD, n, i, aside, own, 0});
        }
    }
}

/* The backward steps of a node. */
static void go_back(arranger *a, size_t n)
{
    const amkd_node *node = &a->wiring->nodes[n];
    const amkd_facts facts = a->graph->layers[node->layer].kind->facts;
    const size_t nown = node->ninputs - (node->sum_layer != AMKD_NOWHERE);
    if (node->masks) {
        const size_t own = own_gradient(a, n, node->output);
        use(a, a->values[node->output], now(a));
        add_step(a, (amkd_step){AMKD_STEP_MASK, n, 0, AMKD_NOWHERE, own, 0});
    }
    const size_t g = a->gradients[node->output];
    if (facts.has_weights)
        add_step(a, (amkd_step){AMKD_STEP_WEIGHTS, n, 0, g, AMKD_NOWHERE, 0});
    pass_on(a, n, g, facts.passes_on ? 0 : nown);
    if (!facts.passes_on)
        hand_back(a, n, g, nown, facts.adds);
    for (size_t i = 0; i < nown; i++)
        if (facts.needs_x || node->previous_act.name)
            use(a, a->values[node->inputs[i]], now(a));
    if (facts.needs_y)
        use(a, a->values[node->output], now(a));
    a->things[g].nowners--;
    a->gradients[node->output] = AMKD_NOWHERE;
}

static void go_forward(arranger *a)
{
    const amkd_wiring *s = a->wiring;
    a->values[0] = new_thing(a, 0, 0);
    for (size_t n = 0; n < s->nnodes; n++) {
        const amkd_node *node = &s->nodes[n];
        for (size_t i = 0; i < node->ninputs; i++)
            use(a, a->values[node->inputs[i]], n);
        a->values[node->output] = new_thing(a, node->output, n);
    }
}

/* The buffer that fits best of those free at a time; a new one if there is none. */
static size_t find_buffer(const amkd_wiring *s, const size_t *busy, const thing *t)
{
    size_t best = s->nbuffers;
    for (size_t b = 0; b < s->nbuffers; b++) {
        if (busy[b] >= t->first)
            continue;
        const int fits = s->sizes[b] >= t->size;
        const int best_fits = best < s->nbuffers && s->sizes[best] >= t->size;
        if (best == s->nbuffers ||
            (fits && (!best_fits || s->sizes[b] < s->sizes[best])) ||
            (!fits && !best_fits && s->sizes[b] > s->sizes[best]))
            best = b;
    }
    return best;
}

/* Things are in order of their first moments, but for a training's logits. */
static int share_buffers(arranger *a)
{
    amkd_wiring *s = a->wiring;
    size_t *busy = amkd_alloc(a->n, sizeof *busy); /* until when each buffer is */
    s->sizes = amkd_alloc(a->n, sizeof *s->sizes);
    if (!busy || !s->sizes) {
        free(busy);
        return -1;
    }
    for (size_t t = 0; t < a->n; t++) {
        thing *this = &a->things[t];
        this->buffer = find_buffer(s, busy, this);
        if (this->buffer == s->nbuffers)
            s->nbuffers++;
        busy[this->buffer] = this->last;
        if (s->sizes[this->buffer] < this->size)
            s->sizes[this->buffer] = this->size;
    }
    free(busy);
    return 0;
}

/* From things to buffers. */
static void name_buffers(arranger *a, const size_t *same)
{
    amkd_wiring *s = a->wiring;
    for (size_t v = 0; v < s->nvalues; v++) {
        const size_t number = a->values[same[v]];
        s->values[v] = number == AMKD_NOWHERE ? AMKD_NOWHERE : a->things[number].buffer;
    }
    for (size_t step = 0; step < s->nsteps; step++) {
        amkd_step *this = &s->steps[step];
        if (this->from != AMKD_NOWHERE)
            this->from = a->things[this->from].buffer;
        if (this->to != AMKD_NOWHERE)
            this->to = a->things[this->to].buffer;
    }
}

static int arrange(arranger *a, const size_t *same, int train)
{
    amkd_wiring *s = a->wiring;
    const size_t logits = same[s->nvalues - 1];
    size_t gradient = AMKD_NOWHERE;
    for (size_t v = 0; v < s->nvalues; v++)
        a->values[v] = a->gradients[v] = AMKD_NOWHERE;
    go_forward(a);
    if (train) {
        gradient = new_thing(a, logits, s->nnodes - 1);
        a->gradients[logits] = gradient;
        for (size_t n = s->nnodes; n-- > 0;)
            if (a->gradients[s->nodes[n].output] != AMKD_NOWHERE)
                go_back(a, n);
    }
    /* The input is loaded before the last run has ended, the logits are read behind it.
     */
    use(a, a->values[0], now(a));
    use(a, a->values[logits], now(a));
    if (share_buffers(a))
        return -1;
    name_buffers(a, same);
    s->logits_gradient = train ? a->things[gradient].buffer : AMKD_NOWHERE;
    return 0;
}

int amkd_wiring_arrange(amkd_wiring *wiring, const amkd_graph *graph, const size_t *same,
                        int train)
{
    size_t nreads = 0;
    for (size_t n = 0; n < wiring->nnodes; n++)
        nreads += wiring->nodes[n].ninputs;
    /* Of a read at most a gradient, a copy and one aside; of a node a masked copy. */
    const size_t nthings = 2 + 3 * nreads + 2 * wiring->nnodes;
    arranger a = {.wiring = wiring, .graph = graph};
    a.things = amkd_alloc(nthings, sizeof *a.things);
    a.values = amkd_alloc(wiring->nvalues, sizeof *a.values);
    a.gradients = amkd_alloc(wiring->nvalues, sizeof *a.gradients);
    if (train)
        wiring->steps =
            amkd_alloc(3 * nreads + 3 * wiring->nnodes, sizeof *wiring->steps);
    const int rc = a.things && a.values && a.gradients && (!train || wiring->steps)
                       ? arrange(&a, same, train)
                       : -1;
    free(a.things);
    free(a.values);
    free(a.gradients);
    return rc;
}
