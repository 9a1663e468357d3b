/* The safetensors container (github.com/huggingface/safetensors, "Format"): a u64 length,
 * a JSON header, then the tensors' bytes. */
#ifndef AMKD_NET_SAFETENSORS_H
#define AMKD_NET_SAFETENSORS_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_tensor {
    char name[96];
    size_t ndim;
    size_t shape[4];
    char dtype[8]; /* in the file. Written is "I64", a single 0, where it says so, else
                      "F32" */
    float *data;   /* NULL when its dtype is not one of floats; borrowed when writing, in
                      values when read */
} amkd_tensor;

typedef struct amkd_tensors {
    json_t *metadata; /* object of strings */
    size_t n;
    amkd_tensor *tensors;
    float *values; /* of all tensors when read, else NULL */
} amkd_tensors;

/* Reads and checks a file ("-": stdin): every tensor as long as its dtype and shape say,
 * the tensors without gaps or overlaps from the header's end to the file's. They are in
 * order of their bytes. F16, BF16 and F64 become float32, and a number that float32 does
 * not hold is an error; of integers and bools, and of floats of 8 bits, only the shape is
 * kept. Values are not looked at else. On failure tensors is left cleared. */
int amkd_tensors_read(amkd_tensors *tensors, const char *path);

/* Writes names, shapes, data and metadata (may be NULL), in order; path as
 * amkd_output_open's, never a terminal. */
int amkd_tensors_write(const amkd_tensors *tensors, const char *path);

/* The tensor of this name, or NULL. */
const amkd_tensor *amkd_tensors_find(const amkd_tensors *tensors, const char *name);

/* Frees what was read. */
void amkd_tensors_clear(amkd_tensors *tensors);

#endif
