/* Launcher of cl/loss.cl. */
#include "ops/loss.h"
#include "base/memory.h"
#include "device/program.h"
#include <stdlib.h>

extern const char amkd_cl_common[], amkd_cl_loss[];

struct amkd_loss {
    amkd_device *device;
    cl_program program;
    cl_kernel cross_entropy, choose_teaching, count_teaching, teaching, softmax, soften;
    cl_mem sums; /* float [lane]: how many samples teach */
    float smoothing;
};

int amkd_loss_new(amkd_loss **out, amkd_device *device, size_t nclasses)
{
    amkd_loss *loss = amkd_alloc(1, sizeof *loss);
    char *options = amkd_format("-DCLASSES=%zu", nclasses);
    const char *sources[] = {amkd_cl_common, amkd_cl_loss};
    if (!loss || !options)
        goto fail;
    loss->device = device;
    if (amkd_program_build(&loss->program, device, "loss", sources, 2, options) ||
        amkd_kernel_new(&loss->cross_entropy, loss->program, "softmax_cross_entropy") ||
        amkd_kernel_new(&loss->softmax, loss->program, "softmax") ||
        amkd_kernel_new(&loss->choose_teaching, loss->program, "choose_teaching") ||
        amkd_kernel_new(&loss->count_teaching, loss->program, "count_teaching") ||
        amkd_kernel_new(&loss->teaching, loss->program, "teaching_cross_entropy") ||
        amkd_buffer_new(&loss->sums, device, CL_MEM_READ_WRITE,
                        device->nlanes * sizeof(float), NULL) ||
        amkd_kernel_new(&loss->soften, loss->program, "soften"))
        goto fail;
    free(options);
    *out = loss;
    return 0;
fail:
    free(options);
    amkd_loss_free(loss);
    return -1;
}

void amkd_loss_smooth(amkd_loss *loss, double smoothing)
{
    loss->smoothing = (float)smoothing;
}

/* One work-item a vector of the blocks that count samples fill. */
static int run(amkd_loss *loss, cl_kernel kernel, const amkd_arg *args, size_t nargs,
               size_t count)
{
    const amkd_device *device = loss->device;
    const size_t vectors = device->nlanes / device->vector_width;
    const size_t nblocks = (count + device->nlanes - 1) / device->nlanes;
    return amkd_kernel_run(loss->device, kernel, args, nargs, 2,
                           (size_t[]){vectors, nblocks}, (size_t[]){vectors, 1});
}

int amkd_loss_run(amkd_loss *loss, cl_mem gradient, cl_mem losses, cl_mem agreements,
                  cl_mem logits, cl_mem targets, cl_mem order, size_t first, size_t count,
                  size_t total, float temperature)
{
    const cl_uint begin = (cl_uint)first, n = (cl_uint)count, all = (cl_uint)total;
    const amkd_arg args[] = {AMKD_ARG(logits),      AMKD_ARG(targets),
                             AMKD_ARG(order),       AMKD_ARG(begin),
                             AMKD_ARG(n),           AMKD_ARG(all),
                             AMKD_ARG(temperature), AMKD_ARG(loss->smoothing),
                             AMKD_ARG(gradient),    AMKD_ARG(losses),
                             AMKD_ARG(agreements)};
    return run(loss, loss->cross_entropy, args, 11, count);
}

static int run_softmax(amkd_loss *loss, cl_mem out, cl_mem logits, size_t count,
                       float temperature, cl_int logits_only)
{
    const cl_uint n = (cl_uint)count;
    const amkd_arg args[] = {AMKD_ARG(logits), AMKD_ARG(out), AMKD_ARG(n),
                             AMKD_ARG(temperature), AMKD_ARG(logits_only)};
    return run(loss, loss->softmax, args, 5, count);
}

int amkd_loss_softmax(amkd_loss *loss, cl_mem probs, cl_mem logits, size_t count,
                      float temperature)
{
    return run_softmax(loss, probs, logits, count, temperature, 0);
}

int amkd_loss_logits(amkd_loss *loss, cl_mem out, cl_mem logits, size_t count)
{
    return run_softmax(loss, out, logits, count, 1, 1);
}

/* Makes the lanes' counts those of all members. They are whole numbers, which no order of
 * adding changes. */
