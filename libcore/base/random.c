/* Counter-based random numbers: a 64-bit finalizer (the one of SplitMix64: Steele, Lea
 * and Flood, "Fast splittable pseudorandom number generators", 2014) over seed, stream
 * and index, so that every value can be had alone and in any order. */
#include "base/random.h"
#include <math.h>

#define GOLDEN 0x9e3779b97f4a7c15u /* 2^64 / golden ratio, odd */

enum { NROUNDS = 8 }; /* of the Feistel network; small domains need more than 4 */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t stream_key(uint64_t seed, uint64_t stream)
{
    return mix(mix(seed + GOLDEN) ^ (stream * GOLDEN + 1));
}

/* The key goes in twice: added alone, the streams would be stretches of one sequence. */
static uint64_t keyed(uint64_t key, uint64_t index)
{
    return mix(mix(key + (index + 1) * GOLDEN) ^ key);
}

static double to_uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

uint64_t amkd_random_u64(uint64_t seed, uint64_t stream, uint64_t index)
{
    return keyed(stream_key(seed, stream), index);
}

double amkd_random_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    return to_uniform(amkd_random_u64(seed, stream, index));
}

static const double two_pi = 6.283185307179586;

double amkd_random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint64_t key = stream_key(seed, stream);
    double radius = sqrt(-2 * log(1 - to_uniform(keyed(key, 2 * index))));
    return radius * cos(two_pi * to_uniform(keyed(key, 2 * index + 1)));
}

/* t^2 / (2 alpha) of a Student's t is (u^(-1/alpha) - 1) cos^2(2 pi v), and beta then is
 * (1 + t / sqrt(2 alpha + t^2)) / 2. Infinities of small alpha end as 0 or 1. */
double amkd_random_beta(double alpha, uint64_t seed, uint64_t stream, uint64_t index)
{
    const uint64_t key = stream_key(seed, stream);
    const double u = 1 - to_uniform(keyed(key, 2 * index));
    const double cosine = cos(two_pi * to_uniform(keyed(key, 2 * index + 1)));
    const double square = expm1(log(1 / u) / alpha) * cosine * cosine;
    return 0.5 + copysign(0.5 / sqrt(1 + 1 / square), cosine);
}

void amkd_permutation_init(amkd_permutation *permutation, uint64_t n, uint64_t seed,
                           uint64_t stream)
{
    unsigned half_nbits = 1;
    while (half_nbits < 32 && (n - (n != 0)) >> (2 * half_nbits))
        half_nbits++;
    *permutation = (amkd_permutation){n, stream_key(seed, stream), half_nbits};
}

uint64_t amkd_permute(const amkd_permutation *permutation, uint64_t index)
{
    const unsigned half = permutation->half_nbits;
    const uint64_t mask = ((uint64_t)1 << half) - 1;
    /* Cycle walking: the network permutes 0..4^half-1, less than 4n for n > 1, so this
     * ends, and soon. */
    do {
        uint64_t left = index >> half, right = index & mask;
        for (unsigned round = 0; round < NROUNDS; round++) {
            uint64_t next =
                left ^ (keyed(permutation->key, right * NROUNDS + round) & mask);
            left = right;
            right = next;
        }
        index = left << half | right;
    } while (index >= permutation->n);
    return index;
}

/* Floor of random * n / 2^64, without a 128-bit type: uniform in 0..n-1 up to 2^-32. */
static uint64_t below(uint64_t bits, uint64_t n)
{
    uint64_t high = (bits >> 32) * n, low = (bits & 0xffffffffu) * n;
    return (high + (low >> 32)) >> 32;
}

void amkd_shuffle_u32(uint32_t *items, size_t n, uint64_t seed, uint64_t stream)
{
    uint64_t key = stream_key(seed, stream);
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)below(keyed(key, i), i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
