/* The activations, two functions each: act_NAME(x, a), and act_NAME_back(d, y, a), which
 * turns the gradient d by its output y into that by its input. a is what a layer's text
 * has behind the name. Those of which the derivative does not follow from y take x there.
 *
 * ACT is what an op applies to what it writes, PREVIOUS_ACT_BACK the derivative of what
 * made its input. */

#ifndef ACT
#define ACT act_none
#define ACT_BACK act_none_back
#define ACT_VALUE 0.0f
#define PREVIOUS_ACT_BACK act_none_back
#define PREVIOUS_ACT_VALUE 0.0f
#endif

static inline vec act_none(vec x, float a)
{
    return x;
}

static inline vec act_none_back(vec d, vec y, float a)
{
    return d;
}

static inline vec act_relu(vec x, float a)
{
    return x < (vec)0.0f ? (vec)0.0f : x; /* fmax would make 0 of a NaN */
}

static inline vec act_relu_back(vec d, vec y, float a)
{
    return select((vec)0.0f, d, y > (vec)0.0f);
}

static inline vec act_relu6(vec x, float a)
{
    const vec y = act_relu(x, a);
    return y > (vec)6.0f ? (vec)6.0f : y;
}

static inline vec act_relu6_back(vec d, vec y, float a)
{
    return select((vec)0.0f, d, (y > (vec)0.0f) & (y < (vec)6.0f));
}

static inline vec act_leaky(vec x, float a)
{
    return x < (vec)0.0f ? a * x : x;
}

static inline vec act_leaky_back(vec d, vec y, float a)
{
    return select(a * d, d, y > (vec)0.0f);
}

static inline vec act_tanh(vec x, float a)
{
    return tanh(x);
}

static inline vec act_tanh_back(vec d, vec y, float a)
{
    return d * fma(-y, y, (vec)1.0f);
}

static inline vec act_sigmoid(vec x, float a)
{
    return 1.0f / (1.0f + exp(-x));
}

static inline vec act_sigmoid_back(vec d, vec y, float a)
{
    return d * fma(-y, y, y);
}

static inline vec act_hardsigmoid(vec x, float a)
{
    return act_relu6(x + 3.0f, a) * (1.0f / 6.0f);
}

static inline vec act_hardsigmoid_back(vec d, vec y, float a)
{
    return select((vec)0.0f, d * (1.0f / 6.0f), (y > (vec)0.0f) & (y < (vec)1.0f));
}

/* From here on of x. */
static inline vec act_silu(vec x, float a)
{
    return x * act_sigmoid(x, a);
}

static inline vec act_silu_back(vec d, vec x, float a)
{
    const vec s = act_sigmoid(x, a);
    return d * s * fma(x, 1.0f - s, (vec)1.0f);
}

#define ROOT_HALF 0.707106781f
#define NORMAL_DENSITY_AT_0 0.398942280f

static inline vec act_gelu(vec x, float a)
{
    return 0.5f * x * erfc(-x * ROOT_HALF);
}

static inline vec act_gelu_back(vec d, vec x, float a)
{
    const vec density = NORMAL_DENSITY_AT_0 * exp(-0.5f * x * x);
    return d * fma(x, density, 0.5f * erfc(-x * ROOT_HALF));
}

static inline vec act_hardswish(vec x, float a)
{
    return x * act_hardsigmoid(x, a);
}

static inline vec act_hardswish_back(vec d, vec x, float a)
{
    const vec inside = d * fma(x, (vec)(1.0f / 3.0f), (vec)0.5f);
    return select(select(d, inside, x < (vec)3.0f), (vec)0.0f, x <= (vec)-3.0f);
}

static inline vec act_forward(vec v)
{
    return ACT(v, ACT_VALUE);
}

static inline vec act_backward(vec d, vec y)
{
    return PREVIOUS_ACT_BACK(d, y, PREVIOUS_ACT_VALUE);
}
