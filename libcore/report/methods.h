/* Runs that differ in nothing but their seeds are runs of one method; its figures at
 * equal numbers of answers are averaged. Where all runs lie as ARM/seed-NUMBER/, as
 * amkd-distill compare puts them, a method's runs are of one arm, and it has its name. */
#ifndef AMKD_REPORT_METHODS_H
#define AMKD_REPORT_METHODS_H

#include "report/run.h"

typedef struct amkd_mean {
    size_t n;
    double mean, deviation; /* of the sample; 0 for one */
    double low, high;
} amkd_mean;

/* A method's figures when so many answers were bought: means over the runs that have
 * them, of which there is one at least. */
typedef struct amkd_level {
    size_t answers;
    amkd_mean accuracy, success, agreement; /* of students that were measured */
    amkd_mean teacher_accuracy, teacher_top;
    amkd_mean assistant_success, assistant_agreement;
    amkd_mean held_out, held_out_low, held_out_high; /* agreement, and its interval */
} amkd_level;

typedef struct amkd_method {
    char *name;    /* the arm; or what tells it from the others, as "c2, lambda=0.5", ""
                   for one alone */
    char *words;   /* what tells it from the others, whole architectures included */
    size_t family; /* methods that differ in sizes only have the same number */
    size_t nruns;
    const amkd_run **runs; /* in the order given, borrowed */
    size_t nlevels;
    amkd_level *levels; /* by answers, the lowest first */
} amkd_method;

typedef struct amkd_methods {
    amkd_method *methods; /* in the order of their first runs */
    size_t n, nfamilies;
    int arms; /* names are those of arms */
} amkd_methods;

/* The runs are borrowed. */
int amkd_methods_find(amkd_methods *methods, const amkd_run *runs, size_t n);
void amkd_methods_clear(amkd_methods *methods); /* a zeroed one is fine */

void amkd_mean_add(amkd_mean *mean, double value);

/* Which method the run is of. */
size_t amkd_methods_of(const amkd_methods *methods, const amkd_run *run);

/* The name that the methods of a family share: theirs without sizes; freed with free().
 */
char *amkd_methods_family_name(const amkd_methods *methods, size_t family);

#endif
