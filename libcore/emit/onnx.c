/* ONNX models: the messages of onnx.proto, and their fields by number. */
#include "emit/onnx.h"
#include "base/version.h"
#include <string.h>

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET_IMPORT = 8,
    MODEL_METADATA_PROPS = 14,
    OPSET_DOMAIN = 1,
    OPSET_VERSION = 2,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OPERATOR = 4,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20,
    TENSOR_DIMS = 1,
    TENSOR_DATA_TYPE = 2,
    TENSOR_NAME = 8,
    TENSOR_RAW_DATA = 9,
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_TYPE_ELEMENT = 1,
    TENSOR_TYPE_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1,
    DIM_NAME = 2,
};

enum { TYPE_OF_FLOAT = 1, TYPE_OF_INT = 2, TYPE_OF_INTS = 7 }; /* of an attribute */

void amkd_onnx_begin(amkd_onnx *onnx, const char *operator, const char * name)
{
    onnx->node = amkd_wire_begin(&onnx->nodes, GRAPH_NODE);
    amkd_wire_text(&onnx->nodes, NODE_NAME, name);
    amkd_wire_text(&onnx->nodes, NODE_OPERATOR, operator);
}

void amkd_onnx_input(amkd_onnx *onnx, const char *value)
{
    amkd_wire_text(&onnx->nodes, NODE_INPUT, value);
}

static amkd_wire_mark begin_attribute(amkd_onnx *onnx, const char *name, unsigned type)
{
    const amkd_wire_mark mark = amkd_wire_begin(&onnx->nodes, NODE_ATTRIBUTE);
    amkd_wire_text(&onnx->nodes, ATTRIBUTE_NAME, name);
    amkd_wire_number(&onnx->nodes, ATTRIBUTE_TYPE, type);
    return mark;
}

void amkd_onnx_number(amkd_onnx *onnx, const char *attribute, size_t value)
{
    const amkd_wire_mark mark = begin_attribute(onnx, attribute, TYPE_OF_INT);
    amkd_wire_number(&onnx->nodes, ATTRIBUTE_INT, value);
    amkd_wire_end(&onnx->nodes, mark);
}

void amkd_onnx_numbers(amkd_onnx *onnx, const char *attribute, const size_t *values,
                       size_t n)
{
    const amkd_wire_mark mark = begin_attribute(onnx, attribute, TYPE_OF_INTS);
    for (size_t i = 0; i < n; i++)
        amkd_wire_number(&onnx->nodes, ATTRIBUTE_INTS, values[i]);
    amkd_wire_end(&onnx->nodes, mark);
}

void amkd_onnx_real(amkd_onnx *onnx, const char *attribute, float value)
{
    const amkd_wire_mark mark = begin_attribute(onnx, attribute, TYPE_OF_FLOAT);
    amkd_wire_float(&onnx->nodes, ATTRIBUTE_FLOAT, value);
    amkd_wire_end(&onnx->nodes, mark);
}

void amkd_onnx_end(amkd_onnx *onnx, const char *output)
{
    amkd_wire_text(&onnx->nodes, NODE_OUTPUT, output);
    amkd_wire_end(&onnx->nodes, onnx->node);
}

void amkd_onnx_node(amkd_onnx *onnx, const char *operator, const char * name,
                    const char *a, const char *b, const char *output)
{
    amkd_onnx_begin(onnx, operator, name);
    amkd_onnx_input(onnx, a);
    if (b)
        amkd_onnx_input(onnx, b);
    amkd_onnx_end(onnx, output);
}

static amkd_wire_mark begin_tensor(amkd_onnx *onnx, const char *name, const size_t *dims,
                                   size_t ndim, unsigned type)
{
    const amkd_wire_mark mark = amkd_wire_begin(&onnx->tensors, GRAPH_INITIALIZER);
    for (size_t d = 0; d < ndim; d++)
        amkd_wire_number(&onnx->tensors, TENSOR_DIMS, dims[d]);
    amkd_wire_number(&onnx->tensors, TENSOR_DATA_TYPE, type);
    amkd_wire_text(&onnx->tensors, TENSOR_NAME, name);
    return mark;
}

void amkd_onnx_floats(amkd_onnx *onnx, const char *name, const size_t *dims, size_t ndim,
                      const float *values)
{
    const amkd_wire_mark mark = begin_tensor(onnx, name, dims, ndim, AMKD_ONNX_FLOAT);
    size_t n = 1;
    for (size_t d = 0; d < ndim; d++)
        n *= dims[d];
    amkd_wire_borrow(&onnx->tensors, TENSOR_RAW_DATA, values, n * sizeof *values);
    amkd_wire_end(&onnx->tensors, mark);
}

