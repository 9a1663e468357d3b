/* The activations in float64, a row each. */
#include "ops/act64.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static double relu(double x, double value)
{
    (void)value;
    return x > 0 ? x : 0;
}

static double relu_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0;
}

static double relu6(double x, double value)
{
    (void)value;
    return fmin(fmax(x, 0), 6);
}

static double relu6_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0 && y < 6;
}

static double leaky(double x, double value)
{
    return x > 0 ? x : value * x;
}

static double leaky_slope(double x, double y, double value)
{
    (void)x;
    return y > 0 ? 1 : value;
}

static double tanh_of(double x, double value)
{
    (void)value;
    return tanh(x);
}

static double tanh_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return 1 - y * y;
}

static double sigmoid(double x, double value)
{
    (void)value;
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y * (1 - y);
}

static double hardsigmoid(double x, double value)
{
    return relu6(x + 3, value) / 6;
}

static double hardsigmoid_slope(double x, double y, double value)
{
    (void)x, (void)value;
    return y > 0 && y < 1 ? 1.0 / 6 : 0;
}

static double silu(double x, double value)
{
    return x * sigmoid(x, value);
}

static double silu_slope(double x, double y, double value)
{
    (void)y;
    const double s = sigmoid(x, value);
    return s * (1 + x * (1 - s));
}

/* x Phi(x), Phi the distribution function of the standard normal. */
static double gelu(double x, double value)
{
    (void)value;
    return x * erfc(-x * sqrt(0.5)) / 2;
}

static double gelu_slope(double x, double y, double value)
{
    (void)y, (void)value;
    const double density = exp(-x * x / 2) / sqrt(8 * atan(1));
    return erfc(-x * sqrt(0.5)) / 2 + x * density;
}

static double hardswish(double x, double value)
{
    return x * hardsigmoid(x, value);
}

static double hardswish_slope(double x, double y, double value)
{
    (void)y, (void)value;
    return x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1;
}

static const amkd_act64 acts[] = {
    {"relu", relu, relu_slope},
    {"relu6", relu6, relu6_slope},
    {"leaky", leaky, leaky_slope},
    {"tanh", tanh_of, tanh_slope},
    {"sigmoid", sigmoid, sigmoid_slope},
    {"hardsigmoid", hardsigmoid, hardsigmoid_slope},
    {"silu", silu, silu_slope},
    {"gelu", gelu, gelu_slope},
    {"hardswish", hardswish, hardswish_slope},
};

const amkd_act64 *amkd_act64_find(const char *name)
{
    for (size_t a = 0; a < sizeof acts / sizeof *acts; a++)
        if (!strcmp(acts[a].name, name))
            return &acts[a];
    return NULL;
}
