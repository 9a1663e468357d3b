/* What the parts of methods.h have in common. */
#ifndef AMKD_REPORT_METHODS_INTERNAL_H
#define AMKD_REPORT_METHODS_INTERNAL_H

#include "report/methods.h"

/* The parameter that says of how many pairs is picked, if not of all; and that of the
 * views of each image. */
#define AMKD_POOL "amkd-pool --pairs"
#define AMKD_VIEWS "amkd-augment --views"

/* Whether a parameter is a size. */
int amkd_methods_is_size(const char *key);

/* Whether all of the runs lie as ARM/seed-NUMBER. */
int amkd_methods_have_arms(const amkd_run *runs, size_t n);

/* Whether both runs lie so, with the same ARM. */
int amkd_methods_same_arm(const amkd_run *a, const amkd_run *b);

/* Gives every method its name and words. */
int amkd_methods_name(amkd_methods *methods);

#endif