void amkd_onnx_longs(amkd_onnx *onnx, const char *name, const int64_t *values, size_t n)
{
    const amkd_wire_mark mark = begin_tensor(onnx, name, &n, 1, AMKD_ONNX_INT64);
    amkd_wire_bytes(&onnx->tensors, TENSOR_RAW_DATA, values, n * sizeof *values);
    amkd_wire_end(&onnx->tensors, mark);
}

static void add_dim(amkd_wire *wire, size_t size, const char *name)
{
    const amkd_wire_mark mark = amkd_wire_begin(wire, SHAPE_DIM);
    if (name)
        amkd_wire_text(wire, DIM_NAME, name);
    else
        amkd_wire_number(wire, DIM_VALUE, size);
    amkd_wire_end(wire, mark);
}

static void add_value(amkd_wire *wire, unsigned field, const amkd_onnx_value *value)
{
    const amkd_wire_mark info = amkd_wire_begin(wire, field);
    amkd_wire_text(wire, VALUE_NAME, value->name);
    const amkd_wire_mark type = amkd_wire_begin(wire, VALUE_TYPE);
    const amkd_wire_mark tensor = amkd_wire_begin(wire, TYPE_TENSOR);
    amkd_wire_number(wire, TENSOR_TYPE_ELEMENT,
                     value->uint8 ? AMKD_ONNX_UINT8 : AMKD_ONNX_FLOAT);
    const amkd_wire_mark shape = amkd_wire_begin(wire, TENSOR_TYPE_SHAPE);
    add_dim(wire, 0, "batch");
    for (size_t d = 0; d < value->ndim; d++)
        add_dim(wire, value->dims[d], NULL);
    amkd_wire_end(wire, shape);
    amkd_wire_end(wire, tensor);
    amkd_wire_end(wire, type);
    amkd_wire_end(wire, info);
}

static void add_graph(amkd_wire *wire, const amkd_onnx *onnx,
                      const amkd_onnx_frame *frame)
{
    const amkd_wire_mark mark = amkd_wire_begin(wire, MODEL_GRAPH);
    amkd_wire_append(wire, &onnx->nodes);
    amkd_wire_text(wire, GRAPH_NAME, frame->name);
    amkd_wire_append(wire, &onnx->tensors);
    add_value(wire, GRAPH_INPUT, &frame->in);
    add_value(wire, GRAPH_OUTPUT, &frame->out);
    amkd_wire_end(wire, mark);
}

static void add_property(amkd_wire *wire, const char *key, const char *text)
{
    const amkd_wire_mark mark = amkd_wire_begin(wire, MODEL_METADATA_PROPS);
    amkd_wire_text(wire, ENTRY_KEY, key);
    amkd_wire_text(wire, ENTRY_VALUE, text);
    amkd_wire_end(wire, mark);
}

int amkd_onnx_write(size_t *nbytes, const amkd_onnx *onnx, const amkd_onnx_frame *frame,
                    amkd_output *output)
{
    amkd_wire wire = {0};
    amkd_wire_number(&wire, MODEL_IR_VERSION, AMKD_ONNX_IR);
    amkd_wire_text(&wire, MODEL_PRODUCER_NAME, "amkd");
    amkd_wire_text(&wire, MODEL_PRODUCER_VERSION, AMKD_VERSION);
    add_graph(&wire, onnx, frame);
    const amkd_wire_mark opset = amkd_wire_begin(&wire, MODEL_OPSET_IMPORT);
    amkd_wire_text(&wire, OPSET_DOMAIN, "");
    amkd_wire_number(&wire, OPSET_VERSION, AMKD_ONNX_OPSET);
    amkd_wire_end(&wire, opset);
    for (const char *const *p = frame->properties; *p; p += 2)
        add_property(&wire, p[0], p[1]);
    *nbytes = amkd_wire_nbytes(&wire);
    const int rc = amkd_wire_write(&wire, output);
    amkd_wire_clear(&wire);
    return rc;
}

void amkd_onnx_clear(amkd_onnx *onnx)
{
    amkd_wire_clear(&onnx->nodes);
    amkd_wire_clear(&onnx->tensors);
    memset(onnx, 0, sizeof *onnx);
}
