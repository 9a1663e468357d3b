/* What the ways of winograd.cl have in common where work-items run in lockstep: a
 * work-group multiplies two matrices in local memory at each position. A row of its
 * work-items has a share of the positions, a work-item 4 x 4 sums of each in registers, so
 * that two loads of four values are for 16 multiply-adds. */

#define ROWS 6 /* of NLANES work-items each */
#define SHARE (POSITIONS / ROWS)

INLINE void clear_sums(float4 sums[SHARE][4])
{
#pragma unroll
    for (int p = 0; p < SHARE; p++)
#pragma unroll
        for (int s = 0; s < 4; s++)
            sums[p][s] = (float4)0.0f;
}

/* Adds the products of four values by four. */
INLINE void add_fours(float4 sums[4], const float4 a, const float4 b)
{
    sums[0] = fma(a, (float4)b.s0, sums[0]);
    sums[1] = fma(a, (float4)b.s1, sums[1]);
    sums[2] = fma(a, (float4)b.s2, sums[2]);
    sums[3] = fma(a, (float4)b.s3, sums[3]);
}
