/* A network as an ONNX model (onnx.proto of github.com/onnx/onnx; operators of set 17),
 * put together node by node. Floats lie in the file as they lie in memory, which is right
 * where that is little-endian, as everywhere here.
 *
 * What could not be added is remembered in the wires, and amkd_onnx_write fails. */
#ifndef AMKD_EMIT_ONNX_H
#define AMKD_EMIT_ONNX_H

#include "emit/wire.h"

enum { AMKD_ONNX_OPSET = 17, AMKD_ONNX_IR = 8 };

/* What elements of tensors are (TensorProto.DataType). */
enum { AMKD_ONNX_FLOAT = 1, AMKD_ONNX_UINT8 = 2, AMKD_ONNX_INT64 = 7 };

typedef struct amkd_onnx {
    amkd_wire nodes, tensors; /* fields of GraphProto */
    amkd_wire_mark node; /* that is open */
} amkd_onnx;             /* begins zeroed */

/* A node: its inputs, then its attributes, then its output, one after the other. Values
 * and tensors are known by name. name: the node's own. */
void amkd_onnx_begin(amkd_onnx *onnx, const char *operator, const char * name);
void amkd_onnx_input(amkd_onnx *onnx, const char *value);
void amkd_onnx_number(amkd_onnx *onnx, const char *attribute, size_t value);
void amkd_onnx_numbers(amkd_onnx *onnx, const char *attribute, const size_t *values,
                       size_t n);
void amkd_onnx_real(amkd_onnx *onnx, const char *attribute, float value);
void amkd_onnx_end(amkd_onnx *onnx, const char *output);

/* A node of one or two inputs without attributes; b: NULL for one. */
void amkd_onnx_node(amkd_onnx *onnx, const char *operator, const char * name,
                    const char *a, const char *b, const char *output);

/* A tensor of the file, of values[dims[0] * ...], which live until the model is written.
 */
void amkd_onnx_floats(amkd_onnx *onnx, const char *name, const size_t *dims, size_t ndim,
                      const float *values);

/* A tensor of n whole numbers, which are copied. */
void amkd_onnx_longs(amkd_onnx *onnx, const char *name, const int64_t *values, size_t n);

/* An input or output: [batch][dims...]. */
typedef struct amkd_onnx_value {
    const char *name;
    int uint8; /* else float32 */
    size_t dims[3], ndim;
} amkd_onnx_value;

/* What stands around the nodes. */
typedef struct amkd_onnx_frame {
    const char *name; /* of the graph */
    amkd_onnx_value in, out;
    const char *const *properties; /* metadata_props: key, text, key, text, ... NULL */
} amkd_onnx_frame;

/* Writes the model, of *nbytes. */
int amkd_onnx_write(size_t *nbytes, const amkd_onnx *onnx, const amkd_onnx_frame *frame,
                    amkd_output *output);

void amkd_onnx_clear(amkd_onnx *onnx); /* a zeroed one is fine */

#endif
