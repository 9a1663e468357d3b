/* The ways of running an op's passes: listed, tried on made-up data, and applied. */
#include "ops/op_plan.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include "ops/op_sample.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Multiply-adds of a run below which the choice does not matter. */
static const double worth_planning = 1 << 22;

/* What a launch may take by itself, and how often the first way runs in a trial at least.
 */
static const double launch_seconds = 0.01, nruns = 3;

/* Tiles side by side in a work-group, where work-items run in lockstep. */
static const size_t groups[] = {1, 2, 4, 8};
enum { NGROUPS = sizeof groups / sizeof *groups };

/* Values of a result by which errors are told, at most; of long sums as many as have so
 * many terms together, but two at least. */
enum { NSAMPLES = 32, NTERMS = 1 << 21 };

/* Stands in for the layer's data while its ways are timed. */
typedef struct trial {
    cl_mem x, parameters, dy, result;
    size_t nresult, ncopies; /* floats of a copy; copies that are to be added up */
    size_t nblocks;
} trial;

typedef struct setting {
    amkd_op *op;
    amkd_pass pass;
    const trial *trial;
    amkd_other *other; /* NULL: the op itself */
    size_t group;
} setting;

/* Puts a setting into force. Another op is made when first asked for. */
static int apply(const setting *s)
{
    amkd_op *by = s->op;
    if (s->other && !s->other->op && s->other->make(&s->other->op, s->op))
        return -1;
    if (s->other)
        by = s->other->op;
    by->group[s->pass] = s->group;
    s->op->by[s->pass] = by;
    return 0;
}

static int run(void *context)
{
    const setting *s = context;
    const trial *t = s->trial;
    const amkd_op_args args = {
        .run = {.nblocks = t->nblocks, .nsamples = t->nblocks * s->op->device->nlanes},
        .x = {t->x, t->dy}, /* the second where an op adds one */
        .y = t->result,
        .dy = t->dy,
        .dx = t->result,
        .parameters = t->parameters,
        .gradients = t->result,
    };
    return apply(s) || amkd_op_run(s->op, s->pass, &args) ? -1 : 0;
}

/* Adds the ways of the op itself or of its other, as many as have room. The lanes
 * of a work-group of the weights' gradient are summed, so that it has one tile alone. */
static void add_ways(amkd_plan *plan, setting *settings, setting s, const char *name)
{
    const amkd_device *device = s.op->device;
    const int grouped =
        device->vector_width == 1 && s.pass != AMKD_BACKWARD_WEIGHTS && !s.other;
    for (size_t g = 0; g < (grouped ? NGROUPS : 1) && plan->nways < AMKD_MAX_WAYS; g++) {
        amkd_way *way = &plan->ways[plan->nways];
        s.group = groups[g];
        if (s.group * amkd_lane_items(device) > device->max_work_group)
            continue;
        if (s.group == 1)
            snprintf(way->name, sizeof way->name, "%s", name);
        else
            snprintf(way->name, sizeof way->name, "%s, %zu a group", name, s.group);
        settings[plan->nways] = s;
        way->run = s.other && s.other->unfit ? NULL : run;
        way->context = &settings[plan->nways++];
    }
}

static int has_other(const amkd_op *op, amkd_pass pass)
{
    return op->other.name &&
           (!op->other.fits || op->other.fits(op->device, &op->shape, pass));
}

/* Whether the choice is made when the op is. */
static int is_reckoned(const amkd_op *op, amkd_pass pass)
{
    return op->other.wins && has_other(op, pass);
}

/* The first is the one in force. */
static void list_ways(amkd_plan *plan, setting *settings, amkd_op *op, amkd_pass pass,
                      const trial *t)
{
    const int other_first = is_reckoned(op, pass) && op->by[pass] != op;
    if (other_first)
        add_ways(plan, settings, (setting){op, pass, t, &op->other, 1}, op->other.name);
    add_ways(plan, settings, (setting){op, pass, t, NULL, 1}, "own");
    if (!other_first && has_other(op, pass))
        add_ways(plan, settings, (setting){op, pass, t, &op->other, 1}, op->other.name);
}

const char *amkd_op_way(const amkd_op *op, amkd_pass pass)
{
    return op->by[pass] == op ? "own" : op->other.name;
}