static int count_members(amkd_loss *loss, amkd_team *team)
{
    const size_t n = loss->device->nlanes, size = amkd_team_size(team);
    float *all = amkd_alloc(size + 1, n * sizeof *all);
    float *mine = all ? all + size * n : NULL;
    int rc = !all ||
             amkd_buffer_read(loss->device, mine, loss->sums, 0, n * sizeof *all) ||
             amkd_team_all_gather(team, all, mine, n * sizeof *all);
    for (size_t v = 0; !rc && v < n; v++) {
        mine[v] = 0;
        for (size_t m = 0; m < size; m++)
            mine[v] += all[m * n + v];
    }
    if (!rc)
        rc = amkd_buffer_write(loss->device, loss->sums, mine, 0, n * sizeof *all);
    free(all);
    return rc ? -1 : 0;
}

int amkd_loss_count_teaching(amkd_loss *loss, cl_mem teaching, size_t total,
                             amkd_team *team)
{
    const amkd_device *device = loss->device;
    const size_t vectors = device->nlanes / device->vector_width;
    const cl_uint nblocks = (cl_uint)((total + device->nlanes - 1) / device->nlanes);
    const amkd_arg args[] = {AMKD_ARG(teaching), AMKD_ARG(nblocks), AMKD_ARG(loss->sums)};
    return amkd_kernel_run(loss->device, loss->count_teaching, args, 3, 1, &vectors,
                           &vectors) ||
                   (team && count_members(loss, team))
               ? -1
               : 0;
}

int amkd_loss_run_teaching(amkd_loss *loss, cl_mem gradient, cl_mem losses,
                           cl_mem agreements, cl_mem taught, cl_mem logits,
                           cl_mem targets, cl_mem order, size_t first, size_t count,
                           float temperature, cl_mem teaching, size_t from)
{
    const cl_uint begin = (cl_uint)first, n = (cl_uint)count, place = (cl_uint)from;
    const amkd_arg args[] = {
        AMKD_ARG(logits),          AMKD_ARG(targets),  AMKD_ARG(order),
        AMKD_ARG(begin),           AMKD_ARG(n),        AMKD_ARG(temperature),
        AMKD_ARG(loss->smoothing), AMKD_ARG(teaching), AMKD_ARG(place),
        AMKD_ARG(loss->sums),      AMKD_ARG(gradient), AMKD_ARG(losses),
        AMKD_ARG(agreements),      AMKD_ARG(taught)};
    return run(loss, loss->teaching, args, 14, count);
}

int amkd_loss_soften(amkd_loss *loss, cl_mem probs, cl_mem tops, cl_mem logits,
                     cl_mem rows, size_t first, size_t count, float temperature)
{
    const cl_uint begin = (cl_uint)first, n = (cl_uint)count;
    const amkd_arg args[] = {AMKD_ARG(logits),     AMKD_ARG(probs), AMKD_ARG(tops),
                             AMKD_ARG(rows),       AMKD_ARG(begin), AMKD_ARG(n),
                             AMKD_ARG(temperature)};
    return run(loss, loss->soften, args, 7, count);
}

int amkd_loss_choose_teaching(amkd_loss *loss, cl_mem teaching, cl_mem tops, cl_mem rows,
                              size_t first, size_t from, size_t count, float min_top)
{
    const cl_uint begin = (cl_uint)first, at = (cl_uint)from, n = (cl_uint)count;
    const amkd_arg args[] = {AMKD_ARG(tops),    AMKD_ARG(rows), AMKD_ARG(begin),
                             AMKD_ARG(at),      AMKD_ARG(n),    AMKD_ARG(min_top),
                             AMKD_ARG(teaching)};
    return run(loss, loss->choose_teaching, args, 7, count);
}

void amkd_loss_free(amkd_loss *loss)
{
    if (!loss)
        return;
    amkd_kernel_free(loss->cross_entropy);
    amkd_kernel_free(loss->softmax);
    amkd_kernel_free(loss->soften);
    amkd_kernel_free(loss->choose_teaching);
    amkd_kernel_free(loss->count_teaching);
    amkd_kernel_free(loss->teaching);
    amkd_buffer_free(loss->sums);
    amkd_program_free(loss->program);
    free(loss);
}
