/* The lambdas to sweep over, as the command line says them. */
#ifndef AMKD_STEPS_SELECT_LAMBDAS_H
#define AMKD_STEPS_SELECT_LAMBDAS_H

#include <stddef.h>

/* The paper's grid: 0.30, 0.34, ..., 0.70. */
#define AMKD_DEFAULT_LAMBDAS "0.30:0.70:11"

/* Parses "LO:HI:COUNT", evenly spaced with both ends, or a list "0.1,0.5". *lambdas is
 * [*n], freed with free(). Fails on anything outside [0, 1], on one that comes twice, and
 * beyond 4096. */
int amkd_lambdas_parse(double **lambdas, size_t *n, const char *text);

/* coarse[ncoarse] = so many of lambdas[n], evenly spaced by their place in it, with both
 * ends from two on. 1 <= ncoarse <= n. */
void amkd_lambdas_coarse(double *coarse, size_t ncoarse, const double *lambdas, size_t n);

#endif
