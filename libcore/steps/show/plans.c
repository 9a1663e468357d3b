/* The plans of a model's layers as a table or as JSON. */
#include "steps/show/plans.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/model.h"
#include "net/network_plan.h"
#include <jansson.h>
#include <stdlib.h>

/* Seconds for trials: somebody waits to see them. */
static const double patience = 60;

static const char *const passes[] = {"forward", "backward weights", "backward data"};

typedef struct listing {
    FILE *out;
    json_t *rows; /* NULL: a table */
    const amkd_graph *graph;
    const amkd_network *network;
} listing;

static double gflops(const amkd_plan *plan, const amkd_way *way)
{
    return way->seconds > 0 ? plan->flops / way->seconds * 1e-9 : 0;
}

/* A wrong way is not timed. */
static int has_run(const amkd_way *way)
{
    return way->seconds > 0 || way->fate == AMKD_FATE_WRONG;
}

static void print_speed(FILE *out, const amkd_plan *plan, const amkd_way *way, int width)
{
    if (way->seconds > 0)
        fprintf(out, "%*.1f", width, gflops(plan, way));
    else
        fprintf(out, "%*s", width, "-");
    if (has_run(way))
        fprintf(out, " %7.0e", way->error);
    else
        fprintf(out, " %7s", "-");
}

/* "fc 120 | relu  400x1x1 to 120x1x1  forward  own  120.3  3e-07  clblast: 90.1 4e-07
 * slower;" */
static int print_row(const listing *l, const amkd_plan *plan, const char *layers,
                     const amkd_layer *first, amkd_pass pass)
{
    char shape[64];
    const amkd_way *chosen = &plan->ways[plan->chosen];
    snprintf(shape, sizeof shape, "%zux%zux%zu to %zux%zux%zu", first->in.channels,
             first->in.height, first->in.width, first->out.channels, first->out.height,
             first->out.width);
    fprintf(l->out, "%-26s  %-26s  %-16s  %-14s", layers, shape, passes[pass],
            chosen->name);
    print_speed(l->out, plan, chosen, 8);
    for (size_t w = 0; w < plan->nways; w++) {
        const amkd_way *way = &plan->ways[w];
        if (w == plan->chosen)
            continue;
        fprintf(l->out, "  %s:", way->name);
        if (has_run(way))
            print_speed(l->out, plan, way, 6);
        fprintf(l->out, " %s;", amkd_fate_name(way->fate));
    }
    return fputc('\n', l->out) < 0 ? amkd_fail_errno("the plans") : 0;
}

static json_t *describe_ways(const amkd_plan *plan)
{
    json_t *ways = json_array();
    for (size_t w = 0; ways && w < plan->nways; w++) {
        const amkd_way *way = &plan->ways[w];
        json_t *object = json_pack("{s:s, s:b, s:s}", "name", way->name, "chosen",
                                   w == plan->chosen, "fate", amkd_fate_name(way->fate));
        if (way->seconds > 0)
            json_object_update_new(object,
                                   json_pack("{s:f, s:f}", "seconds", way->seconds,
                                             "gflops", gflops(plan, way)));
        if (has_run(way))
            json_object_set_new(object, "error", json_real(way->error));
        json_array_append_new(ways, object);
    }
    return ways;
}

static int add_row(const listing *l, const amkd_plan *plan, const char *layers,
                   const amkd_layer *first, amkd_pass pass)
{
    const amkd_shape in = first->in, out = first->out;
    json_t *row = json_pack("{s:s, s:[I,I,I], s:[I,I,I], s:s, s:f, s:b, s:o}", "layers",
                            layers, "in", (json_int_t)in.channels, (json_int_t)in.height,
                            (json_int_t)in.width, "out", (json_int_t)out.channels,
                            (json_int_t)out.height, (json_int_t)out.width, "pass",
                            passes[pass], "flops", plan->flops, "remembered",
                            plan->recalled, "ways", describe_ways(plan));
    return json_array_append_new(l->rows, row) ? amkd_fail("no memory for the plans") : 0;
}

static int list_plan(void *context, const amkd_plan *plan, size_t op, amkd_pass pass)
{
    const listing *l = context;
    char layers[2 * AMKD_LAYER_NBYTES];
    amkd_network_op_print(layers, sizeof layers, l->network, op);
    return (l->rows ? add_row : print_row)(
        l, plan, layers, &l->graph->layers[amkd_network_op_layer(l->network, op)], pass);
}

static int write_rows(const listing *l)
{
    return json_dumpf(l->rows, l->out, JSON_INDENT(2)) || fputc('\n', l->out) < 0
               ? amkd_fail_errno("the plans")
               : 0;
}

int amkd_plans_write(FILE *out, amkd_device *device, const amkd_plans_options *options)
{
    amkd_model *model;
    amkd_network *network = NULL;
    if (amkd_model_load(&model, options->model))
        return -1;
    const size_t nblocks = (options->batch + device->nlanes - 1) / device->nlanes;
    int rc = amkd_network_new(&network, device, &model->graph, nblocks, 1);
    listing l = {.out = out, .graph = &model->graph, .network = network};
    if (!rc && options->json && !(l.rows = json_array()))
        rc = amkd_fail("no memory for the plans");
    if (!rc)
        rc = amkd_network_plan(network, patience, list_plan, &l);
    if (!rc && l.rows)
        rc = write_rows(&l);
    json_decref(l.rows);
    amkd_network_free(network);
    amkd_model_free(model);
    return rc;
}
