/* A model as a C99 file. */
#include "emit/c99.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/version.h"
#include "export/export.h"
#include "export/export_internal.h"
#include "export/scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_NBYTES = 40 };

typedef struct builder {
    const amkd_model *model; /* whose network is exported */
    const amkd_export_plan *plan;
    amkd_c99 program;
    amkd_scratch scratch;
} builder;

/* What the function makes. */
static const char *values_of(const builder *b)
{
    return b->plan->logits ? "logits" : "probabilities";
}

/* "void NAME_predict(...)", with its prefix and end. */
static void add_signature(builder *b, const char *before, const char *after)
{
    amkd_c99_print(&b->program,
                   "%svoid %s_predict(float *%s, const unsigned char *pixels, float "
                   "*scratch)%s",
                   before, b->plan->name, values_of(b), after);
}

static void add_json(builder *b, const char *title, const json_t *value)
{
    if (!value)
        return;
    amkd_c99_print(&b->program, " *\n * %s:\n", title);
    amkd_c99_comment(&b->program, value);
}

/* What the file is, and how it is called. */
static void add_comment(builder *b, const amkd_model *model)
{
    const amkd_graph *graph = &model->graph;
    const amkd_shape in = graph->in;
    amkd_c99_print(&b->program,
                   "/* An image classifier of %zu classes, made by amkd-export %s.\n *\n",
                   graph->nclasses, AMKD_VERSION);
    add_signature(b, " *     ", ";\n *\n");
    amkd_c99_print(
        &b->program,
        " * writes %s[%zu] for one image, pixels[%zu][%zu][%zu]: rows, columns,\n"
        " * channels. It works in scratch[%zu], which needs no first values, and in\n"
        " * nothing else: threads may call it at once, each with a scratch of its own.\n"
        " *\n",
        values_of(b), graph->nclasses, in.height, in.width, in.channels, b->scratch.n);
    amkd_c99_puts(
        &b->program,
        " * It needs C99 and its mathematics (-lm). With -DAMKD_MAIN it is a program\n"
        " * that reads raw pixels of images and prints a line for each:\n"
        " *\n"
        " *     cc -std=c99 -O3 -DAMKD_MAIN -o classify FILE.c -lm\n"
        " *     ./classify <PIXELS\n");
    amkd_c99_print(&b->program, " *\n * The network:\n * %s\n", graph->text);
    add_json(b, "The classes", model->class_names);
    add_json(b, "How it came to be", model->provenance);
    amkd_c99_puts(&b->program, " */\n");
}

static void add_declarations(builder *b)
{
    const amkd_graph *graph = &b->model->graph;
    const amkd_shape in = graph->in;
    amkd_c99_print(&b->program,
                   "#include <math.h>\n#include <stddef.h>\n\n"
                   "enum {\n    HEIGHT = %zu,\n    WIDTH = %zu,\n    CHANNELS = %zu,\n"
                   "    CLASSES = %zu,\n    SCRATCH = %zu\n};\n\n"
                   "typedef %s weight;\n\n",
                   in.height, in.width, in.channels, graph->nclasses, b->scratch.n,
                   b->plan->int8 ? "signed char" : "float");
    add_signature(b, "", ";\n");
}

/* The names of the classes, for those who call. */
static void add_class_names(builder *b, const amkd_model *model)
{
    size_t index;
    json_t *name;
    amkd_c99 *program = &b->program;
    if (!model->class_names)
        return;
    amkd_c99_print(program,
                   "\nextern const char *const %s_class_names[CLASSES];\n"
                   "const char *const %s_class_names[CLASSES] = {\n",
                   b->plan->name, b->plan->name);
    json_array_foreach (model->class_names, index, name) {
        amkd_c99_puts(program, "    ");
        amkd_c99_quote(program, json_string_value(name));
        amkd_c99_puts(program, ",\n");
    }
    amkd_c99_puts(program, "};\n");
}

