/* A network with its weights, as a safetensors file that PyTorch opens as it is. */
#ifndef AMKD_NET_MODEL_H
#define AMKD_NET_MODEL_H

#include "graph/graph.h"
#include <jansson.h>
#include <stdint.h>

enum { AMKD_MAX_CHANNELS = 4 };

typedef struct amkd_model {
    amkd_graph graph;
    float *parameters; /* [graph.nparameters] */
    /* The network sees (pixel / 255 - mean) / std, a mean and a std per channel. */
    float mean[AMKD_MAX_CHANNELS], std[AMKD_MAX_CHANNELS];
    json_t *class_names; /* array of strings, or NULL */
    json_t *provenance;  /* as a stream header's, or NULL */
    /* Tensors of the file that are no layer's and were ignored, and the name of one. */
    size_t nignored;
    char ignored[64];
} amkd_model;

/* Fails unless a model can have this architecture: AMKD_MAX_CHANNELS at most go in. */
int amkd_model_check(const amkd_graph *graph);

/* An empty model, of no network yet: mean 0 and std 1. */
int amkd_model_new(amkd_model **out);

/* A fresh network, its parameters drawn as their kinds say (layers/linear.h); mean 0 and
 * std 1, no class names. The graph is copied. */
int amkd_model_init(amkd_model **out, const amkd_graph *graph, uint64_t seed);

/* Loads a safetensors file written by amkd_model_save, "-" for stdin: tensors
 * "<module>.weight" and "<module>.bias" in F32, F16, BF16 or F64, and in __metadata__
 * "amkd.arch", the text; "amkd.input", channels x height x width, "1x28x28"; "amkd.mean"
 * and "amkd.std", a number a channel, "0.5,0.5,0.5"; "amkd.classes" and
 * "amkd.provenance", JSON arrays, both of which may be absent. Checks every size, and
 * that every number is finite. Other tensors are ignored when they cannot matter: a
 * single integer (PyTorch's "num_batches_tracked"), and what has not the name of a
 * module, which is a number and a dot; parameters that the architecture does not have are
 * an error. */
int amkd_model_load(amkd_model **out, const char *path);

/* Saves to path, which appears when whole ("-" or NULL: stdout). Refuses weights that are
 * not finite. */
int amkd_model_save(const amkd_model *model, const char *path);

/* Fails unless the model takes images of this shape and tells this many classes apart. */
int amkd_model_expect(const amkd_model *model, amkd_shape images, size_t nclasses);

void amkd_model_free(amkd_model *model); /* NULL is fine */

#endif
