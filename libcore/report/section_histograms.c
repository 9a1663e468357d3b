/* Histograms of lambda and of the scores of what was picked, round by round, on the same
 * axes. */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCORE_BINS = 24, LAMBDA_BINS = 21, MOST_LAMBDAS = 64, MOST_ROUNDS = 12 };

typedef struct histograms {
    const char *id, *title, *label; /* of the x axis */
    double low, high;
    size_t nbins, nrounds;
    double *shares; /* [nrounds][nbins]: of the round's picks that have a value */
    size_t *counts; /* [nrounds]: of these */
    double most;    /* the highest share */
} histograms;

/* NAN: the pick has none. */
typedef double value_of(const amkd_pick *pick);

/* Single images are no mixes, and have no weight. */
static double lambda_of(const amkd_pick *pick)
{
    return pick->i != pick->j ? (double)pick->lambda : (double)NAN;
}

static double score_of(const amkd_pick *pick)
{
    return (double)pick->score;
}

static size_t bin_of(const histograms *h, double value)
{
    const double at = (value - h->low) / (h->high - h->low) * (double)h->nbins;
    return at < 0 ? 0 : at >= (double)h->nbins ? h->nbins - 1 : (size_t)at;
}

/* Of the rounds that picked by this score, or of all. */
static int fill(histograms *h, const amkd_detail *detail, value_of *value, const char *by)
{
    h->nrounds = detail->nrounds;
    h->shares = amkd_alloc(h->nrounds * h->nbins, sizeof *h->shares);
    h->counts = amkd_alloc(h->nrounds, sizeof *h->counts);
    if (!h->shares || !h->counts)
        return -1;
    for (size_t r = 1; r < h->nrounds; r++) {
        const amkd_picked *picked = &detail->rounds[r];
        double *shares = h->shares + r * h->nbins;
        if (by && strcmp(picked->by, by))
            continue;
        for (size_t p = 0; p < picked->n; p++) {
            const double v = value(&picked->picks[p]);
            if (isnan(v))
                continue;
            shares[bin_of(h, v)]++;
            h->counts[r]++;
        }
        for (size_t b = 0; b < h->nbins && h->counts[r]; b++) {
            shares[b] /= (double)h->counts[r];
            h->most = fmax(h->most, shares[b]);
        }
    }
    return 0;
}

static void clear(histograms *h)
{
    free(h->shares);
    free(h->counts);
}

static void put_table(amkd_bytes *page, const histograms *h, const char *id)
{
    amkd_html(
        page,
        "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" "
        "role=\"region\" aria-label=\"%s\"><table id=\"%s-table\"><caption>%s: share of "
        "each round&#8217;s picks, in %%</caption><thead><tr><th scope=\"col\">from</th>"
        "<th scope=\"col\">to</th>",
        h->title, id, h->title);
    for (size_t r = 1; r < h->nrounds; r++)
        if (h->counts[r])
            amkd_html(page, "<th scope=\"col\">round %zu</th>", r);
    amkd_html(page, "</tr></thead><tbody>\n");
    for (size_t b = 0; b < h->nbins; b++) {
        const double width = (h->high - h->low) / (double)h->nbins;
        amkd_html(page, "<tr><td>%.3f</td><td>%.3f</td>", h->low + width * (double)b,
                  h->low + width * (double)(b + 1));
        for (size_t r = 1; r < h->nrounds; r++)
            if (h->counts[r])
                amkd_html(page, "<td>%.1f</td>", 100 * h->shares[r * h->nbins + b]);
        amkd_html(page, "</tr>\n");
    }
    amkd_table_close(page);
}

static void put(amkd_bytes *page, const histograms *h, size_t d)
{
    char id[80], base[48];
    const size_t every = (h->nrounds - 2) / MOST_ROUNDS + 1;
    snprintf(base, sizeof base, "%s-%zu", h->id, d);
    amkd_html(page, "<section id=\"%s\"><h3>%s</h3><div class=\"plots small\">\n", base,
              h->title);
    for (size_t r = 1; r < h->nrounds; r += every) {
        if (!h->counts[r])
            continue;
        snprintf(id, sizeof id, "%s-%zu", base, r);
        amkd_chart chart = {
            .id = id,
            .title = h->title,
            .description = "The numbers are in the table below.",
            .x = {.label = h->label},
            .y = {.label = "share of picks", .scale = 100, .unit = "\u2009%"}};
        amkd_axis_fit(&chart.x, h->low, h->high, 6);
        chart.x.low = h->low;
        chart.x.high = h->high;
        amkd_axis_fit(&chart.y, 0, h->most, 4);
        amkd_html(page, "<figure>");
        amkd_svg_histogram(page, &chart, h->shares + r * h->nbins, h->nbins);
        amkd_html(page, "<figcaption>Round %zu</figcaption></figure>\n", r);
    }
    amkd_html(page, "</div>\n");
    put_table(page, h, base);
    amkd_html(page, "</section>\n");
}

