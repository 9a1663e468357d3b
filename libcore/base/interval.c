/* Score intervals in closed form: unlike those of a normal error about the figure itself
 * they hold for few images, and for shares near 0 and 1. */
#include "base/interval.h"
#include <math.h>

/* The normal distribution has 95 % within so many deviations of its mean. */
static const double DEVIATIONS = 1.959963984540054;

/* All shares p from which part / whole is within z of their own deviations: between the
 * roots of (part / whole - p)^2 = z^2 p (1 - p) / whole. The lower one by the product of
 * the two, the upper one as that of the complement: nothing cancels, and 0 and 1 are
 * exact. */
static amkd_interval wilson(double part, double whole, double z)
{
    const double rest = whole - part;
    const double reach = z * sqrt(z * z / 4 + part * rest / whole);
    const double low = part * part / whole / (part + z * z / 2 + reach);
    const double none = rest * rest / whole / (rest + z * z / 2 + reach);
    return (amkd_interval){low, 1 - none};
}

amkd_interval amkd_interval_share(size_t part, size_t whole)
{
    if (!whole)
        return (amkd_interval){0, 1};
    return wilson((double)part, (double)whole, DEVIATIONS);
}

int amkd_interval_ratio(amkd_interval *ratio, size_t both, size_t first, size_t second)
{
    *ratio = (amkd_interval){0};
    if (!both && !second)
        return 0;
    /* Each share is one of those in either. The ends of their intervals, divided
     * crosswise, are too far apart, the more so the more the two go together. So z is
     * made smaller by the deviation that the logarithm of the ratio has, over the sum of
     * those of the two. */
    const double either = (double)both + (double)first + (double)second;
    const double a = (double)both + (double)first, b = (double)both + (double)second;
    const double of_ratio =
        sqrt(((double)first + (double)second + 2) / ((a + 1) * (b + 1)));
    const double of_a = sqrt((1 - (a + 1) / (either + 2)) / (a + 1));
    const double of_b = sqrt((1 - (b + 1) / (either + 2)) / (b + 1));
    const double z = DEVIATIONS * of_ratio / (of_a + of_b);
    const amkd_interval upper = wilson(a, either, z), lower = wilson(b, either, z);
    *ratio = (amkd_interval){upper.low / lower.high, upper.high / lower.low};
    return 1;
}