/* Where a value lies. */
static void print_place(char *text, const builder *b, size_t value)
{
    if (value == b->model->graph.nlayers)
        snprintf(text, PLACE_NBYTES, "%s", values_of(b));
    else if (b->scratch.offsets[value])
        snprintf(text, PLACE_NBYTES, "scratch + %zu", b->scratch.offsets[value]);
    else
        snprintf(text, PLACE_NBYTES, "scratch");
}

static void add_normalization(builder *b)
{
    const amkd_model *model = b->model;
    const size_t nchannels = model->graph.in.channels;
    char place[PLACE_NBYTES];
    print_place(place, b, 0);
    amkd_c99_use(&b->program, "normalize");
    amkd_c99_floats(&b->program, "mean", 0, model->mean, nchannels);
    amkd_c99_floats(&b->program, "std", 0, model->std, nchannels);
    amkd_c99_call(&b->program, "normalize(%s, pixels, mean_0, std_0);", place);
}

static void add_layer(builder *b, size_t l)
{
    const amkd_layer *layer = &b->model->graph.layers[l];
    char inputs[AMKD_MAX_INPUTS][PLACE_NBYTES], output[PLACE_NBYTES];
    char text[AMKD_LAYER_NBYTES];
    amkd_place place = {
        .parameters = b->model->parameters, .output = output, .number = l};
    if (!layer->kind->c99)
        return;
    for (size_t i = 0; i < layer->ninputs; i++) {
        print_place(inputs[i], b, layer->inputs[i]);
        place.inputs[i] = inputs[i];
    }
    print_place(output, b, l + 1);
    amkd_layer_print(text, sizeof text, layer);
    amkd_c99_call(&b->program, "/* %s: %s */", layer->module, text);
    layer->kind->c99(layer, &place, &b->program);
}

/* The function that calls the layers, and the main. */
static void add_function(builder *b)
{
    amkd_c99 *program = &b->program;
    if (!b->plan->logits) {
        amkd_c99_use(program, "softmax");
        amkd_c99_call(program, "softmax(probabilities, %.8ef);",
                      (double)b->model->temperature);
    }
    amkd_c99_routines(program);
    add_signature(b, "\n", "\n{\n");
    amkd_c99_puts(program, program->calls.data);
    amkd_c99_print(program, "}\n\n#define PREDICT %s_predict\n", b->plan->name);
    amkd_c99_main(program);
}

/* Everything, in the order of the file. Layers' arrays are written on the way. */
static int write_program(builder *b, const amkd_model *model)
{
    add_comment(b, model);
    add_declarations(b);
    add_class_names(b, model);
    amkd_c99_puts(&b->program, "\n");
    add_normalization(b);
    for (size_t l = 0; l < b->model->graph.nlayers; l++)
        add_layer(b, l);
    if (!b->program.failed)
        add_function(b);
    return b->program.failed ? -1 : 0;
}

static int write_file(builder *b, const amkd_model *model)
{
    amkd_output *file;
    if (amkd_output_open(&file, b->plan->output))
        return -1;
    b->program.output = file;
    if (write_program(b, model)) {
        amkd_output_discard(file);
        return -1;
    }
    return amkd_output_commit(file);
}

int amkd_export_c99(amkd_export_counts *counts, const amkd_model *model,
                    const amkd_export_plan *plan)
{
    builder b = {.plan = plan, .program = {.int8 = plan->int8}};
    amkd_model *folded;
    if (amkd_export_fold(&folded, &b.model, model, plan))
        return -1;
    int rc = amkd_scratch_plan(&b.scratch, &b.model->graph);
    if (!rc)
        rc = write_file(&b, model);
    *counts = (amkd_export_counts){.nweights = b.model->graph.nparameters,
                                   .nbytes = b.program.nbytes,
                                   .nscratch = b.scratch.n};
    amkd_c99_clear(&b.program);
    amkd_scratch_clear(&b.scratch);
    amkd_model_free(folded);
    return rc;
}