static double count_macs(const amkd_op_shape *s, size_t nlanes)
{
    return (double)(s->in_channels / s->groups * s->kernel_height * s->kernel_width) *
           (double)(s->out_channels * s->out_height * s->out_width) *
           (double)(s->max_blocks * nlanes);
}

/* The macros say all that a kernel is made of. */
static char *describe(const amkd_op *op, amkd_pass pass)
{
    static const char *const passes[] = {"forward", "backward weights", "backward data"};
    const char *library = op->other.library;
    const char *macros = op->parts[pass].macros ? op->parts[pass].macros : op->macros;
    return amkd_format("%s %s, %s, %zu blocks of %zu in vectors of %zu%s%s", op->kind,
                       passes[pass], macros ? macros : "", op->shape.max_blocks,
                       op->device->nlanes, op->device->vector_width, library ? ", " : "",
                       library ? library : "");
}

/* A buffer of nfloats trial values. */
static int trial_buffer(cl_mem *out, amkd_device *device, amkd_trial what, size_t nfloats)
{
    float *values = amkd_alloc(nfloats, sizeof *values);
    if (!values)
        return -1;
    for (size_t v = 0; v < nfloats; v++)
        values[v] = amkd_trial_value(what, v);
    const int rc =
        amkd_buffer_new(out, device, CL_MEM_READ_WRITE, nfloats * sizeof *values, values);
    free(values);
    return rc;
}

static int trial_new(trial *t, const amkd_op *op, amkd_pass pass, size_t nblocks)
{
    amkd_device *device = op->device;
    const amkd_op_shape *s = &op->shape;
    const size_t nsamples = nblocks * device->nlanes;
    t->nblocks = nblocks;
    const size_t nx = nsamples * s->in_channels * s->in_height * s->in_width;
    const size_t ny = nsamples * s->out_channels * s->out_height * s->out_width;
    t->nresult = pass == AMKD_FORWARD         ? ny
                 : pass == AMKD_BACKWARD_DATA ? nx
                                              : s->ntrained;
    t->ncopies = pass == AMKD_BACKWARD_WEIGHTS ? s->nslices : 1;
    return trial_buffer(&t->x, device, AMKD_TRIAL_X, nx) ||
                   trial_buffer(&t->dy, device, AMKD_TRIAL_DY, ny) ||
                   trial_buffer(&t->parameters, device, AMKD_TRIAL_PARAMETERS,
                                s->ntrained) ||
                   amkd_buffer_new(&t->result, device, CL_MEM_READ_WRITE,
                                   t->ncopies * t->nresult * sizeof(float), NULL)
               ? -1
               : 0;
}

static void trial_clear(trial *t)
{
    amkd_buffer_free(t->x);
    amkd_buffer_free(t->parameters);
    amkd_buffer_free(t->dy);
    amkd_buffer_free(t->result);
}

/* Seconds of the first way over nblocks, compiled before. */
static int time_blocks(double *seconds, amkd_op *op, amkd_pass pass, size_t nblocks)
{
    trial t = {0};
    const setting first = {op, pass, &t, NULL, 1};
    int rc = trial_new(&t, op, pass, nblocks);
    if (!rc)
        rc = run((void *)&first) || amkd_device_finish(op->device) ? -1 : 0;
    const double start = amkd_now();
    if (!rc)
        rc = run((void *)&first) || amkd_device_finish(op->device) ? -1 : 0;
    *seconds = amkd_now() - start;
    trial_clear(&t);
    return rc;
}

/* Whether a trial is likely to end by the deadline: a few blocks tell, then more of them,
 * until they take long enough to be more than a launch. */
static int has_time(int *yes, amkd_op *op, amkd_pass pass, double deadline)
{
    const size_t most = op->shape.max_blocks;
    *yes = 1;
    for (size_t n = 1; n < most && *yes; n *= 8) {
        double seconds;
        if (time_blocks(&seconds, op, pass, n))
            return -1;
        const double all = seconds * (double)most / (double)n;
        *yes = amkd_now() < deadline &&
               (seconds < launch_seconds || amkd_now() + nruns * all < deadline);
        if (seconds >= launch_seconds)
            break;
    }
    return 0;
}

