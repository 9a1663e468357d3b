/* Cards: a picture, and what the teacher and a network say of it. */
#include "base/error.h"
#include "base/memory.h"
#include "report/section.h"
#include <stdlib.h>
#include <string.h>

/* The likeliest classes named, and the most pixels of a picture's side. */
enum { TOP = 3, MOST_SIDE = 96 };

/* The gray between the parts of a picture. */
enum { GAP = 2, GAP_GRAY = 128 };

/* A picture of a mix, no larger than is shown. */
static int make_tile(amkd_picture *tile, const amkd_images *images, const amkd_pick *pick)
{
    const size_t height = images->height, width = images->width;
    const size_t side = height > width ? height : width;
    if (amkd_picture_new(tile, height, width, images->channels) ||
        amkd_detail_pixels(tile->pixels, images, pick))
        return -1;
    return side <= MOST_SIDE
               ? 0
               : amkd_picture_resize(tile, (height * MOST_SIDE - 1) / side + 1,
                                     (width * MOST_SIDE - 1) / side + 1);
}

/* Copies tile into picture, scale times enlarged, its corner at (left, top). */
static void place(amkd_picture *picture, const amkd_picture *tile, size_t scale,
                  size_t left, size_t top)
{
    const size_t channels = tile->channels;
    for (size_t y = 0; y < tile->height * scale; y++)
        for (size_t x = 0; x < tile->width * scale; x++)
            memcpy(picture->pixels + ((top + y) * picture->width + left + x) * channels,
                   tile->pixels + (y / scale * tile->width + x / scale) * channels,
                   channels);
}

/* A mix at twice the size, the two images that it is of one above the other beside it. */
static int compose(amkd_picture *picture, const amkd_picture tiles[3])
{
    const size_t height = tiles[0].height, width = tiles[0].width;
    if (amkd_picture_new(picture, 2 * height + GAP, 3 * width + GAP, tiles[0].channels))
        return -1;
    memset(picture->pixels, GAP_GRAY,
           picture->height * picture->width * picture->channels);
    place(picture, &tiles[0], 2, 0, GAP / 2);
    place(picture, &tiles[1], 1, 2 * width + GAP, 0);
    place(picture, &tiles[2], 1, 2 * width + GAP, height + GAP);
    return 0;
}

static int draw(amkd_picture *picture, const amkd_images *images, const amkd_pick *pick)
{
    amkd_picture tiles[3] = {0};
    if (pick->i == pick->j)
        return make_tile(picture, images, pick);
    const int rc =
        make_tile(&tiles[0], images, pick) ||
                make_tile(&tiles[1], images, &(amkd_pick){pick->i, pick->i, 1, 0}) ||
                make_tile(&tiles[2], images, &(amkd_pick){pick->j, pick->j, 1, 0}) ||
                compose(picture, tiles)
            ? -1
            : 0;
    for (size_t t = 0; t < 3; t++)
        amkd_picture_clear(&tiles[t]);
    return rc;
}

void amkd_card_picture(amkd_bytes *page, const amkd_images *images, const amkd_pick *pick,
                       const char *alt)
{
    amkd_picture picture = {0};
    if (draw(&picture, images, pick))
        page->failed = 1;
    else
        amkd_html_picture(page, &picture, alt);
    amkd_picture_clear(&picture);
}

static void put_top(amkd_bytes *page, const char *who, const float *probs,
                    const amkd_run *run)
{
    const size_t n = run->nclasses < TOP ? run->nclasses : TOP;
    size_t before[TOP];
    amkd_html(page, "<div class=\"who\">%s</div><ol class=\"top\">", who);
    for (size_t t = 0; t < n; t++) {
        size_t best = SIZE_MAX;
        for (size_t c = 0; c < run->nclasses; c++) {
            int taken = 0;
            for (size_t b = 0; b < t; b++)
                taken |= before[b] == c;
            if (!taken && (best == SIZE_MAX || probs[c] > probs[best]))
                best = c;
        }
        before[t] = best;
        amkd_html(page, "<li style=\"--p:%.0f%%\"><span>%s</span> <b>%.0f</b></li>",
                  100 * (double)probs[best], run->class_names[best],
                  100 * (double)probs[best]);
    }
    amkd_html(page, "</ol>");
}

void amkd_card(amkd_bytes *page, const amkd_run *run, const amkd_images *images,
               const amkd_shown *shown, const char *network, const char *line,
               const char *second)
{
    const amkd_pick *pick = &shown->pick;
    char *alt = pick->i == pick->j
                    ? amkd_format("image %u", pick->i)
                    : amkd_format("a mix of images %u and %u, and both beside it",
                                  pick->i, pick->j);
    amkd_html(page, "<li class=\"%s\">", pick->i == pick->j ? "card one" : "card");
    amkd_card_picture(page, images, pick, alt ? alt : "");
    amkd_html(page, "<p>%s", line);
    if (second && *second)
        amkd_html(page, "<br>%s", second);
    amkd_html(page, "</p>");
    put_top(page, "teacher", shown->teacher, run);
    if (shown->network)
        put_top(page, network, shown->network, run);
    amkd_html(page, "</li>\n");
    free(alt);
}
