/* CutMix on the host: drawn by counters, and the reference of the device's kernel. */
#include "data/cutmix.h"
#include "base/random.h"
#include <math.h>
#include <string.h>

/* One stream of the seed for each number that is drawn. */
enum {
    STREAM_CUTMIX = 0x6375746d,
    STREAM_WHETHER,
    STREAM_LAMBDA,
    STREAM_X,
    STREAM_Y,
    STREAM_OTHER,
    STREAM_OTHER_VIEW,
};

void amkd_cutmix_none(amkd_cutmix *cutmix)
{
    memset(cutmix->cut, 0, sizeof cutmix->cut);
    amkd_view_identity(&cutmix->other, 0);
}

int amkd_cutmix_pastes(const amkd_cutmix *cutmix)
{
    const int32_t *cut = cutmix->cut;
    return cut[0] < cut[2] && cut[1] < cut[3];
}

/* Where on a side of the image a rectangle of this length lies. */
static void place_side(int32_t *first, int32_t *end, double part, double place,
                       size_t side)
{
    const int32_t length = (int32_t)(part * (double)side);
    const int32_t from = (int32_t)(place * (double)side) - length / 2;
    const int32_t to = from + length;
    *first = from > 0 ? from : 0;
    *end = to < (int32_t)side ? to : (int32_t)side;
}

void amkd_cutmix_draw(amkd_cutmix *cutmix, const amkd_view_options *options,
                      const amkd_others *others, size_t height, size_t width,
                      uint64_t row, uint64_t nth)
{
    const uint64_t seed = amkd_random_u64(options->seed, STREAM_CUTMIX, nth);
    amkd_cutmix_none(cutmix);
    if (amkd_random_uniform(seed, STREAM_WHETHER, row) >= options->ranges.cutmix)
        return;
    const double lambda = 1 - amkd_random_uniform(seed, STREAM_LAMBDA, row) / 2;
    const double part = sqrt(1 - lambda);
    place_side(&cutmix->cut[0], &cutmix->cut[2], part,
               amkd_random_uniform(seed, STREAM_X, row), width);
    place_side(&cutmix->cut[1], &cutmix->cut[3], part,
               amkd_random_uniform(seed, STREAM_Y, row), height);
    /* Not the view that the other row has of its own at this number. */
    amkd_view_options own = *options;
    own.seed = amkd_random_u64(options->seed, STREAM_OTHER_VIEW, 0);
    amkd_view_draw(&cutmix->other, &own, height, width, row, nth);
    cutmix->other.image =
        amkd_others_row(others, row, amkd_random_uniform(seed, STREAM_OTHER, row));
}

void amkd_cutmix_paste(uint8_t *out, const uint8_t *other, const amkd_cutmix *cutmix,
                       size_t height, size_t width, size_t channels)
{
    const int32_t *cut = cutmix->cut;
    for (int32_t y = 0; y < (int32_t)height; y++)
        for (int32_t x = 0; x < (int32_t)width; x++) {
            const size_t at = ((size_t)y * width + (size_t)x) * channels;
            if (x >= cut[0] && x < cut[2] && y >= cut[1] && y < cut[3])
                memcpy(out + at, other + at, channels);
        }
}
