/* Intervals of 95 % about shares that were counted on a sample: where the share of all
 * that the sample was drawn from may well lie. Images drawn anew are all that they allow
 * for. */
#ifndef AMKD_BASE_INTERVAL_H
#define AMKD_BASE_INTERVAL_H

#include <stddef.h>

typedef struct amkd_interval {
    double low, high;
} amkd_interval;

/* About the share part / whole, part at most whole. Within 0 and 1, and never a single
 * point: none or all of a sample are not none or all of what it was drawn from. A whole
 * of 0 tells nothing, which is 0 to 1. Wilson's score interval (J. Amer. Statist. Assoc.
 * 22, 1927, 209-212; method 3 of Newcombe, Statist. Med. 17, 1998, 857-872). */
amkd_interval amkd_interval_share(size_t part, size_t whole);

/* About the ratio of two shares of one sample, of which each member may be in both, in
 * the first alone, in the second alone, or in neither: (both + first) / (both + second).
 * How far the two go together counts, the number of those in neither does not. Returns 1,
 * or 0 where the second share is 0 and there is no ratio; *ratio is 0 to 0 then. Finite
 * whenever it is 1, and wider than a point. The hybrid Wilson score interval of Bonett
 * and Price (Statist. Med. 25, 2006, 3039-3047), one of those that Fagerland, Lydersen
 * and Laake recommend (Statist. Med. 33, 2014, 2850-2875). */
int amkd_interval_ratio(amkd_interval *ratio, size_t both, size_t first, size_t second);

#endif
