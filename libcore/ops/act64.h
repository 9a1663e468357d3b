/* The activations of cl/act.cl in float64, which the plain C reference and the errors of
 * plans are told by. */
#ifndef AMKD_OPS_ACT64_H
#define AMKD_OPS_ACT64_H

/* y = forward(x), and dy/dx of x and y. value: what stands behind the name, the slope of
 * leaky. */
typedef struct amkd_act64 {
    const char *name;
    double (*forward)(double x, double value);
    double (*slope)(double x, double y, double value);
} amkd_act64;

/* NULL where there is none of that name. */
const amkd_act64 *amkd_act64_find(const char *name);

#endif
