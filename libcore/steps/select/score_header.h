/* The header of what amkd_score writes. */
#ifndef AMKD_STEPS_SELECT_SCORE_HEADER_H
#define AMKD_STEPS_SELECT_SCORE_HEADER_H

#include "steps/select/score.h"
#include "stream/header.h"

/* A fresh header of kind "picks": how they were scored, and what the pairs' header says
 * of their origin. coarse: the coarse pass's lambdas, [options->ncoarse]; NULL for none.
 */
int amkd_score_header(amkd_header *header, const amkd_score_options *options,
                      const double *coarse, const amkd_header *pairs);

#endif
