/* The activations as nodes of ONNX and as expressions of C, a row each. */
#include "layers/act_export.h"
#include <stdio.h>
#include <string.h>

/* An activation on its way into a graph. */
typedef struct target {
    const char *module, *in, *out;
    float value;
    amkd_onnx *onnx;
} target;

/* A node that makes the value called part of the values a and b; b: NULL for none. */
static void add_node(const target *t, const char *operator, const char * a, const char *b,
                     const char *part)
{
    char output[AMKD_PART_NBYTES];
    amkd_layer_part(output, t->module, part);
    amkd_onnx_node(t->onnx, operator, output, a, b, output);
}

static void add_number(const target *t, const char *part, const float *number)
{
    char name[AMKD_PART_NBYTES];
    amkd_onnx_floats(t->onnx, amkd_layer_part(name, t->module, part), NULL, 0, number);
}

static void relu(const target *t)
{
    amkd_onnx_node(t->onnx, "Relu", t->module, t->in, NULL, t->out);
}

static void relu6(const target *t)
{
    static const float zero = 0, six = 6;
    char name[AMKD_PART_NBYTES];
    add_number(t, "least", &zero);
    add_number(t, "most", &six);
    amkd_onnx_begin(t->onnx, "Clip", t->module);
    amkd_onnx_input(t->onnx, t->in);
    amkd_onnx_input(t->onnx, amkd_layer_part(name, t->module, "least"));
    amkd_onnx_input(t->onnx, amkd_layer_part(name, t->module, "most"));
    amkd_onnx_end(t->onnx, t->out);
}

static void leaky(const target *t)
{
    amkd_onnx_begin(t->onnx, "LeakyRelu", t->module);
    amkd_onnx_input(t->onnx, t->in);
    amkd_onnx_real(t->onnx, "alpha", t->value);
    amkd_onnx_end(t->onnx, t->out);
}

static void tanh_of(const target *t)
{
    amkd_onnx_node(t->onnx, "Tanh", t->module, t->in, NULL, t->out);
}

static void sigmoid(const target *t)
{
    amkd_onnx_node(t->onnx, "Sigmoid", t->module, t->in, NULL, t->out);
}

static void hardsigmoid(const target *t)
{
    amkd_onnx_begin(t->onnx, "HardSigmoid", t->module);
    amkd_onnx_input(t->onnx, t->in);
    amkd_onnx_real(t->onnx, "alpha", 1.0F / 6);
    amkd_onnx_real(t->onnx, "beta", 0.5F);
    amkd_onnx_end(t->onnx, t->out);
}

static void silu(const target *t)
{
    char gate[AMKD_PART_NBYTES];
    add_node(t, "Sigmoid", t->in, NULL, "gate");
    amkd_onnx_node(t->onnx, "Mul", t->module, t->in,
                   amkd_layer_part(gate, t->module, "gate"), t->out);
}

/* x / 2 (erf(x / sqrt(2)) + 1) */
static void gelu(const target *t)
{
    static const float root = 0.70710678F, one = 1, half = 0.5F;
    char a[AMKD_PART_NBYTES], b[AMKD_PART_NBYTES];
    add_number(t, "root", &root);
    add_number(t, "one", &one);
    add_number(t, "half", &half);
    add_node(t, "Mul", t->in, amkd_layer_part(b, t->module, "root"), "scaled");
    add_node(t, "Erf", amkd_layer_part(a, t->module, "scaled"), NULL, "erf");
    add_node(t, "Add", amkd_layer_part(a, t->module, "erf"),
             amkd_layer_part(b, t->module, "one"), "gate");
    add_node(t, "Mul", t->in, amkd_layer_part(b, t->module, "half"), "halved");
    amkd_onnx_node(t->onnx, "Mul", t->module, amkd_layer_part(a, t->module, "halved"),
                   amkd_layer_part(b, t->module, "gate"), t->out);
}

static void hardswish(const target *t)
{
    amkd_onnx_node(t->onnx, "HardSwish", t->module, t->in, NULL, t->out);
}

static const struct {
    const char *name;
    void (*onnx)(const target *t);
    const char *c99; /* of x and value */
} rows[] = {
    {"relu", relu, "x > 0 ? x : 0"},
    {"relu6", relu6, "fminf(fmaxf(x, 0), 6)"},
    {"leaky", leaky, "x > 0 ? x : value * x"},
    {"tanh", tanh_of, "tanhf(x)"},
    {"sigmoid", sigmoid, "1 / (1 + expf(-x))"},
    {"hardsigmoid", hardsigmoid, "fminf(fmaxf(x + 3, 0), 6) / 6"},
    {"silu", silu, "x / (1 + expf(-x))"},
    {"gelu", gelu, "x * erfcf(x * -0.70710678f) / 2"},
    {"hardswish", hardswish, "x * fminf(fmaxf(x + 3, 0), 6) / 6"},
};

/* The row of a layer, which has one. */
static size_t row_of(const amkd_layer *layer)
{
    size_t r = 0;
    while (strcmp(rows[r].name, layer->kind->name))
        r++;
    return r;
}

void amkd_act_onnx(const amkd_layer *layer, const amkd_place *at, float value,
                   amkd_onnx *onnx)
{
    const target t = {layer->module, at->inputs[0], at->output, value, onnx};
    rows[row_of(layer)].onnx(&t);
}

void amkd_act_c99(const amkd_layer *layer, const amkd_place *at, float value,
                  amkd_c99 *program)
{
    const char *expression = rows[row_of(layer)].c99;
    amkd_c99_call(program, "for (int i = 0; i < %zu; i++) {",
                  amkd_shape_size(layer->out));
    amkd_c99_call(program, "    const float x = (%s)[i];", at->inputs[0]);
    if (strstr(expression, "value"))
        amkd_c99_call(program, "    const float value = %.8ef;", (double)value);
    amkd_c99_call(program, "    (%s)[i] = %s;", at->output, expression);
    amkd_c99_call(program, "}");
}
