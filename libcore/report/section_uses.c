/* How often each real image was used, and those used most. */
#include "base/memory.h"
#include "report/section.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    static const char *const columns[] = {"questions from", "to", "images"};
    char id[32], table[40];
    const size_t nsources = amkd_detail_nsources(detail->images);
    const size_t most = highest(detail->uses, nsources);
    const size_t width = most / BINS + 1, nbins = most / width + 1;
    double counts[BINS + 1] = {0}, tallest = 0;
    for (size_t i = 0; i < nsources; i++)
        counts[detail->uses[i] / width]++;
    for (size_t b = 0; b < nbins; b++)
        tallest = counts[b] > tallest ? counts[b] : tallest;
    snprintf(id, sizeof id, "uses-plot-%zu", d);
    snprintf(table, sizeof table, "uses-table-%zu", d);
    amkd_chart chart = {.id = id,
                        .title = "Questions that each real image is part of",
                        .description = "The numbers are in the table below.",
                        .x = {.label = "questions that an image is part of"},
                        .y = {.label = "images"}};
    amkd_axis_fit(&chart.x, 0, (double)(width * nbins), 6);
    chart.x.high = (double)(width * nbins);
    amkd_axis_fit(&chart.y, 0, tallest, 4);
    amkd_html(page, "<figure>");
    amkd_svg_histogram(page, &chart, counts, nbins);
    amkd_html(page, "<figcaption>The most used is part of %zu questions.</figcaption>",
              most);
    amkd_table_open(page, table, "Images by the questions that they are part of", columns,
                    3);
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

/* What a pick is of: two rows of a set, or one. */
typedef struct question {
    const amkd_images *images;
    amkd_pair pair;
} question;

static int by_question(const void *a, const void *b)
{
    const question *first = a, *second = b;
    if (first->images != second->images)
        return (uintptr_t)first->images < (uintptr_t)second->images ? -1 : 1;
    if (first->pair.i != second->pair.i)
        return first->pair.i < second->pair.i ? -1 : 1;
    return (first->pair.j > second->pair.j) - (first->pair.j < second->pair.j);
}

/* What all picks of the rounds beyond the first are, in the plural. */
static const char *kind_of_all(const amkd_detail *detail)
{
    const char *kind = NULL;
    for (size_t r = 1; r < detail->nrounds; r++) {
        const char *asked = detail->rounds[r].asked;
        if (detail->rounds[r].n)
            kind = !kind || !strcmp(kind, asked) ? asked : "question";
    }
    return !kind || !strcmp(kind, "question") ? "questions"
           : !strcmp(kind, "mix")             ? "pairs"
           : !strcmp(kind, "view")            ? "views"
                                              : "images";
}

static size_t count_used(const amkd_detail *detail)
{
    size_t n = 0;
    for (size_t i = 0; i < amkd_detail_nsources(detail->images); i++)
        n += detail->uses[i] > 0;
    return n;
}

/* Picks of one pair at several weights are near-duplicates: how many pairs there were. */
static void put_distinct(amkd_bytes *page, const amkd_detail *detail)
{
    size_t npicks = 0, n = 0, ndistinct = 0;
    for (size_t r = 1; r < detail->nrounds; r++)
        npicks += detail->rounds[r].n;
    question *questions = amkd_alloc(npicks + 1, sizeof *questions);
    if (!questions) {
        page->failed = 1;
        return;
    }
    for (size_t r = 1; r < detail->nrounds; r++)
        for (size_t p = 0; p < detail->rounds[r].n; p++) {
            const amkd_pick *pick = &detail->rounds[r].picks[p];
            questions[n++] = (question){detail->rounds[r].images, {pick->i, pick->j}};
        }
    qsort(questions, n, sizeof *questions, by_question);
    for (size_t p = 0; p < n; p++)
        ndistinct += !p || by_question(&questions[p - 1], &questions[p]);
    free(questions);
    amkd_html(page, "<p class=\"hint\">");
    amkd_html_count(page, n);
    amkd_html(page, " picks are of ");
    amkd_html_count(page, ndistinct);
    amkd_html(page, " distinct %s of ", kind_of_all(detail));
    amkd_html_count(page, count_used(detail));
    amkd_html(page, " real images.</p>\n");
}

/* Where no image was asked about twice there is no more to say. */
static void put_asked(amkd_bytes *page, const amkd_detail *detail)
{
    const size_t first = detail->rounds[0].n;
    size_t n = 0;
    for (size_t r = 0; r < detail->nrounds; r++)
        n += detail->rounds[r].n;
    amkd_html(page, "<p class=\"hint\">Of ");
    amkd_html_count(page, amkd_detail_nsources(detail->images));
    amkd_html(page, " real images ");
    amkd_html_count(page, n);
    amkd_html(page, " were asked about, each once: ");
    amkd_html_count(page, first);
    amkd_html(page, " in round 0, ");
    amkd_html_count(page, n - first);
    amkd_html(page, " in those behind it.</p>\n");
}

/* The row that shows a real image: of views the first. */
static uint32_t row_of(const amkd_images *images, size_t source)
{
    size_t row = 0;
    while (row + 1 < images->n && amkd_images_source(images, row) != source)
        row++;
    return (uint32_t)row;
}

static void put_most_used(amkd_bytes *page, const amkd_detail *detail)
{
    const amkd_run *run = detail->run;
    const size_t n = amkd_detail_nsources(detail->images);
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
        const uint32_t i = row_of(detail->images, uses[k].image);
        const amkd_pick pick = {i, i, 1, 0};
        char alt[32];
        snprintf(alt, sizeof alt, "image %u", i);
        amkd_html(page, "<li class=\"card\">");
        amkd_card_picture(page, detail->images, &pick, alt);
        amkd_html(page, "<p><b>%zu</b> times<br>image %u", uses[k].n, i);
        if (detail->said[i] != AMKD_NOT_ASKED)
            amkd_html(page, "<br>%s", run->class_names[detail->said[i]]);
        amkd_html(page, "</p></li>\n");
    }
    amkd_html(page, "</ol></div>\n");
    free(uses);
}

/* Whether all that was asked about are single real images, none of them twice. */
static int is_each_once(const amkd_detail *detail)
{
    if (detail->images->sources ||
        highest(detail->uses, amkd_detail_nsources(detail->images)) > 1)
        return 0;
    for (size_t r = 0; r < detail->nrounds; r++) {
        const amkd_picked *picked = &detail->rounds[r];
        if (picked->n &&
            (picked->images != detail->images || strcmp(picked->asked, "image")))
            return 0;
    }
    return 1;
}

void amkd_section_uses(amkd_bytes *page, const amkd_report *report, size_t d)
{
    const amkd_detail *detail = &report->details[d];
    if (!detail->images || !highest(detail->uses, amkd_detail_nsources(detail->images)))
        return;
    amkd_html(page,
              "<section id=\"uses-%zu\"><h3>How often each real image was used</h3>\n",
              d);
    if (is_each_once(detail)) {
        put_asked(page, detail);
    } else {
        put_distinct(page, detail);
        amkd_html(page, "<div class=\"beside\">\n");
        put_histogram(page, detail, d);
        put_most_used(page, detail);
        amkd_html(page, "</div>\n");
    }
    amkd_html(page, "</section>\n");
}
