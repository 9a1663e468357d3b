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

static inline vec act_tanh(vec x, float a)
{
    return tanh(x);
}

static inline vec act_tanh_back(vec d, vec y, float a)
{
    return d * fma(-y, y, (vec)1.0f);
}

static inline vec act_forward(vec v)
{
    return ACT(v, ACT_VALUE);
}

static inline vec act_backward(vec d, vec y)
{
    return PREVIOUS_ACT_BACK(d, y, PREVIOUS_ACT_VALUE);
}
