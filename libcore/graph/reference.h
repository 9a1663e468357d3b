/* Networks in plain float64 loops: what the kernels must agree with. Slow and obvious by
 * intent; for the tests and for amkd-devices --self-test. */
#ifndef AMKD_GRAPH_REFERENCE_H
#define AMKD_GRAPH_REFERENCE_H

#include "graph/graph.h"

typedef struct amkd_reference amkd_reference;

/* For batches of n samples. Takes a copy of graph and, as doubles, of
 * parameters[graph->nparameters]. */
int amkd_reference_new(amkd_reference **out, const amkd_graph *graph,
                       const float *parameters, size_t n);

/* The parameters, [graph->nparameters], owned by the reference; may be changed. */
double *amkd_reference_parameters(amkd_reference *reference);

/* From now on the network trains: batch statistics, which move the running ones, and
 * what is dropped by seed and step. */
void amkd_reference_train(amkd_reference *reference, uint64_t seed, uint64_t step);

/* logits[n][nclasses] for input[n][channels][height][width], which is normalized already.
 */
void amkd_reference_forward(amkd_reference *reference, double *logits,
                            const double *input);

/* For the input of the last amkd_reference_forward: the soft-label cross entropy
 *
 *     loss = -sum_n,y target[n][y] log softmax(logits[n])[y],    target[n][nclasses]
 *
 * which is returned, and its gradients: d_parameters[nparameters], added to what is
 * there, and d_input[n][channels][height][width], overwritten, or NULL. The gradient of
 * ReLU at 0 is 0, and max pooling's goes to the value that forward took. */
double amkd_reference_backward(amkd_reference *reference, double *d_parameters,
                               double *d_input, const double *target);

void amkd_reference_free(amkd_reference *reference); /* NULL is fine */

/* probs[n] = softmax(logits); may be the same array. */
void amkd_reference_softmax(double *probs, const double *logits, size_t n);

#endif
