/* Data against queries: success by number of real images and answers, where runs of one
 * method differ in the number of images. */
#include "base/memory.h"
#include "report/section.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sizes {
    size_t *values, n; /* distinct, the lowest first */
} sizes;

static int add_size(sizes *s, size_t value)
{
    size_t k = 0;
    while (k < s->n && s->values[k] < value)
        k++;
    if (k < s->n && s->values[k] == value)
        return 0;
    size_t *grown = amkd_realloc(s->values, s->n + 1, sizeof *grown);
    if (!grown)
        return -1;
    s->values = grown;
    memmove(grown + k + 1, grown + k, (s->n++ - k) * sizeof *grown);
    grown[k] = value;
    return 0;
}

static size_t find_size(const sizes *s, size_t value)
{
    size_t k = 0;
    while (k + 1 < s->n && s->values[k] != value)
        k++;
    return k;
}

typedef struct heat {
    sizes images, answers;
    amkd_mean *means; /* [images.n][answers.n] */
    amkd_cell *cells;
    char (*texts)[24]; /* the names of rows, then of columns */
    const char **names;
} heat;

static int collect(heat *h, const amkd_methods *methods, size_t family)
{
    for (size_t m = 0; m < methods->n; m++) {
        const amkd_method *method = &methods->methods[m];
        for (size_t l = 0; method->family == family && l < method->nlevels; l++)
            if (add_size(&h->images, method->runs[0]->nimages) ||
                add_size(&h->answers, method->levels[l].answers))
                return -1;
    }
    return 0;
}

static void average(heat *h, const amkd_methods *methods, size_t family)
{
    for (size_t m = 0; m < methods->n; m++)
        for (size_t r = 0;
             methods->methods[m].family == family && r < methods->methods[m].nruns; r++) {
            const amkd_run *run = methods->methods[m].runs[r];
            const size_t row = find_size(&h->images, run->nimages);
            for (size_t k = 0; k < run->nrounds; k++)
                if (run->rounds[k].measured)
                    amkd_mean_add(&h->means[row * h->answers.n +
                                            find_size(&h->answers, run->rounds[k].total)],
                                  run->rounds[k].success);
        }
}

/* Shades reach from the lowest success (0.08) to the highest (1). */
static void shade(heat *h)
{
    const size_t n = h->images.n * h->answers.n;
    double low = 1e9, high = -1e9;
    for (size_t k = 0; k < n; k++)
        if (h->means[k].n) {
            low = h->means[k].mean < low ? h->means[k].mean : low;
            high = h->means[k].mean > high ? h->means[k].mean : high;
        }
    for (size_t k = 0; k < n; k++)
        if (h->means[k].n) {
            h->cells[k].shade =
                0.08 + 0.92 * (high > low ? (h->means[k].mean - low) / (high - low) : 1);
            snprintf(h->cells[k].text, sizeof h->cells[k].text, "%.1f",
                     100 * h->means[k].mean);
        }
}

static int make(heat *h, const amkd_methods *methods, size_t family)
{
    const size_t names = h->images.n + h->answers.n;
    h->means = amkd_alloc(h->images.n * h->answers.n, sizeof *h->means);
    h->cells = amkd_alloc(h->images.n * h->answers.n, sizeof *h->cells);
    h->texts = amkd_alloc(names, sizeof *h->texts);
    h->names = amkd_alloc(names, sizeof *h->names);
    if (!h->means || !h->cells || !h->texts || !h->names)
        return -1;
    for (size_t k = 0; k < names; k++) {
        snprintf(h->texts[k], sizeof h->texts[k], "%zu",
                 k < h->images.n ? h->images.values[k]
                                 : h->answers.values[k - h->images.n]);
        h->names[k] = h->texts[k];
    }
    average(h, methods, family);
    shade(h);
    return 0;
}

static void put_table(amkd_bytes *page, const heat *h, const char *id,
                      const char *caption)
{
    static const char *const columns[] = {"real images", "answers", "runs",
                                          "success rate"};
    amkd_table_open(page, id, caption, columns, 4);
    for (size_t r = 0; r < h->images.n; r++)
        for (size_t c = 0; c < h->answers.n; c++) {
            const amkd_mean *mean = &h->means[r * h->answers.n + c];
            if (!mean->n)
                continue;
            amkd_html(page, "<tr><th scope=\"row\">%zu</th><td>%zu</td><td>%zu</td>",
                      h->images.values[r], h->answers.values[c], mean->n);
            amkd_table_mean(page, mean);
            amkd_html(page, "</tr>\n");
        }
    amkd_table_close(page);
}

static void put_heat(amkd_bytes *page, const heat *h, const char *name, size_t family)
{
    char id[32], table[32];
    snprintf(id, sizeof id, "heat-%zu", family);
    snprintf(table, sizeof table, "heat-table-%zu", family);
    const amkd_chart chart = {.id = id,
                              .title = "Success rate by real images and answers",
                              .description = "The numbers are in the table below."};
    const amkd_matrix matrix = {
        "real images", "answers bought", h->names, h->names + h->images.n,
        h->images.n,   h->answers.n,     h->cells};
    amkd_html(page, "<figure>");
    amkd_svg_matrix(page, &chart, &matrix);
    amkd_html(page,
              "<figcaption>%s%sSuccess rate in %%, the stronger the higher.</figcaption>",
              name, *name ? ". " : "");
    put_table(page, h, table, "Success rate by real images and answers");
    amkd_html(page, "</figure>\n");
}

static void clear(heat *h)
{
    free(h->images.values);
    free(h->answers.values);
    free(h->means);
    free(h->cells);
    free(h->texts);
    free(h->names);
}

void amkd_section_heat(amkd_bytes *page, const amkd_report *report)
{
    int begun = 0;
    for (size_t f = 0; f < report->methods.nfamilies; f++) {
        heat h = {0};
        char *name = amkd_methods_family_name(&report->methods, f);
        int rc = name ? collect(&h, &report->methods, f) : -1;
        if (!rc && h.images.n > 1) {
            if (!begun++)
                amkd_html(page, "<section id=\"heat\"><h2>Data and queries</h2>"
                                "<div class=\"plots\">\n");
            rc = make(&h, &report->methods, f);
            if (!rc)
                put_heat(page, &h, name, f);
        }
        page->failed |= rc != 0;
        clear(&h);
        free(name);
    }
    if (begun)
        amkd_html(page, "</div></section>\n");
}
