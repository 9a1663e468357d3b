/* Noise on scores: what is picked becomes a sample of the candidates, the likelier the
 * less sure the student is of them, in place of the extreme tail, which may be all of one
 * sort
 * ("power acquisition": Kirsch et al., Stochastic batch acquisition, arXiv 2106.12059).
 */
#ifndef AMKD_STEPS_SELECT_NOISE_H
#define AMKD_STEPS_SELECT_NOISE_H

#include "stream/header.h"
#include "stream/rows.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_noise {
    double temperature; /* 0: no noise */
    uint64_t seed;
    int each_lambda; /* noise of its own for each lambda of a pair, else one for the pair
                      */
    int entropy;     /* the scores are negative entropies, else probabilities */
    double random_below; /* candidates whose uniform number is below it come first: a
                            share of the picks at random. 0: none */
} amkd_noise;

/* Puts "noise": {"temperature", "seed"} into the header of picks. */
int amkd_noise_put(amkd_header *header, double temperature, uint64_t seed);

/* Puts "random_share": {"share", "below", "seed"}: of k picks share are to be random, on
 * average, so that of ncandidates those with a number below k share / ncandidates are. */
int amkd_noise_put_share(amkd_header *header, double share, uint64_t seed, uint64_t k,
                         uint64_t ncandidates);

/* Reads both back, together with "by"; zeros where the header has none. */
int amkd_noise_get(amkd_noise *noise, const amkd_header *header);

/* What candidates are ranked by, the lowest first: their score, or with noise
 *
 *     log score - T g    (of entropies: -log(-score) - T g)
 *
 * where g is standard Gumbel noise, a function of seed, i, j and, with each_lambda,
 * lambda alone. The k lowest of the keys are a draw without replacement, each candidate
 * as likely as score^(-1/T). NaN where the score has no logarithm. Those at random
 * come before all others, whatever their score, in the order of their numbers. */
double amkd_noise_key(const amkd_noise *noise, const amkd_pick *pick);

/* Whether a candidate is one of those at random. */
int amkd_noise_is_random(const amkd_noise *noise, amkd_pair pair, float lambda);

/* The place of a pair's lambda among nlambdas, where it is drawn. */
size_t amkd_noise_draw_lambda(uint64_t seed, amkd_pair pair, size_t nlambdas);

/* Which pairs need no score: those whose noise is such that even the lowest score there
 * is would rank them behind what is kept already. */
typedef struct amkd_thinning {
    const amkd_noise *noise;
    size_t nclasses;      /* of the student: no top probability is below one in so many */
    const float *lambdas; /* [nlambdas] that may be scored */
    size_t nlambdas;
    double cutoff; /* no key above it is picked any more; INFINITY while any may be */
} amkd_thinning;

/* Drops them from pairs[n]; returns how many are left, in order. */
size_t amkd_thinning_drop(const amkd_thinning *thinning, amkd_pair *pairs, size_t n);

#endif
