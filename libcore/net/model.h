/* A network with its weights, as a safetensors file that PyTorch opens as it is. */
#ifndef AMKD_NET_MODEL_H
#define AMKD_NET_MODEL_H

#include "graph/graph.h"
#include <jansson.h>
#include <stdint.h>

enum { AMKD_MAX_CHANNELS = 64 };

typedef struct amkd_model {
    amkd_graph graph;
    float *parameters; /* [graph.nparameters] */
    /* The network sees (pixel / 255 - mean) / std, a mean and a std per channel. */
    float mean[AMKD_MAX_CHANNELS], std[AMKD_MAX_CHANNELS];
    /* Probabilities are softmax(logits / temperature), more than 0. 1, unless one was
     * fitted to these weights (steps/learn/temperature.h). */
    float temperature;
    json_t *class_names; /* array of strings, or NULL */
    json_t *provenance;  /* as a stream header's, or NULL */
    /* Tensors of the file that are no layer's and were ignored, and the name of one. */
    size_t nignored;
    char ignored[96];
    int usual_scales; /* mean and std are those that are usual for the network, which the
                         file did not say */
} amkd_model;

/* Fails unless a model can have this architecture: AMKD_MAX_CHANNELS at most go in. */
int amkd_model_check(const amkd_graph *graph);

/* How many numbers of mean, and of std, a digest of the model takes in: as many as it has
 * channels, and 4 at least, which is what digests that are kept in files were made of. */
size_t amkd_model_nscales(const amkd_model *model);

/* An empty model, of no network yet: mean 0, std and temperature 1. */
int amkd_model_new(amkd_model **out);

/* A fresh network, its parameters drawn as their kinds say (layers/linear.h); mean 0, std
 * and temperature 1, no class names. The graph is copied. */
int amkd_model_init(amkd_model **out, const amkd_graph *graph, uint64_t seed);

/* Loads a safetensors file written by amkd_model_save, "-" for stdin: tensors
 * "<module>.weight" and so on in F32, F16, BF16 or F64, and in __metadata__ "amkd.arch",
 * the text; "amkd.input", channels x height x width, "1x28x28"; "amkd.mean" and
 * "amkd.std", a number a channel, "0.5,0.5,0.5"; and what may be absent:
 * "amkd.temperature", a number, "1.25"; "amkd.classes" and "amkd.provenance", JSON
 * arrays. Or weights of another program, with "FILE,arch=NETWORK" (net/published.h) for a
 * path. Checks every size, and that every number is finite; an error lists all tensors
 * that do not fit. Other tensors are ignored when they cannot matter: a single integer
 * (PyTorch's "num_batches_tracked"), and in amkd's own files what has not the name of a
 * module: a number, or the first word of a named one. */
int amkd_model_load(amkd_model **out, const char *path);

/* What a file's weights made of a fresh model. */
typedef struct amkd_beginning {
    int fresh_head; /* the last layer is for other classes, and starts afresh */
    int has_scales; /* mean and std are the file's, or usual for the network; else they
                       are what they were */
} amkd_beginning;

/* Gives a fresh model the weights of a file, which may be of another number of classes,
 * or another program's. arch: what the model's graph was parsed from. The temperature
 * stays 1: the file's is that of weights that are about to change. Fails as
 * amkd_model_load does, and where amkd's own file holds another network. */
int amkd_model_begin(amkd_model *model, const char *path, const char *arch,
                     amkd_beginning *out);

/* What amkd's own file says of its network without being asked; zeros where it is of
 * another program. */
int amkd_model_peek(amkd_shape *in, size_t *nclasses, const char *path);

/* What a user should know of how it was loaded, to be freed; NULL for nothing, and where
 * there is no memory. */
char *amkd_model_remark(const amkd_model *model);

/* Appends a tool's run to the provenance: {"tool", "version", "command", "device",
 * "inputs"}, the command an array, inputs the provenances of what it read; both are
 * borrowed. */
int amkd_model_add_run(amkd_model *model, const char *tool, json_t *command,
                       const char *device, json_t *inputs);

/* Saves to path, which appears when whole ("-" or NULL: stdout). Refuses weights that are
 * not finite. */
int amkd_model_save(const amkd_model *model, const char *path);

/* Fails unless the model takes images of this shape and tells this many classes apart. */
int amkd_model_expect(const amkd_model *model, amkd_shape images, size_t nclasses);

void amkd_model_free(amkd_model *model); /* NULL is fine */

#endif
