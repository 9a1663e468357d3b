/* How the fused sweep kernel (cl/sweep_fused.cl) runs a student: which part of it is
 * computed once per image, and the stages that the rest becomes. */
#ifndef AMKD_SWEEP_SWEEP_STAGES_H
#define AMKD_SWEEP_SWEEP_STAGES_H

#include "graph/graph.h"
#include <stdio.h>

typedef enum amkd_stage_type {
    AMKD_STAGE_MIX, /* mixes the maps */
    AMKD_STAGE_CONV,
    AMKD_STAGE_FC,   /* also a convolution that covers its input */
    AMKD_STAGE_POOL, /* nothing but pooling or activations */
} amkd_stage_type;

enum { AMKD_MAX_STAGE_ACTS = 4 };

/* A run of layers done in one pass: at most one conv or fc, activations, at most one
 * pooling, activations. */
typedef struct amkd_stage {
    amkd_stage_type type;
    size_t first, end; /* layers [first, end); first is the conv or fc */
    amkd_shape in;     /* what comes in, without border */
    amkd_shape sums;   /* what the conv or fc yields and the pooling uses of it */
    amkd_shape out;
    amkd_part linear;       /* of a conv or fc */
    amkd_part pool;         /* with a kernel of 0 for none */
    size_t nbefore, nafter; /* activations before and after the pooling, functions of
                               cl/sweep.cl */
    const char *before[AMKD_MAX_STAGE_ACTS], *after[AMKD_MAX_STAGE_ACTS];
    size_t out_padding; /* border of zeros around out that the next stage reads */
    size_t channel_tile, column_tile; /* OT and XT of the templates */
} amkd_stage;

typedef struct amkd_stages {
    const amkd_graph *graph; /* borrowed */
    int has_linear; /* the first layer is linear, and run once per image; else the
                       maps are the normalized pixels */
    amkd_part linear;
    amkd_shape maps;
    size_t after_maps; /* the value that the maps are: that many layers are done */
    int fusable;       /* whether there are stages: the rest is a chain of layers that the
                          kernel has */
    size_t n;
    amkd_stage *list; /* [n] */
    size_t arenas[2]; /* values that stages 0, 2, ... and 1, 3, ... write at most */
    size_t rows;      /* values a convolution holds back for its pooling */
} amkd_stages;

/* Cuts for vectors of vector_width lanes. graph has no normalizations that its weights
 * can do (net/fold.h). use_linear 0: run the whole network in the
 * sweep, the maps being the pixels. */
int amkd_stages_new(amkd_stages *stages, const amkd_graph *graph, int use_linear,
                    size_t vector_width);
void amkd_stages_clear(amkd_stages *stages);

/* Bytes of private memory that a work-item of the fused kernel needs. */
size_t amkd_stages_private_nbytes(const amkd_stages *stages, size_t vector_width);

/* Writes the source of the fused kernel, all but common.cl: defines (the macros of
 * cl/sweep.cl), each stage's macros and template, then the kernel. */
void amkd_stages_write(FILE *file, const amkd_stages *stages, const char *defines);

#endif
