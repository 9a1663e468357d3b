/* Steps of a training, in micro-batches. */
#include "steps/learn/learner.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network_plan.h"
#include <stdlib.h>

static int new_sums(amkd_learner *learner)
{
    cl_mem *const sums[] = {&learner->losses, &learner->agreements, &learner->taught};
    for (size_t s = 0; s < 3; s++)
        if (amkd_buffer_new(sums[s], learner->device, CL_MEM_READ_WRITE,
                            learner->sums_nbytes, NULL))
            return -1;
    return 0;
}

/* What a team's sums of gradients go through. */
static int new_copies(amkd_learner *learner)
{
    if (!learner->parts.team)
        return 0;
    learner->copies = amkd_alloc(amkd_network_nslices(learner->network),
                                 learner->ntrained * sizeof(float));
    learner->sum = amkd_alloc(learner->ntrained, sizeof *learner->sum);
    return learner->copies && learner->sum ? 0 : -1;
}

int amkd_learner_open(amkd_learner *learner, amkd_device *device, const amkd_graph *graph,
                      const amkd_train_options *options, size_t batch, double seconds)
{
    const amkd_parts parts = amkd_parts_of(device, options, batch);
    const size_t max_blocks = (parts.most + device->nlanes - 1) / device->nlanes;
    *learner = (amkd_learner){
        .device = device,
        .options = options,
        .ntrained = graph->ntrained,
        .parts = parts,
        .max_nparts = amkd_parts_count(&parts, batch),
        .sums_nbytes = max_blocks * device->nlanes * sizeof(float),
    };
    if (amkd_network_new_member(&learner->network, device, graph, max_blocks, 1,
                                parts.team) ||
        amkd_network_plan(learner->network, seconds, NULL, NULL) ||
        amkd_loss_new(&learner->loss, device, graph->nclasses) ||
        amkd_optimizer_new(&learner->optimizer, device, &options->optimizer,
                           graph->ntrained) ||
        new_sums(learner) || new_copies(learner))
        return -1;
    amkd_loss_smooth(learner->loss, options->smoothing);
    return 0;
}

int amkd_learner_zero(amkd_learner *learner)
{
    const cl_mem sums[] = {learner->losses, learner->agreements, learner->taught};
    for (size_t s = 0; s < 3; s++)
        if (amkd_buffer_zero(learner->device, sums[s], learner->sums_nbytes))
            return -1;
    return 0;
}

void amkd_learner_close(amkd_learner *learner)
{
    amkd_network_free(learner->network);
    amkd_loss_free(learner->loss);
    amkd_optimizer_free(learner->optimizer);
    amkd_buffer_free(learner->losses);
    amkd_buffer_free(learner->agreements);
    amkd_buffer_free(learner->taught);
    free(learner->copies);
    free(learner->sum);
    *learner = (amkd_learner){0};
}

/* Enqueues the gradient of the loss of a step by samples from..from+count of it, and what
 * these come to. */
static int find_loss(amkd_learner *learner, const amkd_step_targets *p, size_t from,
                     size_t count)
{
    const cl_mem gradient = amkd_network_logits_gradient(learner->network);
    const cl_mem logits = amkd_network_logits(learner->network);
    const float temperature = (float)learner->options->temperature;
    if (p->teaching)
        return amkd_loss_run_teaching(learner->loss, gradient, learner->losses,
                                      learner->agreements, learner->taught, logits,
                                      p->targets, p->order, p->first + from, count,
                                      temperature, p->teaching, from);
    return amkd_loss_run(learner->loss, gradient, learner->losses, learner->agreements,
                         logits, p->targets, p->order, p->first + from, count, p->count,
                         temperature);
}

/* Enqueues the forward pass of a part; a member may have none of its samples, and yet
 * hears of the statistics that the others take. */
static int go_forward(amkd_learner *learner, amkd_feed *feed,
                      const amkd_member_part *part, const amkd_batch *run)
{
    return (part->count && feed->load(feed, amkd_network_value(learner->network, 0),
                                      part->from, part->count)) ||
                   amkd_network_forward(learner->network, 0, run)
               ? -1
               : 0;
}