static int by_value(const void *a, const void *b)
{
    const double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* The least distance between two of the sorted values, 0 if they are all one. */
static double least_distance(const double *values, size_t n)
{
    double least = 0;
    for (size_t k = 1; k < n; k++) {
        const double distance = values[k] - values[k - 1];
        if (distance > 1e-4 && (least == 0 || distance < least))
            least = distance;
    }
    return least;
}

/* Weights of a grid get a bar each: bars of another width would show peaks where two of
 * the grid fall into one. */
static void fit_bins(histograms *h, double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    const double step = least_distance(values, n);
    const double nsteps = step > 0 ? (values[n - 1] - values[0]) / step : 0;
    h->nbins = LAMBDA_BINS;
    h->low = -0.5 / (LAMBDA_BINS - 1);
    h->high = 1 + 0.5 / (LAMBDA_BINS - 1);
    if (nsteps < 1 || nsteps > MOST_LAMBDAS)
        return;
    for (size_t k = 0; k < n; k++)
        if (fabs(remainder(values[k] - values[0], step)) > 0.1 * step)
            return;
    h->nbins = (size_t)lround(nsteps) + 1;
    h->low = values[0] - step / 2;
    h->high = h->low + step * (double)h->nbins;
}

static void put_lambdas(amkd_bytes *page, const amkd_detail *detail, size_t d)
{
    histograms h = {.id = "lambda",
                    .title = "Weights \u03bb* of what was picked",
                    .label = "\u03bb of the first image"};
    size_t npicks = 0, n = 0;
    for (size_t r = 1; r < detail->nrounds; r++)
        npicks += detail->rounds[r].n;
    double *values = amkd_alloc(npicks + 1, sizeof *values);
    for (size_t r = 1; values && r < detail->nrounds; r++)
        for (size_t p = 0; p < detail->rounds[r].n; p++) {
            const double lambda = lambda_of(&detail->rounds[r].picks[p]);
            if (!isnan(lambda))
                values[n++] = lambda;
        }
    if (n)
        fit_bins(&h, values, n);
    if (!values || (n && fill(&h, detail, lambda_of, NULL)))
        page->failed = 1;
    else if (n)
        put(page, &h, d);
    free(values);
    clear(&h);
}

/* Of the rounds that picked as the given one did: other scores are other figures. Scores
 * of chance say nothing. */
static void put_scores_like(amkd_bytes *page, const amkd_detail *detail, size_t like,
                            size_t d)
{
    const char *by = detail->rounds[like].by, *name = amkd_score_name(by);
    char id[32], title[64], label[64];
    snprintf(id, sizeof id, like > 1 ? "score-%s" : "score", by);
    snprintf(title, sizeof title, "Scores of what was picked: %s", name);
    snprintf(label, sizeof label, *name == 'C' ? "%s, the %s's sureness" : "%s", name,
             amkd_round_scorer(&detail->run->rounds[like]));
    histograms h = {.id = id, .title = title, .label = label, .nbins = SCORE_BINS};
    double low = INFINITY, high = -INFINITY;
    for (size_t r = like; r < detail->nrounds; r++)
        for (size_t p = 0; !strcmp(detail->rounds[r].by, by) && p < detail->rounds[r].n;
             p++) {
            low = fmin(low, score_of(&detail->rounds[r].picks[p]));
            high = fmax(high, score_of(&detail->rounds[r].picks[p]));
        }
    if (!(high > low) || *name == 'c')
        return;
    amkd_axis axis = {0};
    amkd_axis_fit(&axis, low, high, 6);
    h.low = axis.low;
    h.high = axis.high;
    if (fill(&h, detail, score_of, by))
        page->failed = 1;
    else
        put(page, &h, d);
    clear(&h);
}

static void put_scores(amkd_bytes *page, const amkd_detail *detail, size_t d)
{
    for (size_t r = 1; r < detail->nrounds; r++) {
        size_t before = 1;
        while (before < r && strcmp(detail->rounds[before].by, detail->rounds[r].by))
            before++;
        if (before == r)
            put_scores_like(page, detail, r, d);
    }
}

void amkd_section_histograms(amkd_bytes *page, const amkd_report *report, size_t d)
{
    put_lambdas(page, &report->details[d], d);
    put_scores(page, &report->details[d], d);
}
