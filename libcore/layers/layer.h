/* A kind of layer: everything the program knows of convolutions, or of pooling, stands in
 * one table, so that nothing above asks which kind a layer is. The kinds are listed in
 * kinds.c; libcore/README.md says what to touch for a new one. */
#ifndef AMKD_LAYERS_LAYER_H
#define AMKD_LAYERS_LAYER_H

#include "emit/c99.h"
#include "emit/onnx.h"
#include "ops/op_shape.h"
#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_MAX_INPUTS = AMKD_OP_MAX_INPUTS, /* values that a layer reads */
    AMKD_MAX_PARAMETERS = 4,              /* tensors of a layer */
    AMKD_MAX_WORDS = 8,      /* of a layer's text: "conv 6 k5 s2 p1 d1 g2 nobias" */
    AMKD_MODULE_NBYTES = 48, /* "features.18.conv.0.1" */
    AMKD_SETTINGS_NBYTES = 96,
    AMKD_LAYER_NBYTES = 96,    /* of a layer's text */
    AMKD_MAX_FLOATS = 1 << 28, /* of one value of a sample, and of all parameters */
};

typedef struct amkd_shape {
    size_t channels, height, width;
} amkd_shape;

size_t amkd_shape_size(amkd_shape shape);

/* What becomes of a parameter in a training. */
typedef enum amkd_role {
    AMKD_TRAINED, /* by the optimizer */
    AMKD_STATE,   /* by the forward pass: running means */
} amkd_role;

/* A tensor of a layer. */
typedef struct amkd_parameter {
    const char *name; /* "weight": the last part of its name in a file */
    amkd_role role;
    size_t ndim, dims[4], n;
    size_t offset;    /* in all parameters, in floats; the graph sets it */
    float first;      /* a fresh network's: this value ... */
    double spread;    /* ... and uniform within this of it, */
    double deviation; /* or normal around it by this standard deviation */
    int positive;     /* none of its values is below 0 */
} amkd_parameter;

typedef struct amkd_kind amkd_kind;

/* Layer l of a graph makes value l + 1; value 0 is the network's input. */
typedef struct amkd_layer {
    const amkd_kind *kind;
    char module[AMKD_MODULE_NBYTES]; /* before its parameters' names: "layer1.0.conv1" */
    size_t ninputs, inputs[AMKD_MAX_INPUTS]; /* values */
    amkd_shape in, out; /* of the first input, of the output of one sample */
    int flat;           /* the output is features, not an image */
    size_t settings[AMKD_SETTINGS_NBYTES / sizeof(size_t)]; /* the kind's own struct */
    size_t nparameters;
    amkd_parameter parameters[AMKD_MAX_PARAMETERS];
} amkd_layer;

/* What is true of a kind, for those who arrange layers. */
enum {
    AMKD_ALIAS = 2,           /* when predicting, its output is its input */
    AMKD_TRAINS_ALIAS = 4,    /* the same when training */
    AMKD_FLATTENS = 8,        /* makes features of an image */
    AMKD_WANTS_FEATURES = 16, /* an image in front of it is flattened first */
    AMKD_WANTS_IMAGE = 32,
    AMKD_JOINS = 64,        /* written NAME( branch ; branch ) */
    AMKD_JOINS_INPUT = 128, /* a single branch is joined with its own input, which then
                               is the first */
    AMKD_TAKES_ACT = 256,   /* its op applies an activation to what it writes */
    AMKD_MASKS = 512, /* its op's backward pass applies the derivative of an activation
                         that made its input */
    AMKD_IS_ACT = 1024,
    AMKD_FROM_OUTPUT =
        2048,               /* of an activation: its derivative follows from its output */
    AMKD_NORMALIZES = 4096, /* when predicting, x * scale + shift a channel: fold() */
    AMKD_ENDS = 8192,       /* may be a network's last layer, if it ends at 1x1 */
    AMKD_SUMS = 16384,      /* its output is the sum of its inputs */
    AMKD_IN_PLACE = 32768,  /* in a C program, its output may lie where its first input,
                               and none of the others, does */
};

/* The words of a layer's text, and where to say what is wrong with them. */
typedef struct amkd_words {
    const char *where; /* "layer 3 'conv 6 k9'" */
    size_t n;
    char *words[AMKD_MAX_WORDS]; /* the first is the kind's name */
    size_t nclasses;             /* what "classes" stands for; 0: not known */
} amkd_words;

/* A layer's work on a batch in float64, for the reference. Values are [sample][c][y][x].
 * forward writes out; backward adds to d_in and d_parameters. */
typedef struct amkd_batch64 {
    size_t n;
    int training;
    uint64_t seed, step, layer; /* of what a training draws */
    const double *const *in;
    double *out;
    double *parameters; /* all; a training's forward pass writes its state */
    const double *d_out;
    double *const *d_in; /* [ninputs] */
    double *d_parameters;
} amkd_batch64;

/* What the lambda sweep's fused kernel and its maps can do (sweep/sweep_stages.h). */
typedef enum amkd_part_type {
    AMKD_PART_NOTHING, /* an alias */
    AMKD_PART_LINEAR,
    AMKD_PART_POOL,
    AMKD_PART_ACT,
} amkd_part_type;

typedef struct amkd_part {
    amkd_part_type type;
    size_t kernel_height, kernel_width, stride, padding; /* linear; a pool is square */
    int covers;             /* linear: the kernel is as large as the input */
    int average;            /* pool */
    const char *act;        /* "relu" of sweep_relu in cl/sweep.cl */
    size_t weights, biases; /* offsets */
} amkd_part;

