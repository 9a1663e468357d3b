/* Softmax, and the soft-label cross entropy that trains a student (cl/loss.cl). */
#ifndef AMKD_OPS_LOSS_H
#define AMKD_OPS_LOSS_H

#include "device/device.h"
#include "team/team.h"

typedef struct amkd_loss amkd_loss;

int amkd_loss_new(amkd_loss **out, amkd_device *device, size_t nclasses);

/* From now on targets p are smoothed, (1 - smoothing) p + smoothing / nclasses, before
 * they are compared; 0 at first: they are as they are. Agreements do not change by it. */
void amkd_loss_smooth(amkd_loss *loss, double smoothing);

/* gradient [block][class][lane] of the mean loss over total samples by the logits of
 * count of them, whose targets are the rows order[first..first+count) of targets, float
 * [row][class]. Each sample's loss and its agreement (1 where the top classes are the
 * same) are added to losses and agreements, float [block][lane]. */
int amkd_loss_run(amkd_loss *loss, cl_mem gradient, cl_mem losses, cl_mem agreements,
                  cl_mem logits, cl_mem targets, cl_mem order, size_t first, size_t count,
                  size_t total, float temperature);

/* Counts which of total samples teach, float [block][lane] of 1 and 0, for the calls of
 * amkd_loss_run_teaching that follow: of all members of a team, or, with NULL, alone. */
int amkd_loss_count_teaching(amkd_loss *loss, cl_mem teaching, size_t total,
                             amkd_team *team);

/* As amkd_loss_run, of the samples alone that teach: the others have no gradient, no loss
 * and no agreement, and the mean is over all that were counted. The count samples have
 * the places of teaching from from on. taught, float [block][lane], counts them. */
int amkd_loss_run_teaching(amkd_loss *loss, cl_mem gradient, cl_mem losses,
                           cl_mem agreements, cl_mem taught, cl_mem logits,
                           cl_mem targets, cl_mem order, size_t first, size_t count,
                           float temperature, cl_mem teaching, size_t from);

/* probs, float [count][class]: softmax of the logits over temperature. */
int amkd_loss_softmax(amkd_loss *loss, cl_mem probs, cl_mem logits, size_t count,
                      float temperature);

/* out, float [count][class]: the logits themselves. */
int amkd_loss_logits(amkd_loss *loss, cl_mem out, cl_mem logits, size_t count);

/* Softmax of the logits over temperature, the targets of a student that learns at it, and
 * the top probability that the logits themselves have: of sample n, below count, into row
 * rows[first + n] of probs, float [row][class], and of tops, float [row]. */
int amkd_loss_soften(amkd_loss *loss, cl_mem probs, cl_mem tops, cl_mem logits,
                     cl_mem rows, size_t first, size_t count, float temperature);

/* teaching, as amkd_loss_count_teaching takes it, of the count samples from number from
 * on: 1 for those whose row of tops, rows[first + n] of sample n, has min_top or more,
 * else 0. */
int amkd_loss_choose_teaching(amkd_loss *loss, cl_mem teaching, cl_mem tops, cl_mem rows,
                              size_t first, size_t from, size_t count, float min_top);

void amkd_loss_free(amkd_loss *loss); /* NULL is fine */

#endif
