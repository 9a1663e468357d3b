/* The noise is a hash, so that it is the same wherever a candidate is scored or ranked
 * again. */
#include "steps/select/noise.h"
#include "base/error.h"
#include "base/random.h"
#include "stream/keys.h"
#include <math.h>
#include <string.h>

enum { NOISE_STREAM = 0x6e6f6973, SHARE_STREAM = 0x73686172, LAMBDA_STREAM = 0x6c616d62 };

/* Before all scores and their logarithms. */
static const double FIRST = -1e300;

int amkd_noise_put(amkd_header *header, double temperature, uint64_t seed)
{
    return amkd_header_put(
        header, "noise",
        json_pack("{s:f, s:I}", "temperature", temperature, "seed", (json_int_t)seed));
}

int amkd_noise_put_share(amkd_header *header, double share, uint64_t seed, uint64_t k,
                         uint64_t ncandidates)
{
    const double below = share * (double)k / (double)ncandidates;
    return amkd_header_put(header, "random_share",
                           json_pack("{s:f, s:f, s:I}", "share", share, "below", below,
                                     "seed", (json_int_t)seed));
}

static int get_share(amkd_noise *noise, json_t *value, const char *by)
{
    json_int_t seed;
    if (!value)
        return 0;
    if (json_unpack(value, "{s:F, s:I}", "below", &noise->random_below, "seed", &seed) ||
        !(noise->random_below > 0) || !by)
        return amkd_fail("the header's \"random_share\" is no {\"below\", \"seed\"} of "
                         "scores");
    noise->seed = (uint64_t)seed;
    return 0;
}

int amkd_noise_get(amkd_noise *noise, const amkd_header *header)
{
    json_t *value = json_object_get(header->more, "noise");
    const char *by = amkd_picks_by(header);
    json_int_t seed;
    *noise = (amkd_noise){.each_lambda = by && !strcmp(by, "c1"),
                          .entropy = by && !strcmp(by, "entropy")};
    if (get_share(noise, json_object_get(header->more, "random_share"), by))
        return -1;
    if (!value)
        return 0;
    if (json_unpack(value, "{s:F, s:I}", "temperature", &noise->temperature, "seed",
                    &seed) ||
        !(noise->temperature > 0) || !by)
        return amkd_fail("the header's \"noise\" is no {\"temperature\", \"seed\"} of "
                         "scores");
    noise->seed = (uint64_t)seed;
    return 0;
}

/* Uniform in (0, 1), neither end: 52 bits, and a half of the last. */
static double uniform(const amkd_noise *noise, uint64_t stream, amkd_pair pair,
                      float lambda)
{
    if (noise->each_lambda) {
        uint32_t bits;
        memcpy(&bits, &lambda, sizeof bits);
        stream |= (uint64_t)bits << 32;
    }
    const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
    const uint64_t random = amkd_random_u64(noise->seed, stream, index);
    return ((double)(random >> 12) + 0.5) * 0x1p-52;
}

/* The number by which a candidate is one at random, not below random_below if that is 0.
 */
static double random_number(const amkd_noise *noise, amkd_pair pair, float lambda)
{
    return noise->random_below > 0 ? uniform(noise, SHARE_STREAM, pair, lambda) : 1;
}

int amkd_noise_is_random(const amkd_noise *noise, amkd_pair pair, float lambda)
{
    return random_number(noise, pair, lambda) < noise->random_below;
}

size_t amkd_noise_draw_lambda(uint64_t seed, amkd_pair pair, size_t nlambdas)
{
    const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
    return amkd_random_u64(seed, LAMBDA_STREAM, index) % nlambdas;
}

double amkd_noise_key(const amkd_noise *noise, const amkd_pick *pick)
{
    const double score = (double)pick->score;
    const amkd_pair pair = {pick->i, pick->j};
    const double number = random_number(noise, pair, pick->lambda);
    if (number < noise->random_below)
        return FIRST * (2 - number);
    if (noise->temperature == 0)
        return score;
    const double key = noise->entropy ? -log(-score) : log(score);
    const double u = uniform(noise, NOISE_STREAM, pair, pick->lambda);
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
    const amkd_noise *noise = thinning->noise;
    const size_t n = noise->each_lambda ? thinning->nlambdas : 1;
    for (size_t l = 0; l < n; l++)
        if (uniform(noise, NOISE_STREAM, pair, thinning->lambdas[l]) >= least ||
            amkd_noise_is_random(noise, pair, thinning->lambdas[l]))
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
