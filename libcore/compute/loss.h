/* Softmax, and the soft-label cross entropy that trains a student (cl/loss.cl). */
#ifndef AMKD_COMPUTE_LOSS_H
#define AMKD_COMPUTE_LOSS_H

#include "compute/device.h"

typedef struct amkd_loss amkd_loss;

int amkd_loss_new(amkd_loss **out, amkd_device *device, size_t nclasses);

/* gradient [block][class][lane] of the mean loss over count samples, whose targets are
 * the rows order[first..first+count) of targets, float [row][class]. Each sample's loss
 * and its agreement (1 where the top classes are the same) are added to losses and
 * agreements, float [block][lane]. */
int amkd_loss_run(amkd_loss *loss, cl_mem gradient, cl_mem losses, cl_mem agreements,
                  cl_mem logits, cl_mem targets, cl_mem order, size_t first, size_t count,
                  float temperature);

/* probs, float [count][class]: softmax of the logits, or the logits themselves. */
int amkd_loss_softmax(amkd_loss *loss, cl_mem probs, cl_mem logits, size_t count,
                      int logits_only);

void amkd_loss_free(amkd_loss *loss); /* NULL is fine */

#endif