static amkd_batch run_of(const amkd_learner *learner, uint64_t step, size_t number,
                         const amkd_member_part *part)
{
    return (amkd_batch){.nblocks = part->nblocks,
                        .nsamples = part->count,
                        .training = 1,
                        .seed = learner->options->seed,
                        .step = step * learner->max_nparts + number,
                        .share = learner->parts.team ? &part->share : NULL};
}

/* Makes the first copy of the gradients the sum of all members' copies. */
static int sum_members(amkd_learner *learner)
{
    const cl_mem gradients = amkd_network_gradients(learner->network);
    const size_t ncopies = amkd_network_nslices(learner->network);
    const size_t nbytes = learner->ntrained * sizeof(float);
    return amkd_buffer_read(learner->device, learner->copies, gradients, 0,
                            ncopies * nbytes) ||
                   amkd_team_sum(learner->parts.team, learner->sum, learner->copies,
                                 ncopies, learner->ntrained) ||
                   amkd_buffer_write_later(learner->device, gradients, learner->sum, 0,
                                           nbytes)
               ? -1
               : 0;
}

/* Enqueues the gradients of a part. */
static int learn_part(amkd_learner *learner, amkd_feed *feed, const amkd_step_targets *p,
                      uint64_t step, size_t number)
{
    const amkd_member_part part = amkd_parts_find(&learner->parts, number, p->count);
    const amkd_batch run = run_of(learner, step, number, &part);
    return go_forward(learner, feed, &part, &run) ||
                   (part.count && find_loss(learner, p, part.from, part.count)) ||
                   amkd_network_backward(learner->network, &run) ||
                   (learner->parts.team && sum_members(learner))
               ? -1
               : 0;
}

/* Enqueues the gradients of a step; *gradients are *nslices copies, whose sum they are.
 */
static int find_gradients(amkd_learner *learner, cl_mem *gradients, size_t *nslices,
                          amkd_feed *feed, const amkd_step_targets *p, uint64_t step)
{
    amkd_network *network = learner->network;
    const size_t nparts = amkd_parts_count(&learner->parts, p->count);
    *gradients = amkd_network_gradients(network);
    *nslices = learner->parts.team ? 1 : amkd_network_nslices(network);
    for (size_t part = 0; part < nparts; part++)
        if (learn_part(learner, feed, p, step, part) ||
            (nparts > 1 &&
             amkd_optimizer_gather(learner->optimizer, gradients,
                                   amkd_network_gradients(network), *nslices, part > 0)))
            return -1;
    if (nparts > 1)
        *nslices = 1;
    return 0;
}

int amkd_learner_step(amkd_learner *learner, amkd_feed *feed, uint64_t step, double rate)
{
    amkd_step_targets p;
    cl_mem gradients;
    size_t nslices;
    if (feed->teach(feed, &p, step) ||
        (p.teaching && amkd_loss_count_teaching(learner->loss, p.teaching, p.count,
                                                learner->parts.team)) ||
        find_gradients(learner, &gradients, &nslices, feed, &p, step) ||
        amkd_optimizer_step(learner->optimizer, amkd_network_parameters(learner->network),
                            gradients, nslices, rate))
        return amkd_fail_in("step %llu", (unsigned long long)step);
    return 0;
}

int amkd_learner_measure(amkd_learner *learner, amkd_feed *feed, uint64_t step,
                         size_t *nmeasured)
{
    amkd_step_targets p;
    if (feed->teach(feed, &p, step))
        return -1;
    const size_t nparts = amkd_parts_count(&learner->parts, p.count);
    for (size_t number = 0; number < nparts; number++) {
        const amkd_member_part part = amkd_parts_find(&learner->parts, number, p.count);
        amkd_batch run = run_of(learner, step, number, &part);
        run.nmeasured = ++*nmeasured;
        if (go_forward(learner, feed, &part, &run))
            return -1;
    }
    return 0;
}
