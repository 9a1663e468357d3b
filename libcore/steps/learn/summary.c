/* The summary of a network as a table or as JSON. */
#include "steps/learn/summary.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network_room.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A layer's line; bytes of 0: nothing is stored of it, as it is done by the op in front
 * of it or changes nothing. */
typedef struct row {
    const amkd_layer *layer;
    char text[AMKD_LAYER_NBYTES];
    size_t nweights;
    double nmacs;
    uint64_t nbytes;
} row;

static row row_of(const amkd_graph *graph, const unsigned char *stored, size_t l)
{
    const amkd_layer *layer = &graph->layers[l];
    row r = {.layer = layer, .nmacs = amkd_layer_nmacs(layer)};
    amkd_layer_print(r.text, sizeof r.text, layer);
    for (size_t p = 0; p < layer->nparameters; p++)
        r.nweights += layer->parameters[p].n;
    if (stored[l])
        r.nbytes = amkd_shape_size(layer->out) * sizeof(float);
    return r;
}

static void print_shape(char *text, size_t nbytes, const amkd_layer *layer)
{
    const amkd_shape out = layer->out;
    if (layer->flat)
        snprintf(text, nbytes, "%zu", amkd_shape_size(out));
    else
        snprintf(text, nbytes, "%zux%zux%zu", out.channels, out.height, out.width);
}

/* The widths of the columns of text. */
static void measure(int *module, int *text, const amkd_graph *graph,
                    const unsigned char *stored)
{
    *module = (int)strlen("module");
    *text = (int)strlen("layer");
    for (size_t l = 0; l < graph->nlayers; l++) {
        const row r = row_of(graph, stored, l);
        const int m = (int)strlen(r.layer->module), t = (int)strlen(r.text);
        *module = m > *module ? m : *module;
        *text = t > *text ? t : *text;
    }
}

static void print_layers(FILE *out, const amkd_graph *graph, const unsigned char *stored)
{
    int module, text;
    uint64_t nbytes = 0;
    measure(&module, &text, graph, stored);
    fprintf(out, "%-*s  %-*s  %13s  %11s  %13s  %11s\n", module, "module", text, "layer",
            "output", "weights", "multiply-adds", "bytes");
    for (size_t l = 0; l < graph->nlayers; l++) {
        char shape[64];
        const row r = row_of(graph, stored, l);
        print_shape(shape, sizeof shape, r.layer);
        fprintf(out, "%-*s  %-*s  %13s  %11zu  %13.0f  ", module, r.layer->module, text,
                r.text, shape, r.nweights, r.nmacs);
        if (r.nbytes)
            fprintf(out, "%11llu\n", (unsigned long long)r.nbytes);
        else
            fprintf(out, "%11s\n", "-");
        nbytes += r.nbytes;
    }
    fprintf(out, "%-*s  %-*s  %13s  %11zu  %13.0f  %11llu\n\n", module, "sum", text, "",
            "", graph->nparameters, amkd_graph_nmacs(graph), (unsigned long long)nbytes);
    if (graph->nparameters > graph->ntrained)
        fprintf(out,
                "%zu of the weights are running means and variances, which no gradient "
                "moves.\n\n",
                graph->nparameters - graph->ntrained);
}

static void print_part(FILE *out, const char *what, uint64_t nbytes)
{
    char size[AMKD_SIZE_NBYTES];
    amkd_size_print(size, sizeof size, nbytes);
    if (nbytes)
        fprintf(out, "  %-50s %12s\n", what, size);
}

static void print_training(FILE *out, const amkd_train_room *room, const char *refused)
{
    fprintf(out, "A training takes, with %llu samples a step",
            (unsigned long long)room->batch);
    if (room->micro_batch < room->batch)
        fprintf(out, " in micro-batches of %llu", (unsigned long long)room->micro_batch);
    fputs(":\n", out);
    print_part(out, "values and their gradients", room->values);
    print_part(out, "weights and copies of their gradients", room->weights);
    print_part(out, "optimizer", room->optimizer);
    print_part(out, "images, targets and their order", room->data);
    print_part(out, "other networks: assistant, --val", room->others);
    print_part(out, "weights and moments read back, in the same memory", room->host);
    print_part(out, "in all", room->nbytes);
    if (refused)
        fprintf(out, "It does not fit: %s.\n", refused);
    fputc('\n', out);
}

static void print_table(FILE *out, const amkd_summary *s, const unsigned char *stored,
                        const amkd_predictor_room *predicting)
{
    char memory[AMKD_SIZE_NBYTES], buffer[AMKD_SIZE_NBYTES];
    print_layers(out, s->graph, stored);
    if (s->training)
        print_training(out, s->training, s->refused);
    fprintf(out, "A prediction takes, with %zu samples at a time:\n",
            predicting->nsamples);
    print_part(out, "in all", predicting->nbytes);
    amkd_size_print(memory, sizeof memory, s->device->global_nbytes);
    amkd_size_print(buffer, sizeof buffer, s->device->max_buffer_nbytes);
    fprintf(out, "The device '%s' has %s, buffers of up to %s.\n\n%s\n", s->device->name,
            memory, buffer, s->graph->text);
}

