/* The safetensors container (github.com/huggingface/safetensors, "Format"): a u64 length,
 * a JSON header, then the tensors' bytes. */
#ifndef AMKD_NET_SAFETENSORS_H
#define AMKD_NET_SAFETENSORS_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_tensor {
    char name[64];
    size_t ndim;
    size_t shape[4];
    float *data;       /* float32 ("F32"); borrowed when writing, in file->bytes when read */
} amkd_tensor;

typedef struct amkd_tensors {
    json_t *metadata;  /* object of strings */
    size_t n;
    amkd_tensor *tensors;
    char *bytes;       /* the whole file when read, else NULL */
} amkd_tensors;

/* Reads and checks a file: offsets in order, without gaps or overlaps, sizes as shapes. */
int amkd_tensors_read(amkd_tensors *tensors, const char *path);
int amkd_tensors_write(const amkd_tensors *tensors, const char *path);

/* The tensor of this name, or NULL. */
const amkd_tensor *amkd_tensors_find(const amkd_tensors *tensors, const char *name);

void amkd_tensors_clear(amkd_tensors *tensors);

#endif
