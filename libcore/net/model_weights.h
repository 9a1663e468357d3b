/* The parameters of a model as the tensors of a file: their names, shapes, and all that
 * can be wrong with them. */
#ifndef AMKD_NET_MODEL_WEIGHTS_H
#define AMKD_NET_MODEL_WEIGHTS_H

#include "net/model.h"
#include "net/safetensors.h"
#include "net/weight_names.h"

/* How the tensors of a file become parameters. */
typedef struct amkd_taking {
    int strict;     /* a tensor that is no parameter is an error, whatever its name */
    int fresh_head; /* in: the last layer may be for other classes than the file's, and
                       then stays as it is; out: it did */
} amkd_taking;

/* Copies the tensors that are the model's parameters there, by the names of any program
 * (net/weight_names.h). Fails with a list of all that is wrong: tensors that are missing,
 * of another shape or dtype, surplus, or not finite. Tensors that cannot matter are
 * ignored and counted in the model. */
int amkd_model_take(amkd_model *model, const amkd_tensors *tensors, amkd_taking *taking);

/* Calls for each parameter as it stands in a file, data in model's, until one is not 0,
 * which is returned. */
int amkd_model_for_parameters(const amkd_model *model,
                              int (*call)(void *context, const amkd_tensor *tensor),
                              void *context);

/* The names of the module that ends the network and of its weights: "fc.weight". */
void amkd_model_head(char name[AMKD_WEIGHT_NBYTES], const amkd_graph *graph);

/* Fails where a value is not finite, naming the tensor. */
int amkd_tensor_check_finite(const amkd_tensor *tensor);

/* The tensor of a file that is called name here, or NULL. */
const amkd_tensor *amkd_tensors_find_any(const amkd_tensors *tensors, const char *name);

#endif
