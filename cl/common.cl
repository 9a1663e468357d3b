/* What every kernel starts with: the vector type of a work-item and its lanes.
 *
 * Samples are lanes. An activation lies as [block][channel][y][x][lane] with NLANES samples
 * a block. A work-item handles VW adjacent lanes as one `vec`: 16, 8 or 4 on devices whose
 * work-items are scalar programs (CPUs), 1 on those that run work-items in lockstep (GPUs),
 * where adjacent work-items are then adjacent lanes. Weights are scalars, broadcast. */

#ifndef VW
#define VW 1
#endif
#ifndef NLANES
#define NLANES 32
#endif
#define VECTORS (NLANES / VW) /* vecs in a lane block */

#if VW == 1
typedef float vec;
typedef int ivec;
#define vload_vec(p) (*(p))
#define vstore_vec(v, p) (*(p) = (v))
#define vstore_ivec(v, p) (*(p) = (v))
#elif VW == 4
typedef float4 vec;
typedef int4 ivec;
#define vload_vec(p) vload4(0, p)
#define vstore_vec(v, p) vstore4(v, 0, p)
#define vstore_ivec(v, p) vstore4(v, 0, p)
#elif VW == 8
typedef float8 vec;
typedef int8 ivec;
#define vload_vec(p) vload8(0, p)
#define vstore_vec(v, p) vstore8(v, 0, p)
#define vstore_ivec(v, p) vstore8(v, 0, p)
#else
typedef float16 vec;
typedef int16 ivec;
#define vload_vec(p) vload16(0, p)
#define vstore_vec(v, p) vstore16(v, 0, p)
#define vstore_ivec(v, p) vstore16(v, 0, p)
#endif

/* For functions whose arguments are constants of the call, or sums in registers that must
 * not go through memory. */
#define INLINE static inline __attribute__((always_inline))

/* Activations, by number as amkd_activation counts them. act_forward is applied to what a
 * layer writes; act_backward turns the gradient d by an activation's output y into the
 * gradient by its input. */
#define ACT_NONE 0
#define ACT_RELU 1
#define ACT_TANH 2
#ifndef ACT
#define ACT ACT_NONE
#endif
#ifndef PREVIOUS_ACT
#define PREVIOUS_ACT ACT_NONE
#endif

static inline vec act_forward(vec v)
{
#if ACT == ACT_RELU
    return v < (vec)0.0f ? (vec)0.0f : v; /* fmax would make 0 of a NaN */
#elif ACT == ACT_TANH
    return tanh(v);
#else
    return v;
#endif
}

static inline vec act_backward(vec d, vec y)
{
#if PREVIOUS_ACT == ACT_RELU
    return select((vec)0.0f, d, y > (vec)0.0f);
#elif PREVIOUS_ACT == ACT_TANH
    return d * fma(-y, y, (vec)1.0f);
#else
    return d;
#endif
}

/* Work-items that share one sum over the lanes: all lanes of a block in lockstep, or one
 * that walks the block's vecs by itself. LANE_ITEM is which of them this one is. */
#if VW == 1
#define LANE_ITEMS NLANES
#define LANE_ITEM get_local_id(0)
#else
#define LANE_ITEMS 1
#define LANE_ITEM 0 /* a constant, of which compilers make more than of an id of 0 */
#endif

static inline float sum_vec(vec v)
{
#if VW == 16
    float8 a = v.lo + v.hi;
    float4 b = a.lo + a.hi;
#elif VW == 8
    float4 b = v.lo + v.hi;
#elif VW == 4
    float4 b = v;
#endif
#if VW == 1
    return v;
#else
    float2 c = b.lo + b.hi;
    return c.x + c.y;
#endif
}
