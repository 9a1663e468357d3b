/* The ways of running layers that a user has fixed, in a file named by AMKD_WAYS
 * (amkd-devices(1), "WAYS"): for a driver's fault, or to compare. */
#ifndef AMKD_NET_WAYS_H
#define AMKD_NET_WAYS_H

#include "ops/op.h"

typedef struct amkd_ways amkd_ways;

/* Reads the file; *out is NULL where none is named. Fails, with the file and the line,
 * where it cannot be read or a line is none of "PASS WAY: LAYER". */
int amkd_ways_open(amkd_ways **out);

/* The way for a pass of a layer, by the first line whose pattern its text matches,
 * "conv 64 k3 p1 | relu"; NULL where there is none. Borrowed. */
const char *amkd_ways_find(const amkd_ways *ways, const char *layer, amkd_pass pass);

void amkd_ways_free(amkd_ways *ways); /* NULL is fine */

#endif
