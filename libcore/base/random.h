/* Counter-based random numbers: every value is a pure function of (seed, stream, index),
 * so results do not depend on threads, shards or order of evaluation. */
#ifndef AMKD_BASE_RANDOM_H
#define AMKD_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The index-th 64-bit value of the given stream of a seed. Streams keep uses of one seed
 * apart (weights, shuffles, picks); each user names its own in its source file. */
uint64_t amkd_random_u64(uint64_t seed, uint64_t stream, uint64_t index);

/* Uniform in [0, 1), 53 bits. */
double amkd_random_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/* Standard normal (Box-Muller over two values of the index). */
double amkd_random_normal(uint64_t seed, uint64_t stream, uint64_t index);

/* Beta(alpha, alpha), alpha > 0, exact for every alpha: from two values of the index by
 * Student's t with 2 alpha degrees of freedom (Devroye, "Random variate generation in one
 * line of code", WSC 1996; Bailey, Math. Comp. 62, 1994). */
double amkd_random_beta(double alpha, uint64_t seed, uint64_t stream, uint64_t index);

/* A keyed pseudo-random permutation of 0..n-1: amkd_permute maps index to its image in
 * constant memory (a Feistel network over the next even power of two, cycle-walked back
 * into range: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). */
typedef struct amkd_permutation {
    uint64_t n;
    uint64_t key;
    unsigned half_nbits;
} amkd_permutation;

void amkd_permutation_init(amkd_permutation *permutation, uint64_t n, uint64_t seed,
                           uint64_t stream);
uint64_t amkd_permute(const amkd_permutation *permutation, uint64_t index);

/* Shuffles items 0..n-1 in place (Fisher-Yates) by seed and stream. */
void amkd_shuffle_u32(uint32_t *items, size_t n, uint64_t seed, uint64_t stream);

#endif
