/* Self-test of scoring: every measure of every pair at every lambda, by both engines
 * where the device runs both, and each pair's lowest. */
#include "base/error.h"
#include "steps/selftest/selftest_internal.h"
#include "sweep/sweep.h"
#include <math.h>
#include <stdio.h>

enum { NIMAGES = 7, NPAIRS = NIMAGES * (NIMAGES - 1) / 2, NCLASSES = 5 };

static const float lambdas[] = {0.3F, 0.5F, 0.7F};
enum { NLAMBDAS = sizeof lambdas / sizeof *lambdas };

static const struct {
    const char *name;
    amkd_measure measure;
} measures[] = {{"confidence", AMKD_CONFIDENCE},
                {"margin", AMKD_MARGIN},
                {"negative entropy", AMKD_ENTROPY}};

/* expected = the float64 scores of all evaluations. */
static int expect(double expected[NPAIRS * NLAMBDAS], const amkd_pair *pairs,
                  const amkd_fixture *fixture, amkd_measure which)
{
    const amkd_model *model = fixture->model;
    amkd_reference *reference;
    if (amkd_reference_new(&reference, &model->graph, model->parameters, 1))
        return -1;
    int failed = 0;
    for (size_t e = 0; e < NPAIRS * NLAMBDAS && !failed; e++)
        failed = amkd_fixture_score(&expected[e], fixture, reference, pairs[e / NLAMBDAS],
                                    (double)lambdas[e % NLAMBDAS], which);
    amkd_reference_free(reference);
    return failed;
}

/* The greatest error of what came back: every score, or each pair's lowest, which must be
 * where it is said to be. */
static double error_of(const amkd_sweep_result *result, const double *expected, int every)
{
    const size_t ngroups = NPAIRS * (every ? NLAMBDAS : 1);
    const size_t group = NPAIRS * NLAMBDAS / ngroups;
    double error = result->n == ngroups ? 0 : NAN;
    for (size_t g = 0; g < ngroups && !isnan(error); g++) {
        const amkd_sweep_score *score = &result->scores[g];
        double least = INFINITY;
        for (size_t e = 0; e < group; e++)
            least = fmin(least, expected[g * group + e]);
        if (score->evaluation / group != g)
            return NAN;
        error = amkd_selftest_error(error, (double)score->score, least);
        error = amkd_selftest_error(error, expected[score->evaluation], least);
    }
    return error;
}

static int check_sweep(amkd_selftest_run *run, const amkd_fixture *fixture,
                       amkd_engine engine, size_t m, int every)
{
    const amkd_sweep_options options = {.measure = measures[m].measure,
                                        .lambdas = lambdas,
                                        .nlambdas = NLAMBDAS,
                                        .every = every,
                                        .engine = engine,
                                        .max_pairs = NPAIRS};
    amkd_pair pairs[NPAIRS];
    double expected[NPAIRS * NLAMBDAS];
    size_t npairs = 0;
    for (uint32_t i = 0; i < NIMAGES; i++)
        for (uint32_t j = i + 1; j < NIMAGES; j++)
            pairs[npairs++] = (amkd_pair){i, j};
    amkd_sweep *sweep = NULL;
    amkd_sweep_result result;
    const int failed =
        expect(expected, pairs, fixture, options.measure) ||
        amkd_sweep_new(&sweep, run->device, fixture->model, &fixture->images, &options) ||
        amkd_sweep_start(sweep, pairs, NPAIRS, INFINITY) ||
        amkd_sweep_finish(sweep, &result) != 1;
    char what[80];
    if (!failed) {
        snprintf(what, sizeof what, "scores, %s: %s%s", amkd_sweep_engine(sweep),
                 every ? "" : "each pair's lowest ", measures[m].name);
        amkd_selftest_check(run, what, error_of(&result, expected, every), 1e-5);
    }
    amkd_sweep_free(sweep);
    return failed ? amkd_fail_in("scoring") : 0;
}

int amkd_selftest_sweeps(amkd_selftest_run *run)
{
    /* AUTO is the fused engine on devices with vectors. Elsewhere its one large kernel is
     * not what scoring uses, and some compilers cannot take it. */
    static const amkd_engine engines[] = {AMKD_ENGINE_LAYERED, AMKD_ENGINE_AUTO};
    const size_t nengines = run->device->vector_width > 1 ? 2 : 1;
    static const char arch[] =
        "conv 3 k5 p2 | relu | maxpool 2 | conv 5 k3 | relu | fc 5";
    amkd_fixture fixture;
    if (amkd_fixture_new(&fixture, arch, (amkd_shape){2, 14, 13}, NIMAGES,
                         AMKD_SELFTEST_GAIN, AMKD_SELFTEST_SEED))
        return -1;
    int failed = 0;
    for (size_t e = 0; e < nengines; e++)
        for (size_t m = 0; m < sizeof measures / sizeof *measures && !failed; m++)
            failed = check_sweep(run, &fixture, engines[e], m, 1);
    if (!failed)
        failed = check_sweep(run, &fixture, AMKD_ENGINE_LAYERED, 0, 0);
    amkd_fixture_clear(&fixture);
    return failed ? -1 : 0;
}