static json_t *list_layers(const amkd_graph *graph, const unsigned char *stored)
{
    json_t *rows = json_array();
    for (size_t l = 0; l < graph->nlayers; l++) {
        const row r = row_of(graph, stored, l);
        const amkd_shape out = r.layer->out;
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:[I,I,I], s:I, s:f, s:I}", "module",
                            r.layer->module, "layer", r.text, "output",
                            (json_int_t)out.channels, (json_int_t)out.height,
                            (json_int_t)out.width, "weights", (json_int_t)r.nweights,
                            "multiply_adds", r.nmacs, "bytes", (json_int_t)r.nbytes));
    }
    return rows;
}

static json_t *describe_training(const amkd_train_room *room, int fits)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "batch",
                     (json_int_t)room->batch, "micro_batch",
                     (json_int_t)room->micro_batch, "values", (json_int_t)room->values,
                     "weights", (json_int_t)room->weights, "optimizer",
                     (json_int_t)room->optimizer, "data", (json_int_t)room->data,
                     "others", (json_int_t)room->others, "host", (json_int_t)room->host,
                     "bytes", (json_int_t)room->nbytes, "largest_buffer",
                     (json_int_t)room->largest, "fits", fits);
}

static int print_json(FILE *out, const amkd_summary *s, const unsigned char *stored,
                      const amkd_predictor_room *predicting)
{
    const amkd_graph *graph = s->graph;
    json_t *object = json_pack(
        "{s:s, s:[I,I,I], s:o, s:I, s:I, s:f, s:{s:I, s:I, s:I}, s:{s:s, s:I, s:I}}",
        "arch", graph->text, "input", (json_int_t)graph->in.channels,
        (json_int_t)graph->in.height, (json_int_t)graph->in.width, "layers",
        list_layers(graph, stored), "weights", (json_int_t)graph->nparameters, "trained",
        (json_int_t)graph->ntrained, "multiply_adds", amkd_graph_nmacs(graph),
        "prediction", "samples", (json_int_t)predicting->nsamples, "bytes",
        (json_int_t)predicting->nbytes, "largest_buffer",
        (json_int_t)predicting->largest_nbytes, "device", "name", s->device->name,
        "bytes", (json_int_t)s->device->global_nbytes, "max_buffer",
        (json_int_t)s->device->max_buffer_nbytes);
    if (object && s->training)
        json_object_set_new(object, "training",
                            describe_training(s->training, !s->refused));
    const int failed =
        !object || json_dumpf(object, out, JSON_INDENT(2)) || fputc('\n', out) < 0;
    json_decref(object);
    return failed ? amkd_fail("the summary could not be printed as JSON") : 0;
}

/* As text, freed with free(). */
static int print(char **text, const amkd_summary *summary, const unsigned char *stored,
                 const amkd_predictor_room *predicting)
{
    size_t nbytes;
    FILE *out = open_memstream(text, &nbytes);
    if (!out)
        return amkd_fail_errno("memory for a summary");
    int rc = 0;
    if (summary->json)
        rc = print_json(out, summary, stored, predicting);
    else
        print_table(out, summary, stored, predicting);
    const int failed = ferror(out);
    if (fclose(out) || failed)
        rc = amkd_fail("out of memory");
    if (rc) {
        free(*text);
        *text = NULL;
    }
    return rc;
}

int amkd_summary_text(char **text, const amkd_summary *summary)
{
    const amkd_graph *graph = summary->graph;
    amkd_predictor_room predicting;
    unsigned char *stored = amkd_alloc(graph->nlayers, 1);
    int rc = !stored ||
                     (summary->training ? amkd_network_find_stored(stored, graph, 1)
                                        : amkd_predictor_find_stored(stored, graph)) ||
                     amkd_predictor_room_find(&predicting, summary->device, graph)
                 ? -1
                 : 0;
    *text = NULL;
    if (!rc)
        rc = print(text, summary, stored, &predicting);
    free(stored);
    return rc;
}

int amkd_train_summary_text(char **text, const amkd_train_plan *plan,
                            const amkd_train_options *options, const amkd_device *device,
                            int json)
{
    amkd_graph graph = {0};
    amkd_train_room room;
    amkd_train_options o = *options;
    amkd_train_data data;
    int chosen;
    char *refused = NULL;
    *text = NULL;
    int rc = amkd_train_check_graph(&graph, &data, plan);
    /* What does not fit at all is shown as it is asked for. */
    if (!rc && amkd_train_fit(&o, &chosen, device, &graph, &data))
        rc = (refused = amkd_strdup(amkd_error())) ? 0 : -1;
    if (!rc)
        rc = amkd_train_room_find(&room, device, &graph, &o, &data);
    const amkd_summary summary = {&graph, device, &room, refused, json};
    if (!rc)
        rc = amkd_summary_text(text, &summary);
    free(refused);
    amkd_graph_clear(&graph);
    return rc;
}
