/* Images as the tensor that a model server asks for: its datatype, its order of pixels
 * and its shape. */
#ifndef AMKD_TEACHER_INPUT_TENSOR_H
#define AMKD_TEACHER_INPUT_TENSOR_H

#include "base/bytes.h"
#include "graph/graph.h"
#include <stdint.h>

enum { AMKD_INPUT_TENSOR_DIMS = 8 };

/* What one value of a pixel becomes. */
typedef struct amkd_input_tensor_item {
    unsigned char bytes[8]; /* little endian */
    char text[24];          /* JSON */
    size_t length;          /* of text */
} amkd_input_tensor_item;

typedef struct amkd_input_tensor {
    amkd_shape image;
    int planes;    /* channels one after the other (NCHW), else pixel by pixel (NHWC) */
    int has_batch; /* a first dimension counts images */
    size_t nmax;   /* images a request at most; 0: any number */
    size_t ndim;   /* of one image, 1 to 3 */
    size_t dims[3];
    size_t item_nbytes;
    amkd_input_tensor_item items[256];
} amkd_input_tensor;

/* Fits images to a model's input of the given dimensions, in which -1 stands for any
 * number: one batch dimension before, or none, and one image as [C,H,W], [H,W,C], [H,W]
 * for gray ones, or flat. layout: "nchw" or "nhwc" to choose by where both fit, or NULL.
 * Fails, naming --layout, where it stays open, and where nothing fits. */
int amkd_input_tensor_fit(amkd_input_tensor *tensor, const int64_t *dims, size_t ndim,
                          amkd_shape image, const char *layout);

/* Reads a shape such as "n,28,28,1": n, as -1, stands for any number and becomes -1. */
int amkd_input_tensor_parse_dims(int64_t dims[AMKD_INPUT_TENSOR_DIMS], size_t *ndim,
                                 const char *text);

/* Likewise, by a shape that the user told, NULL for none: it fills in what the model
 * leaves open, all where it tells no dimensions (ndim 0), and must agree with the rest.
 * -1 too when neither tells any. */
int amkd_input_tensor_fit_told(amkd_input_tensor *tensor, const int64_t *dims,
                               size_t ndim, const char *told, amkd_shape image,
                               const char *layout);

/* Without a description: [n,H,W,C], or [n,C,H,W] by layout "nchw". */
void amkd_input_tensor_default(amkd_input_tensor *tensor, amkd_shape image,
                               const char *layout);

/* The datatype that servers call so: "UINT8" for "uint8", "FP16", "FP32" and "FP64" for
 * "float16", "float32" and "float64"; NULL for others and for NULL. */
const char *amkd_input_tensor_datatype(const char *dtype);

/* Sets what pixels become: "UINT8" themselves; "FP16", "FP32" and "FP64" pixel / 255. -1
 * for other datatypes. */
int amkd_input_tensor_set_type(amkd_input_tensor *tensor, const char *datatype);

/* Adds n images as little-endian binary. */
int amkd_input_tensor_add_binary(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                                 const uint8_t *pixels, size_t n);

/* Adds n images as a JSON array of numbers: nested to the tensor's shape, or flat.
 * Numbers have the digits that give the same number of the datatype back. */
int amkd_input_tensor_add_json(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                               const uint8_t *pixels, size_t n, int nested);

/* Adds the shape of n images as a JSON array. */
int amkd_input_tensor_add_shape(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                                size_t n);

#endif