/* Where a layer stands in a network that is exported. */
typedef struct amkd_place {
    const float *parameters;             /* all */
    const char *inputs[AMKD_MAX_INPUTS]; /* what its inputs are called there, */
    const char *output;                  /* and its output */
    size_t number;                       /* of the layer */
} amkd_place;

/* How a layer's op is opened. */
typedef struct amkd_op_options {
    int train;
    size_t layer;          /* its number in the graph */
    int sum;               /* its second input is added to what it makes of the first */
    amkd_act act;          /* applied to what it writes */
    amkd_act previous_act; /* that made its first input, whose derivative it applies */
    size_t ntrained;       /* floats of one copy of the gradients */
    size_t nslices, max_blocks;
} amkd_op_options;

/* What its op's backward pass does, for those who arrange buffers. */
typedef struct amkd_facts {
    int has_weights;      /* it has a gradient by weights */
    int passes_on;        /* the gradient by each input is that by the output, as it is */
    int adds;             /* it can add to a gradient that is there */
    int needs_x, needs_y; /* it reads the inputs, the output */
} amkd_facts;

/* A small network that shows a kind at work. Tests and self-test run over all of them. */
typedef struct amkd_example {
    const char *text;
    amkd_shape in;
} amkd_example;

struct amkd_kind {
    const char *name;
    const char *grammar;          /* "conv N kK [sS]" */
    const amkd_example *examples; /* the last has no text */
    const char *counter; /* a whole number that PyTorch keeps beside the parameters, which
                            files of weights have and nothing reads here; NULL: none */
    unsigned traits;
    amkd_facts facts;

    /* Reads the words behind the name into the settings. NULL: there are none. */
    int (*parse)(amkd_layer *layer, const amkd_words *words);

    /* Writes them again, " 6 k5": canonical, so that parsing gives the same layer. */
    void (*print)(char *text, size_t nbytes, const amkd_layer *layer);

    /* Sets out and parameters from the inputs' shapes. NULL: out is in. */
    int (*shape)(amkd_layer *layer, const amkd_shape *inputs, const char *where);

    /* Multiply-adds of one sample; NULL: none worth counting. */
    double (*nmacs)(const amkd_layer *layer);

    void (*forward64)(const amkd_layer *layer, const amkd_batch64 *batch);
    void (*backward64)(const amkd_layer *layer, const amkd_batch64 *batch);

    /* With |x| <= bounds[input] for the inputs, a bound for the output and all sums on
     * the way; infinite where there is none. NULL: that of the first input. */
    double (*bound)(const amkd_layer *layer, const float *parameters,
                    const double *bounds);

    /* The op on a device. NULL: an alias. */
    int (*open)(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options);

    /* Whether the op can add a second input to its output, options->sum. NULL: it
     * cannot. */
    int (*takes_sum)(const amkd_layer *layer);

    /* Bytes that the op asks for beside its values: of the device's scratch
     * (device/device.h), which all ops share, or, in a prediction, of its own. NULL:
     * none.
     */
    size_t (*scratch)(const amkd_device *device, const amkd_layer *layer, int train);

    /* The stage of the fused sweep. Returns 0 where there is none; NULL: never. */
    int (*part)(amkd_part *part, const amkd_layer *layer);

    /* Adds the layer to an ONNX graph, and its arrays and calls to a C program. What
     * cannot be added is remembered there. NULL: an alias. */
    void (*onnx)(const amkd_layer *layer, const amkd_place *at, amkd_onnx *onnx);
    void (*c99)(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program);

    /* Of a linear kind: it has biases from now on, and wants its shape set again. */
    void (*give_bias)(amkd_layer *layer);

    /* Of an activation: its name in the kernels and its value. NULL: none. */
    amkd_act (*act)(const amkd_layer *layer);

    /* Of a normalization: y = x scale[c] + shift[c], [in.channels]. */
    void (*affine)(const amkd_layer *layer, const float *parameters, float *scale,
                   float *shift);
};

/* The kind of this name, with length bytes; NULL if there is none. */
const amkd_kind *amkd_kind_find(const char *name, size_t length);

/* Kind number n, from 0 on; NULL behind the last. */
const amkd_kind *amkd_kind_number(size_t n);

static inline int amkd_layer_is(const amkd_layer *layer, unsigned trait)
{
    return (layer->kind->traits & trait) != 0;
}

/* "conv 6 k5": the layer alone, without branches. */
void amkd_layer_print(char *text, size_t nbytes, const amkd_layer *layer);

/* What the shapes of all ops have: sides, activations, the passes' sizes. */
amkd_op_shape amkd_layer_op_shape(const amkd_layer *layer,
                                  const amkd_op_options *options);

double amkd_layer_nmacs(const amkd_layer *layer);

/* "/MODULE/PART", what a value between a layer's nodes, or a tensor of one, is called. */
enum { AMKD_PART_NBYTES = AMKD_MODULE_NBYTES + 16 };
const char *amkd_layer_part(char name[AMKD_PART_NBYTES], const char *module,
                            const char *part);

/* Adds the layer's parameters to an ONNX graph, and to the inputs of the node that is
 * open. */
void amkd_layer_onnx_tensors(const amkd_layer *layer, const amkd_place *at,
                             amkd_onnx *onnx);

/* NULL if the layer has no parameter of that name. */
const amkd_parameter *amkd_layer_parameter(const amkd_layer *layer, const char *name);

/* The layer's settings as its kind's struct, of AMKD_SETTINGS_NBYTES at most, which is
 * declared with __attribute__((may_alias)). */
#define AMKD_SETTINGS(type, layer) ((type *)(void *)(layer)->settings)
#define AMKD_SETTINGS_OF(type, layer) ((const type *)(const void *)(layer)->settings)

#endif
