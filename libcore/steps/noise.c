/* The noise is a hash, so that it is the same wherever a candidate is scored or ranked
 * again. */
#include "steps/noise.h"
#include "base/error.h"
#include "base/random.h"
#include <math.h>
#include <string.h>

enum { NOISE_STREAM = 0x6e6f6973 };

int amkd_noise_put(amkd_header *header, double temperature, uint64_t seed)
{
    return amkd_header_put(
        header, "noise",
        json_pack("{s:f, s:I}", "temperature", temperature, "seed", (json_int_t)seed));
}

int amkd_noise_get(amkd_noise *noise, const amkd_header *header)
{
    json_t *value = json_object_get(header->more, "noise");
    const char *by = json_string_value(json_object_get(header->more, "by"));
    json_int_t seed;
    *noise = (amkd_noise){0};
    if (!value)
        return 0;
    if (json_unpack(value, "{s:F, s:I}", "temperature", &noise->temperature, "seed",
                    &seed) ||
        !(noise->temperature > 0) || !by)
        return amkd_fail("the header's \"noise\" is no {\"temperature\", \"seed\"} of "
                         "scores");
    noise->seed = (uint64_t)seed;
    noise->each_lambda = !strcmp(by, "c1");
    noise->entropy = !strcmp(by, "entropy");
    return 0;
}

/* Uniform in (0, 1), neither end: 52 bits, and a half of the last. */
static double uniform(const amkd_noise *noise, uint32_t i, uint32_t j, float lambda)
{
    uint64_t stream = NOISE_STREAM;
    if (noise->each_lambda) {
        uint32_t bits;
        memcpy(&bits, &lambda, sizeof bits);
        stream |= (uint64_t)bits << 32;
    }
    const uint64_t random = amkd_random_u64(noise->seed, stream, (uint64_t)i << 32 | j);
    return ((double)(random >> 12) + 0.5) * 0x1p-52;
}

double amkd_noise_key(const amkd_noise *noise, const amkd_pick *pick)
{
    const double score = (double)pick->score;
    if (noise->temperature == 0)
        return score;
    const double key = noise->entropy ? -log(-score) : log(score);
    const double u = uniform(noise, pick->i, pick->j, pick->lambda);
    return key + noise->temperature * log(-log(u));
}

/* The least that log score (-log(-score)) can be, less what float32 may be off. */
static double least_of(const amkd_thinning *thinning)
{
    const double n = (double)thinning->nclasses, slack = 1e-3 + 1e-6 * n;
    return (thinning->noise->entropy ? -log(log(n)) : -log(n)) - slack;
}

/* Whether any of the pair's noise is that of a uniform at or above the least. */
static int may_enter(const amkd_thinning *thinning, amkd_pair pair, double least)
{
    const size_t n = thinning->noise->each_lambda ? thinning->nlambdas : 1;
    for (size_t l = 0; l < n; l++)
        if (uniform(thinning->noise, pair.i, pair.j, thinning->lambdas[l]) >= least)
            return 1;
    return 0;
}

size_t amkd_thinning_drop(const amkd_thinning *thinning, amkd_pair *pairs, size_t n)
{
    if (thinning->noise->temperature == 0 || !isfinite(thinning->cutoff))
        return n;
    /* least - T g <= cutoff, solved for the uniform that g is made of, so that there is
     * no logarithm for each pair; and 1e-12 for what this is rounded by. */
    const double g =
        (least_of(thinning) - thinning->cutoff) / thinning->noise->temperature;
    const double least = exp(-exp(-g)) - 1e-12;
    size_t left = 0;
    for (size_t p = 0; p < n; p++)
        if (may_enter(thinning, pairs[p], least))
            pairs[left++] = pairs[p];
    return left;
}
