/* Data against queries: success by number of real images and answers, as a heat map,
 * where runs of one method differ in both. It is a table, to be read aloud as well. */
#include "base/memory.h"
#include "report/section.h"
#include "report/sizes.h"
#include <math.h>
#include <stdlib.h>

typedef struct heat {
    amkd_sizes images, answers;
    amkd_mean *means; /* [images.n][answers.n] */
} heat;

static int collect(heat *h, const amkd_methods *methods, size_t family)
{
    for (size_t m = 0; m < methods->n; m++) {
        const amkd_method *method = &methods->methods[m];
        for (size_t l = 0; method->family == family && l < method->nlevels; l++)
            if (method->levels[l].success.n &&
                (amkd_sizes_add(&h->images, method->runs[0]->nimages) ||
                 amkd_sizes_add(&h->answers, method->levels[l].answers)))
                return -1;
    }
    return 0;
}

static int average(heat *h, const amkd_methods *methods, size_t family)
{
    h->means = amkd_alloc(h->images.n * h->answers.n, sizeof *h->means);
    if (!h->means)
        return -1;
    for (size_t m = 0; m < methods->n; m++)
        for (size_t r = 0;
             methods->methods[m].family == family && r < methods->methods[m].nruns; r++) {
            const amkd_run *run = methods->methods[m].runs[r];
            const size_t row = amkd_sizes_find(&h->images, run->nimages);
            for (size_t k = 0; k < run->nrounds; k++)
                if (run->rounds[k].student.known)
                    amkd_mean_add(
                        &h->means[row * h->answers.n +
                                  amkd_sizes_find(&h->answers, run->rounds[k].total)],
                        run->rounds[k].student.success);
        }
    return 0;
}

/* The lowest and the highest success there is. */
static void find_range(double *low, double *high, const heat *h)
{
    *low = INFINITY, *high = -INFINITY;
    for (size_t k = 0; k < h->images.n * h->answers.n; k++)
        if (h->means[k].n) {
            *low = fmin(*low, h->means[k].mean);
            *high = fmax(*high, h->means[k].mean);
        }
}

/* A cell, shaded by where it lies between low and high. */
static void put_cell(amkd_bytes *page, const amkd_mean *mean, double low, double high)
{
    if (!mean->n) {
        amkd_html(page, "<td></td>");
        return;
    }
    const double shade = high > low ? (mean->mean - low) / (high - low) : 1;
    amkd_html(page, "<td style=\"--shade:%.3f\">%.1f", 0.05 + 0.95 * shade,
              100 * mean->mean);
    if (mean->n > 1)
        amkd_html(page, " <small>&#177;&#8239;%.1f</small>", 100 * mean->deviation);
    amkd_html(page, "</td>");
}

static void put_heat(amkd_bytes *page, const heat *h, const char *name, size_t family)
{
    double low, high;
    find_range(&low, &high, h);
    amkd_html(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Success "
        "rate by real images and answers%s%s\"><table class=\"heat\" "
        "id=\"heat-%zu\"><caption>%s%sSuccess rate in %%: answers bought across, real "
        "images down</caption><thead><tr><th scope=\"col\">images</th>",
        *name ? ": " : "", name, family, name, *name ? ". " : "");
    for (size_t c = 0; c < h->answers.n; c++) {
        amkd_html(page, "<th scope=\"col\">");
        amkd_html_count(page, h->answers.values[c]);
        amkd_html(page, "</th>");
    }
    amkd_html(page, "</tr></thead><tbody>\n");
    for (size_t r = 0; r < h->images.n; r++) {
        amkd_html(page, "<tr><th scope=\"row\">");
        amkd_html_count(page, h->images.values[r]);
        amkd_html(page, "</th>");
        for (size_t c = 0; c < h->answers.n; c++)
            put_cell(page, &h->means[r * h->answers.n + c], low, high);
        amkd_html(page, "</tr>\n");
    }
    amkd_html(page, "</tbody></table></div>\n");
}

static void clear(heat *h)
{
    free(h->images.values);
    free(h->answers.values);
    free(h->means);
}

void amkd_section_heat(amkd_bytes *page, const amkd_report *report)
{
    int begun = 0;
    for (size_t f = 0; f < report->methods.nfamilies; f++) {
        heat h = {0};
        char *name = amkd_methods_family_name(&report->methods, f);
        int rc = name ? collect(&h, &report->methods, f) : -1;
        if (!rc && h.images.n > 1 && h.answers.n > 1) {
            if (!begun++)
                amkd_html(
                    page,
                    "<section id=\"heat\"><h2>Data and queries</h2><p "
                    "class=\"hint\">The stronger the colour, the higher the success "
                    "rate; means over seeds, with their standard deviation.</p>\n");
            rc = average(&h, &report->methods, f);
            if (!rc)
                put_heat(page, &h, name, f);
        }
        page->failed |= rc != 0;
        clear(&h);
        free(name);
    }
    if (begun)
        amkd_html(page, "</section>\n");
}
