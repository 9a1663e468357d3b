/* What a device can do at most: multiply-adds out of registers, and a copy through memory.
 *
 * peak_fma: CHAINS independent sums a work-item, each of ROUNDS steps sum = fma(sum, a, b);
 *     out[item] keeps the compiler from dropping them. 2 * CHAINS * ROUNDS * VW operations
 *     a work-item. More chains than a multiply-add's latency times its units: 2 x 4 on the
 *     CPUs of today; fewer than their vector registers.
 * peak_copy: y[item] = x[item], a vec a work-item.
 * empty: does nothing, to be launched. */

#ifndef ROUNDS
#define ROUNDS 1024
#endif

#define EACH_CHAIN(STEP)                                                                   \
    STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9)        \
    STEP(10) STEP(11)

kernel void peak_fma(global vec *out, const float scale, const float shift)
{
    const vec a = (vec)scale, b = (vec)shift;
    const vec start = (vec)(float)get_global_id(0);
#define BEGIN(c) vec sum##c = start + (vec)(float)c;
    EACH_CHAIN(BEGIN)
    for (int round = 0; round < ROUNDS; round++) {
#define ADD(c) sum##c = fma(sum##c, a, b);
        EACH_CHAIN(ADD)
    }
    vec total = (vec)0.0f;
#define TOTAL(c) total += sum##c;
    EACH_CHAIN(TOTAL)
    out[get_global_id(0)] = total;
}

kernel void peak_copy(global vec *y, global const vec *x)
{
    y[get_global_id(0)] = x[get_global_id(0)];
}

kernel void empty(void)
{
}
