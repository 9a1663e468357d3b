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

/* How many of n places, a row's or a plane's, a work-item does: all of them, or one where
 * work-items run in lockstep. */
#if VW == 1
#define RUN(n) 1
#else
#define RUN(n) (n)
#endif

/* How many tiles cover n. */
#define TILES(n, tile) (((n) + (tile)-1) / (tile))

/* For functions whose arguments are constants of the call, or sums in registers that must
 * not go through memory. */
#define INLINE static inline __attribute__((always_inline))

/* Work-items that share one sum over the lanes: all lanes of a block in lockstep, or one
 * that walks the block's vecs by itself. LANE_ITEM is which of them this one is. */
#if VW == 1
#define LANE_ITEMS NLANES
#define LANE_ITEM get_local_id(0)
#else
#define LANE_ITEMS 1
#define LANE_ITEM 0 /* a constant, of which compilers make more than of an id of 0 */
#endif

/* Where a work-item's first value is of a grid (VECTORS, nchannels * nplaces / RUN(nplaces),
 * blocks) over all values of nchannels channels; its others follow at distances of VECTORS. */
static inline size_t first_value(const uint nchannels, const uint nplaces)
{
    return (get_global_id(2) * nchannels * nplaces + get_global_id(1) * RUN(nplaces)) *
               VECTORS +
           get_global_id(0);
}

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
