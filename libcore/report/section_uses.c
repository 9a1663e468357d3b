/* How often each real image was used, and those used most. */
#include "base/memory.h"
#include "report/section.h"
#include "steps/evaluate.h"
#include <stdio.h>
#include <stdlib.h>

enum { BINS = 25, MOST_USED = 18 };

static size_t highest(const size_t *values, size_t n)
{
    size_t most = 0;
    for (size_t k = 0; k < n; k++)
        most = values[k] > most ? values[k] : most;
    return most;
}

static void put_histogram(amkd_bytes *page, const amkd_detail *detail, size_t d)
{
    static const char *const columns[] = {"mixes from", "to", "images"};
    char id[32], table[40];
    const size_t most = highest(detail->uses, detail->images->n);
    const size_t width = most / BINS + 1, nbins = most / width + 1;
    double counts[BINS + 1] = {0}, tallest = 0;
    for (size_t i = 0; i < detail->images->n; i++)
        counts[detail->uses[i] / width]++;
    for (size_t b = 0; b < nbins; b++)
        tallest = counts[b] > tallest ? counts[b] : tallest;
    snprintf(id, sizeof id, "uses-plot-%zu", d);
    snprintf(table, sizeof table, "uses-table-%zu", d);
    amkd_chart chart = {.id = id,
                        .title = "Mixes that each real image is part of",
                        .description = "The numbers are in the table below.",
                        .x = {.label = "mixes that an image is part of"},
                        .y = {.label = "images"}};
    amkd_axis_fit(&chart.x, 0, (double)(width * nbins), 6);
    chart.x.high = (double)(width * nbins);
    amkd_axis_fit(&chart.y, 0, tallest, 4);
    amkd_html(page, "<figure>");
    amkd_svg_histogram(page, &chart, counts, nbins);
    amkd_html(page, "<figcaption>The most used is part of %zu mixes.</figcaption>", most);
    amkd_table_open(page, table, "Images by the mixes that they are part of", columns, 3);
    for (size_t b = 0; b < nbins; b++)
        amkd_html(page, "<tr><td>%zu</td><td>%zu</td><td>%.0f</td></tr>\n", b * width,
                  (b + 1) * width - 1, counts[b]);
    amkd_table_close(page);
    amkd_html(page, "</figure>\n");
}

typedef struct use {
    size_t image, n;
} use;

static int by_use(const void *a, const void *b)
{
    const use *first = a, *second = b;
    if (first->n != second->n)
        return first->n < second->n ? 1 : -1;
    return (first->image > second->image) - (first->image < second->image);
}

static void put_most_used(amkd_bytes *page, const amkd_detail *detail)
{
    const amkd_run *run = detail->run;
    const size_t n = detail->images->n;
    use *uses = amkd_alloc(n, sizeof *uses);
    if (!uses) {
        page->failed = 1;
        return;
    }
    for (size_t i = 0; i < n; i++)
        uses[i] = (use){i, detail->uses[i]};
    qsort(uses, n, sizeof *uses, by_use);
    amkd_html(page, "<div><h4>Most used</h4><ol class=\"cards tiny\">\n");
    for (size_t k = 0; k < n && k < MOST_USED && uses[k].n; k++) {
        const uint32_t i = (uint32_t)uses[k].image;
        const amkd_pick pick = {i, i, 1, 0};
        char alt[32];
        snprintf(alt, sizeof alt, "image %u", i);
        amkd_html(page, "<li class=\"card\">");
        amkd_card_picture(page, detail->images, &pick, alt);
        amkd_html(page, "<p><b>%zu</b> mixes<br>image %u<br>%s</p></li>\n", uses[k].n, i,
                  run->class_names[amkd_top_class(detail->real + i * run->nclasses,
                                                  run->nclasses)]);
    }
    amkd_html(page, "</ol></div>\n");
    free(uses);
}

void amkd_section_uses(amkd_bytes *page, const amkd_report *report, size_t d)
{
    const amkd_detail *detail = &report->details[d];
    if (!detail->images || !highest(detail->uses, detail->images->n))
        return;
    amkd_html(page,
              "<section id=\"uses-%zu\"><h3>How often each real image was used</h3>"
              "<div class=\"beside\">\n",
              d);
    put_histogram(page, detail, d);
    put_most_used(page, detail);
    amkd_html(page, "</div></section>\n");
}
