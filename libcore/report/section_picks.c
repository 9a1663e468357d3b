/* What was picked in each round, and the test images on which student and teacher differ.
 */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_cards(amkd_bytes *page, const amkd_detail *detail,
                      const amkd_picked *picked, size_t first, size_t n)
{
    const char *score = amkd_score_name(picked->by);
    amkd_html(page, "<ul class=\"cards\">\n");
    for (size_t s = first; s < first + n; s++) {
        const amkd_pick *pick = &picked->shown[s].pick;
        char what[64], scored[48] = "";
        if (!isnan(pick->score) && *picked->by && *score != 'c')
            snprintf(scored, sizeof scored, "%s %.3g", score, (double)pick->score);
        if (pick->i == pick->j)
            snprintf(what, sizeof what, "%s %u",
                     picked->images->sources ? "view" : "image", pick->i);
        else
            snprintf(what, sizeof what,
                     "%.2f\u2009\u00b7\u2009%u + %.2f\u2009\u00b7\u2009%u",
                     (double)pick->lambda, pick->i, 1 - (double)pick->lambda, pick->j);
        amkd_card(page, detail->run, picked->images, &picked->shown[s], picked->network,
                  *scored ? scored : what, *scored ? what : NULL);
    }
    amkd_html(page, "</ul>\n");
}

/* "images" of "image". */
static void put_plural(amkd_bytes *page, const char *kind)
{
    amkd_html(page, strcmp(kind, "mix") ? " %ss" : " %ses", kind);
}

static void put_heading(amkd_bytes *page, const amkd_picked *picked, size_t r)
{
    if (r)
        amkd_html(page, "<h4>Round %zu: picked by %s</h4>", r,
                  amkd_score_name(picked->by));
    else
        amkd_html(page, "<h4>Round 0: %s</h4>",
                  *picked->by ? "real images drawn by chance" : "the real images");
    amkd_html(page, "<p class=\"hint\">Some of ");
    amkd_html_count(page, picked->n);
    put_plural(page, picked->asked);
    if (picked->pool) {
        amkd_html(page, ", from a pool of ");
        amkd_html_count(page, picked->pool);
    }
    if (r && picked->images->sources)
        amkd_html(page, ", numbered among views of the real images");
    if (!picked->shown[0].network)
        amkd_html(page, ".</p>\n");
    else if (r)
        amkd_html(page,
                  "; the %s is that of round %zu, before it learned from them.</p>\n",
                  picked->network, r - 1);
    else
        amkd_html(page, "; the %s is the one that has learned from them.</p>\n",
                  picked->network);
}

static void put_round(amkd_bytes *page, const amkd_detail *detail, size_t r)
{
    const amkd_picked *picked = &detail->rounds[r];
    const size_t low = picked->nlowest;
    if (!picked->nshown)
        return;
    put_heading(page, picked, r);
    if (low) {
        amkd_html(page, "<h5>The lowest %s</h5>", amkd_score_name(picked->by));
        put_cards(page, detail, picked, 0, low);
    }
    if (low < picked->nshown) {
        if (low)
            amkd_html(page, "<h5>From there to the highest that was picked</h5>");
        put_cards(page, detail, picked, low, picked->nshown - low);
    }
}

void amkd_section_picks(amkd_bytes *page, const amkd_report *report, size_t d)
{
    const amkd_detail *detail = &report->details[d];
    size_t n = 0, nmixed = 0;
    for (size_t r = 0; r < detail->nrounds; r++) {
        n += detail->rounds[r].nshown;
        for (size_t s = 0; s < detail->rounds[r].nshown; s++) {
            const amkd_pick *pick = &detail->rounds[r].shown[s].pick;
            nmixed += pick->i != pick->j;
        }
    }
    if (!n)
        return;
    amkd_html(
        page,
        "<section id=\"picks-%zu\"><h3>What was asked</h3><p class=\"hint\">%sBelow "
        "it, the three likeliest classes, in %%.</p>\n",
        d,
        nmixed ? "Beside a mix stand the two images it is of, numbered as in the "
                 "set. "
               : "An image is numbered as in the set. ");
    for (size_t r = 0; r < detail->nrounds; r++)
        put_round(page, detail, r);
    amkd_html(page, "</section>\n");
}

void amkd_section_disputed(amkd_bytes *page, const amkd_report *report, size_t d)
{
    const amkd_detail *detail = &report->details[d];
    if (!detail->test || !detail->nshown)
        return;
    amkd_html(
        page,
        "<section id=\"disputed-%zu\"><h3>Where they disagree</h3><p class=\"hint\">The "
        "last student and the teacher name different classes for %zu of ",
        d, detail->ndisputed);
    amkd_html_count(page, detail->test->n);
    amkd_html(page, " test images. These are the ones of which both are surest.</p>"
                    "<ul class=\"cards\">\n");
    for (size_t s = 0; s < detail->nshown; s++) {
        const size_t row = detail->disputed[s].pick.i;
        char number[32];
        char *truth = amkd_format("in truth %s",
                                  detail->run->class_names[detail->test->labels[row]]);
        snprintf(number, sizeof number, "test image %zu", row);
        page->failed |= !truth;
        amkd_card(page, detail->run, detail->test, &detail->disputed[s], "student",
                  number, truth);
        free(truth);
    }
    amkd_html(page, "</ul></section>\n");
}
