/* A model as a file for other programs. */
#ifndef AMKD_EXPORT_EXPORT_H
#define AMKD_EXPORT_EXPORT_H

#include "net/model.h"

typedef struct amkd_export_plan {
    const char *model;  /* a path as amkd_model_load's */
    const char *output; /* as amkd_output_open's */
    const char *name;   /* of the ONNX graph; of the C function, "NAME_predict" */
    int keep_norms;     /* batch norm stays by itself */
    int logits;         /* not the probabilities */
    int uint8;          /* ONNX: the input is pixels, 0 to 255 */
    int int8;           /* C: weights have 8 bits */
    json_t *command;    /* for the provenance; borrowed */
} amkd_export_plan;

/* What was written. */
typedef struct amkd_export_counts {
    size_t nweights; /* parameters, of which folded norms are none */
    size_t nbytes;   /* ONNX: of the file. C: of the arrays that the program has */
    size_t nscratch; /* C: floats that a call needs beside them */
} amkd_export_counts;

/* The model, with amkd-export's run added to its provenance. To be freed with
 * amkd_model_free. */
int amkd_export_load(amkd_model **out, const amkd_export_plan *plan);

/* ONNX (emit/onnx.h): input "images", [batch][channels][height][width], 0 to 1 or, of
 * uint8, 0 to 255; output "probabilities", at the model's temperature, or "logits",
 * [batch][classes]. The metadata has "class_names" and "provenance", JSON arrays, where
 * the model has them, and "arch". */
int amkd_export_onnx(amkd_export_counts *counts, const amkd_model *model,
                     const amkd_export_plan *plan);

/* C99: a file that needs the standard library alone, and says how it is called. */
int amkd_export_c99(amkd_export_counts *counts, const amkd_model *model,
                    const amkd_export_plan *plan);

#endif
