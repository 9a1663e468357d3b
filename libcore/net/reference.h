/* Networks in plain float64 loops, one sample at a time: what the kernels must agree
 * with. Slow and obvious by intent; for the tests and for amkd-devices --self-test. */
#ifndef AMKD_NET_REFERENCE_H
#define AMKD_NET_REFERENCE_H

#include "net/arch.h"

typedef struct amkd_reference amkd_reference;

/* Takes a copy of arch and, as doubles, of parameters[arch->nparameters]. */
int amkd_reference_new(amkd_reference **out, const amkd_arch *arch,
                       const float *parameters);

/* The parameters, [arch->nparameters], owned by the reference; may be changed. */
double *amkd_reference_parameters(amkd_reference *reference);

/* logits[nclasses] for input[channels][height][width], which is normalized already. Max
 * pooling takes the first of equal values in row order; average pooling divides by
 * kernel x kernel. */
void amkd_reference_forward(amkd_reference *reference, double *logits,
                            const double *input);

/* For the input of the last amkd_reference_forward: the soft-label cross entropy
 *
 *     loss = -sum_y target[y] log softmax(logits)[y],    target[nclasses]
 *
 * which is returned, and its gradients: d_parameters[nparameters], added to what is
 * there, and d_input[channels][height][width], overwritten, or NULL. The gradient of ReLU
 * at 0 is 0, and max pooling's goes to the value that forward took. */
double amkd_reference_backward(amkd_reference *reference, double *d_parameters,
                               double *d_input, const double *target);

void amkd_reference_free(amkd_reference *reference); /* NULL is fine */

/* probs[n] = softmax(logits); may be the same array. */
void amkd_reference_softmax(double *probs, const double *logits, size_t n);

#endif
