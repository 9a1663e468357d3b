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

/* What OpenCL has no words for, where the compiler aims at a processor itself. FETCH asks
 * for what is to be read soon (OpenCL's own prefetch does nothing under PoCL), FETCH_NEXT
 * for what comes after that, into a second cache. WRITE_PAST writes past the caches, a
 * whole line of which would be read first; without the fences around it, which are no
 * instructions, compilers make one plain write of this and another in the branches of an if
 * (empty assembly would do as well, but PoCL 6 dies of it). */
#if defined(__x86_64__) || defined(__aarch64__)
#define FETCH(p) __builtin_prefetch((const void *)(size_t)(p))
#define FETCH_NEXT(p) __builtin_prefetch((const void *)(size_t)(p), 0, 2)
#define WRITE_PAST(p, value)                                                             \
    do {                                                                                 \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                         \
        __builtin_nontemporal_store(value, p);                                           \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);                                         \
    } while (0)
#else
#define FETCH(p)
#define FETCH_NEXT(p)
#define WRITE_PAST(p, value) (*(p) = (value))
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
 * that walks the block's vecs by itself. LANE_ITEM is which of them this one is. Their
 * work-group, LANE_GROUP, is told to compilers, which then need no barriers within a wave. */
#if VW == 1
#define LANE_ITEMS NLANES
#define LANE_ITEM get_local_id(0)
#define LANE_GROUP __attribute__((reqd_work_group_size(LANE_ITEMS, 1, 1)))
#else
#define LANE_GROUP
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

/* The channel of that work-item. Ids have 64 bits, for whose division GPUs take a hundred
 * instructions. */
static inline uint channel_of(const uint nplaces)
{
    const uint item = get_global_id(1);
    return VW == 1 ? item / nplaces : item;
}

/* The first block of a slice of nblocks (net/README.md), and where the one before ends.
 * The last slices may have fewer than slice_nblocks blocks, or none. */
static inline size_t slice_start(const size_t slice, const uint slice_nblocks,
                                 const uint nblocks)
{
    return min(slice * slice_nblocks, (size_t)nblocks);
}

/* Writes a value of y; past: y is larger than the caches (ops/op_internal.h). */
INLINE void write_vec(global vec *y, const vec value, const int past)
{
    if (past)
        WRITE_PAST(y, value);
    else
        *y = value;
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

#if VW > 1

/* In each quarter of a vector of four: the first two of a and b by turns, and the last.
 */
#if VW == 16
#define WEAVE_LOW(a, b)                                                                        \
    (vec)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5, a.s8, b.s8, a.s9, b.s9, a.sc,  \
          b.sc, a.sd, b.sd)
#define WEAVE_HIGH(a, b)                                                                       \
    (vec)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7, a.sa, b.sa, a.sb, b.sb, a.se,  \
          b.se, a.sf, b.sf)
#define WEAVE_LOW_PAIRS(a, b) (vec)(a.s01, b.s01, a.s45, b.s45, a.s89, b.s89, a.scd, b.scd)
#define WEAVE_HIGH_PAIRS(a, b) (vec)(a.s23, b.s23, a.s67, b.s67, a.sab, b.sab, a.sef, b.sef)
#elif VW == 8
#define WEAVE_LOW(a, b) (vec)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5)
#define WEAVE_HIGH(a, b) (vec)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7)
#define WEAVE_LOW_PAIRS(a, b) (vec)(a.s01, b.s01, a.s45, b.s45)
#define WEAVE_HIGH_PAIRS(a, b) (vec)(a.s23, b.s23, a.s67, b.s67)
#else
#define WEAVE_LOW(a, b) (vec)(a.s0, b.s0, a.s1, b.s1)
#define WEAVE_HIGH(a, b) (vec)(a.s2, b.s2, a.s3, b.s3)
#define WEAVE_LOW_PAIRS(a, b) (vec)(a.s01, b.s01)
#define WEAVE_HIGH_PAIRS(a, b) (vec)(a.s23, b.s23)
#endif

/* Rows become columns: component k of all of them becomes row k. */
INLINE void transpose(vec rows[VW])
{
    vec fours[VW]; /* each four rows' columns, in quarters */
#pragma unroll
    for (int r = 0; r < VW; r += 4) {
        const vec low01 = WEAVE_LOW(rows[r], rows[r + 1]),
                  low23 = WEAVE_LOW(rows[r + 2], rows[r + 3]);
        const vec high01 = WEAVE_HIGH(rows[r], rows[r + 1]);
        const vec high23 = WEAVE_HIGH(rows[r + 2], rows[r + 3]);
        fours[r] = WEAVE_LOW_PAIRS(low01, low23);
        fours[r + 1] = WEAVE_HIGH_PAIRS(low01, low23);
        fours[r + 2] = WEAVE_LOW_PAIRS(high01, high23);
        fours[r + 3] = WEAVE_HIGH_PAIRS(high01, high23);
    }
#pragma unroll
    for (int c = 0; c < 4; c++) {
#if VW == 16
        rows[c] = (vec)(fours[c].s0123, fours[4 + c].s0123, fours[8 + c].s0123,
                        fours[12 + c].s0123);
        rows[4 + c] = (vec)(fours[c].s4567, fours[4 + c].s4567, fours[8 + c].s4567,
                            fours[12 + c].s4567);
        rows[8 + c] = (vec)(fours[c].s89ab, fours[4 + c].s89ab, fours[8 + c].s89ab,
                            fours[12 + c].s89ab);
        rows[12 + c] = (vec)(fours[c].scdef, fours[4 + c].scdef, fours[8 + c].scdef,
                             fours[12 + c].scdef);
#elif VW == 8
        rows[c] = (vec)(fours[c].lo, fours[4 + c].lo);
        rows[4 + c] = (vec)(fours[c].hi, fours[4 + c].hi);
#else
        rows[c] = fours[c];
#endif
    }
}

#endif
