/* Steps of a training, in micro-batches. */
#include "steps/learn/learner.h"
#include "base/error.h"
#include "net/network_plan.h"

static int new_sums(amkd_learner *learner)
{
    cl_mem *const sums[] = {&learner->losses, &learner->agreements, &learner->taught};
    for (size_t s = 0; s < 3; s++)
        if (amkd_buffer_new(sums[s], learner->device, CL_MEM_READ_WRITE,
                            learner->sums_nbytes, NULL))
            return -1;
    return 0;
}

int amkd_learner_open(amkd_learner *learner, amkd_device *device, const amkd_graph *graph,
                      const amkd_train_options *options, size_t batch, double seconds)
{
    const uint64_t micro = options->micro_batch;
    const size_t most = micro && micro < batch ? (size_t)micro : batch;
    const size_t max_blocks = (most + device->nlanes - 1) / device->nlanes;
    *learner = (amkd_learner){
        .device = device,
        .options = options,
        .most = most,
        .max_nparts = (batch + most - 1) / most,
        .sums_nbytes = max_blocks * device->nlanes * sizeof(float),
    };
    if (amkd_network_new(&learner->network, device, graph, max_blocks, 1) ||
        amkd_network_plan(learner->network, seconds, NULL, NULL) ||
        amkd_loss_new(&learner->loss, device, graph->nclasses) ||
        amkd_optimizer_new(&learner->optimizer, device, &options->optimizer,
                           graph->ntrained) ||
        new_sums(learner))
        return -1;
    amkd_loss_smooth(learner->loss, options->smoothing);
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

/* The parts of a step of count samples differ by one in their samples, so that none is so
 * small that a batch norm knows little from it. Part n begins behind the samples before.
 */
static size_t count_parts(const amkd_learner *learner, size_t count)
{
    return (count + learner->most - 1) / learner->most;
}

static size_t begin_of(size_t part, size_t nparts, size_t count)
{
    return (size_t)((uint64_t)count * part / nparts);
}

/* Enqueues the forward pass of a part. */
static int go_forward(amkd_learner *learner, amkd_feed *feed, size_t from,
                      const amkd_batch *run)
{
    return feed->load(feed, amkd_network_value(learner->network, 0), from,
                      run->nsamples) ||
                   amkd_network_forward(learner->network, 0, run)
               ? -1
               : 0;
}

static amkd_batch run_of(const amkd_learner *learner, uint64_t step, size_t part,
                         size_t count)
{
    const size_t nlanes = learner->device->nlanes;
    return (amkd_batch){.nblocks = (count + nlanes - 1) / nlanes,
                        .nsamples = count,
                        .training = 1,
                        .seed = learner->options->seed,
                        .step = step * learner->max_nparts + part};
}

/* Enqueues the gradients of a step; *gradients are *nslices copies, whose sum they are.
 */
static int find_gradients(amkd_learner *learner, cl_mem *gradients, size_t *nslices,
                          amkd_feed *feed, const amkd_step_targets *p, uint64_t step)
{
    amkd_network *network = learner->network;
    const size_t nparts = count_parts(learner, p->count);
    *gradients = amkd_network_gradients(network);
    *nslices = amkd_network_nslices(network);
    for (size_t part = 0; part < nparts; part++) {
        const size_t from = begin_of(part, nparts, p->count);
        const size_t count = begin_of(part + 1, nparts, p->count) - from;
        const amkd_batch run = run_of(learner, step, part, count);
        if (go_forward(learner, feed, from, &run) || find_loss(learner, p, from, count) ||
            amkd_network_backward(network, &run) ||
            (nparts > 1 &&
             amkd_optimizer_gather(learner->optimizer, gradients,
                                   amkd_network_gradients(network), *nslices, part > 0)))
            return -1;
    }
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
        (p.teaching && amkd_loss_count_teaching(learner->loss, p.teaching, p.count)) ||
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
    const size_t nparts = count_parts(learner, p.count);
    for (size_t part = 0; part < nparts; part++) {
        const size_t from = begin_of(part, nparts, p.count);
        amkd_batch run =
            run_of(learner, step, part, begin_of(part + 1, nparts, p.count) - from);
        run.nmeasured = ++*nmeasured;
        if (go_forward(learner, feed, from, &run))
            return -1;
    }
    return 0;
}
