/* What is read back of a span of steps. */
#include "steps/learn/train_span.h"
#include "base/memory.h"
#include <stdlib.h>

int amkd_train_span_new(amkd_train_span *span, const amkd_learner *learner,
                        const amkd_graph *graph)
{
    span->parameters = amkd_alloc(graph->nparameters, sizeof *span->parameters);
    span->losses = amkd_alloc(learner->sums_nbytes, 1);
    span->agreements = amkd_alloc(learner->sums_nbytes, 1);
    span->taught = amkd_alloc(learner->sums_nbytes, 1);
    return span->parameters && span->losses && span->agreements && span->taught ? 0 : -1;
}

void amkd_train_span_clear(amkd_train_span *span)
{
    free(span->parameters);
    free(span->losses);
    free(span->agreements);
    free(span->taught);
    if (span->done)
        amkd_cl_tidied(clReleaseEvent(span->done), "clReleaseEvent");
    *span = (amkd_train_span){0};
}

int amkd_train_span_read_later(amkd_train_span *span, const amkd_learner *learner,
                               const amkd_graph *graph)
{
    amkd_device *device = learner->device;
    const cl_mem average = amkd_optimizer_average(learner->optimizer);
    const size_t nbytes = learner->sums_nbytes;
    if (amkd_buffer_read_later(device, span->parameters,
                               amkd_network_parameters(learner->network), 0,
                               graph->nparameters * sizeof(float), NULL) ||
        (average && amkd_buffer_read_later(device, span->parameters, average, 0,
                                           graph->ntrained * sizeof(float), NULL)))
        return -1;
    return amkd_buffer_read_later(device, span->losses, learner->losses, 0, nbytes,
                                  NULL) ||
                   amkd_buffer_read_later(device, span->taught, learner->taught, 0,
                                          nbytes, NULL) ||
                   amkd_buffer_read_later(device, span->agreements, learner->agreements,
                                          0, nbytes, &span->done)
               ? -1
               : 0;
}

static double sum(const float *values, size_t n)
{
    double all = 0;
    for (size_t v = 0; v < n; v++)
        all += values[v];
    return all;
}

void amkd_train_span_sum(double sums[AMKD_SPAN_NSUMS], const amkd_train_span *span,
                         const amkd_learner *learner)
{
    const size_t n = learner->sums_nbytes / sizeof(float);
    sums[AMKD_SPAN_LOSS] = sum(span->losses, n);
    sums[AMKD_SPAN_AGREEMENT] = sum(span->agreements, n);
    sums[AMKD_SPAN_TAUGHT] = sum(span->taught, n);
}