static size_t count_samples(const amkd_op *op, amkd_pass pass, const trial *t)
{
    const amkd_op_shape *s = &op->shape;
    if (pass != AMKD_BACKWARD_WEIGHTS)
        return NSAMPLES;
    const size_t nterms = t->nblocks * op->device->nlanes * s->out_height * s->out_width;
    const size_t n = NTERMS / nterms;
    return n > NSAMPLES ? NSAMPLES : n > 2 ? n : 2;
}

/* Times the ways and tells their errors. */
static int measure(amkd_plan *plan, const amkd_op *op, amkd_pass pass, const trial *t,
                   double deadline)
{
    amkd_sample samples[NSAMPLES];
    const size_t n = count_samples(op, pass, t);
    amkd_op_sample(samples, n, &op->shape, pass, op->device->nlanes, t->nblocks);
    const amkd_result result = {t->result, t->nresult, t->ncopies, samples, n};
    return amkd_plan_measure(plan, op->device, &result, deadline);
}

static int has_choice(const amkd_plan *plan)
{
    size_t n = 0;
    for (size_t w = 0; w < plan->nways; w++)
        n += plan->ways[w].run != NULL;
    return n > 1;
}

/* "own, winograd" */
static void print_ways(char *text, size_t nbytes, const amkd_plan *plan)
{
    size_t n = 0;
    for (size_t w = 0; w < plan->nways && n < nbytes; w++)
        n += (size_t)snprintf(text + n, nbytes - n, "%s'%s'", w ? ", " : "",
                              plan->ways[w].name);
}

/* Takes the way of this name. */
static int fix(amkd_plan *plan, const setting *settings, const char *name)
{
    char all[AMKD_MAX_WAYS * (sizeof plan->ways->name + 4)];
    for (size_t w = 0; w < plan->nways; w++)
        if (plan->ways[w].run && !strcmp(plan->ways[w].name, name)) {
            plan->chosen = w;
            plan->ways[w].fate = AMKD_FATE_CHOSEN;
            return apply(&settings[w]);
        }
    print_ways(all, sizeof all, plan);
    return amkd_fail("there is no way '%s' here: expected one of %s", name, all);
}

/* Makes all that a trial would run, and leaves the first way in force. Another that
 * cannot be made would be passed over. */
static int make_ways(amkd_plan *plan, amkd_op *op, amkd_pass pass)
{
    setting settings[AMKD_MAX_WAYS];
    list_ways(plan, settings, op, pass, NULL);
    int rc = 0;
    for (size_t w = plan->nways; w-- > 0;)
        if (plan->ways[w].run)
            rc = apply(&settings[w]) || amkd_op_make_ready(op, pass) ? -1 : 0;
    return rc;
}

int amkd_op_plan(amkd_plan *plan, amkd_op *op, amkd_pass pass, const char *way,
                 double deadline, int time_all)
{
    *plan = (amkd_plan){0};
    if (!op->kind)
        return 0;
    plan->reckoned = is_reckoned(op, pass);
    if (plan->reckoned && !time_all && !way)
        return 0;
    if (op->make_ready && op->make_ready(op, pass))
        return -1;
    if (op->device->listing)
        return make_ways(plan, op, pass);
    trial t = {0};
    setting settings[AMKD_MAX_WAYS];
    const double nmacs = count_macs(&op->shape, op->device->nlanes);
    plan->flops = 2 * nmacs;
    plan->sources[0] = amkd_cl_common;
    plan->sources[1] = amkd_cl_act;
    plan->sources[2] = op->source;
    plan->sources[3] = op->parts[pass].source;
    plan->others = op->other.sources;
    plan->work = describe(op, pass);
    list_ways(plan, settings, op, pass, &t);
    if (!plan->work)
        return -1;
    if (way && plan->nways)
        return fix(plan, settings, way);
    int rc = 0;
    if (!amkd_plan_recall(plan, op->device) && (has_choice(plan) || time_all) &&
        nmacs >= worth_planning && amkd_now() < deadline) {
        int yes = 0;
        rc = has_time(&yes, op, pass, deadline);
        if (!rc && yes)
            rc = trial_new(&t, op, pass, op->shape.max_blocks);
        if (!rc && yes)
            rc = measure(plan, op, pass, &t, deadline);
        trial_clear(&t);
    }
    if (rc)
        return -1;
    /* What ran once may fail now, of what others are and do; the op itself is made. */
    if (apply(&settings[plan->chosen])) {
        plan->chosen = 0;
        return apply(&settings[0]);
    }
    return 0;
}
