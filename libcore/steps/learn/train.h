/* Training a network on a dataset, wholly on the device: batches are mixed there from the
 * resident images, and nothing is read back but the loss, now and then. */
#ifndef AMKD_STEPS_LEARN_TRAIN_H
#define AMKD_STEPS_LEARN_TRAIN_H

#include "data/views.h"
#include "device/device.h"
#include "net/model.h"
#include "ops/optimizer.h"
#include "steps/learn/dataset.h"
#include "steps/learn/rates.h"
#include "steps/learn/schedule.h"
#include "steps/learn/span_images.h"
#include "team/team.h"

/* What the answers of an assistant may take that are kept, unless kept_nbytes says it. */
enum { AMKD_KEPT_NBYTES = 256 << 20 };

typedef struct amkd_train_options {
    amkd_optimizer_options optimizer;
    amkd_schedule schedule;
    const amkd_rate_rule *rates; /* of some parameters, [nrates] */
    size_t nrates;
    double temperature; /* T of cl/loss.cl; targets become p^(1/T), normalized */
    double mixup; /* alpha of mu ~ Beta(alpha, alpha), drawn for each sample of a batch
                     to mix it with the next (cl/batch.cl); 0: none */
    double
        smoothing; /* of the targets, after temperature and mixup (ops/loss.h); 0: none */
    const amkd_view_options *views; /* of which each step sees fresh ones; their seed is
                                       the one below. NULL: images are seen as they are */
    uint64_t nviews; /* of each image, itself the first, seen in turns; 0: without end,
                        and itself is none of them */
    const amkd_model *assistant; /* answers about what a step sees, in place of the
                                    dataset's targets; NULL: these */
    double min_top; /* of an assistant: lessons of which it is less sure, by its top
                       probability, teach nothing; 0: all teach */
    amkd_span_images_limits window; /* of views or an assistant's images on the device */
    size_t kept_nbytes;   /* an assistant's answers are kept, and it is asked about each
                             view once, where they take no more; 0: AMKD_KEPT_NBYTES */
    uint64_t batch;       /* samples a step */
    uint64_t micro_batch; /* samples that go through the network at a time: the gradients
                             of a step's micro-batches, parts of nearly the same size, are
                             summed in order. Batch norms see each by itself. 0: all */
    uint64_t nsteps; /* in all; 0: nepochs times the batches of an epoch, and none where
                        that is 0 too */
    uint64_t nepochs;
    uint64_t refresh_bn; /* batches behind the last step over which batch norms' running
                            means and variances are taken anew, as plain means; 0: none */
    uint64_t seed;       /* of the order of the samples, and of mixup */
    uint64_t memory_nbytes;       /* of the device that a training may take; 0: all. It
                                     counts for amkd_train_fit alone */
    const char *checkpoint;       /* file to keep the state in while training, or NULL */
    double checkpoint_seconds;    /* how often */
    const char *resume;           /* checkpoint to go on from, or NULL */
    amkd_team *team;              /* that goes through each batch together; NULL: alone */
    void (*ready)(void *context); /* called before the first step, or NULL: what takes
                                     long once, as compiling, is done */
} amkd_train_options;

typedef struct amkd_train_report {
    uint64_t step, nsteps; /* steps taken */
    uint64_t since;        /* those of the last report, or where the training began */
    double nsamples;       /* since then */
    double seconds;        /* from the end of those steps to the end of these */
    double epoch;
    double loss;      /* mean over the samples since the last report */
    double agreement; /* share of them whose top class is the target's (after mixup) */
    double rate;      /* learning rate of the last step */
    double taught; /* share of the samples that taught; loss and agreement are theirs */
    int diverged;  /* the last report: loss and agreement are NaN, and the model holds
                      weights of before */
} amkd_train_report;

/* Trains model in place; in a team, each member's own, to the same bits as alone on one
 * such device. Rank 0 alone reads and writes checkpoints. The dataset's images are enough
 * for an assistant. report is called every few hundred steps with the context, and where
 * the training diverges, which is an error; it may end the training by returning -1 (its
 * error is then amkd_train's), and may read the model, which holds the weights of that
 * moment. The result depends on the seed, the data and the device alone; a resumed
 * training ends in the same weights as one run through.
 */
int amkd_train(amkd_model *model, amkd_device *device, const amkd_dataset *dataset,
               const amkd_train_options *options,
               int (*report)(void *context, const amkd_train_report *report),
               void *context);

#endif
