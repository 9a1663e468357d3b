/* What is left of a teacher's answers in a run, and how much less they are worth for it.
 */
#ifndef AMKD_REPORT_LEAKS_H
#define AMKD_REPORT_LEAKS_H

#include "report/methods.h"

/* What the answers of a run say, by the options of its amkd-query: "all probabilities",
 * "probabilities rounded to 2 decimals", "the best 3 classes", "the label alone". Freed
 * with free(). parameters: those of the run. */
char *amkd_leaks_kind(const json_t *parameters);

/* Whether they say all of it. */
int amkd_leaks_all(const json_t *parameters);

typedef enum amkd_worth {
    AMKD_WORTH_LESS,  /* than answers, the fewest that were measured */
    AMKD_WORTH_KNOWN, /* about answers */
    AMKD_WORTH_MORE,  /* than answers, the most that were measured */
} amkd_worth;

/* *answers: how many of a method's answers make a student of this success rate, the
 * fewest if several do; between two levels on a straight line over the logarithm of the
 * answers. The method has a level with a student. */
amkd_worth amkd_leaks_worth(double *answers, const amkd_method *method, double success);

#endif
