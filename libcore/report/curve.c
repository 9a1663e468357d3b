/* A figure of all methods over the answers bought, as lines. */
#include "report/curve.h"
#include "base/memory.h"
#include "report/html.h"
#include "report/svg.h"
#include <math.h>
#include <stdlib.h>

const amkd_mean *amkd_curve_mean(const amkd_level *level, size_t of)
{
    return (const amkd_mean *)(const void *)((const char *)level + of);
}

/* The points of a method. The band of one run is the interval, if there is one. */
static int make_points(amkd_series *series, const amkd_method *method, size_t of,
                       const amkd_curve *kind)
{
    amkd_point *points = amkd_alloc(method->nlevels + 1, sizeof *points);
    if (!points)
        return -1;
    series->points = points;
    for (size_t l = 0; l < method->nlevels; l++) {
        const amkd_level *level = &method->levels[l];
        const amkd_mean *mean = amkd_curve_mean(level, of);
        amkd_point point = {(double)level->answers, mean->mean, mean->low, mean->high};
        if (mean->n == 1 && kind->low) {
            point.low = amkd_curve_mean(level, kind->low)->mean;
            point.high = amkd_curve_mean(level, kind->high)->mean;
        }
        if (mean->n)
            points[series->n++] = point;
    }
    return 0;
}

/* The lines of all methods' assistants, then of their students, which are drawn above;
 * *series is freed by free_series. */
static int make_series(amkd_series **series, const amkd_methods *methods,
                       const amkd_curve *kind)
{
    *series = amkd_alloc(2 * methods->n, sizeof **series);
    int rc = *series ? 0 : -1;
    for (size_t m = 0; !rc && m < methods->n; m++) {
        amkd_series *second = &(*series)[m], *first = &(*series)[methods->n + m];
        *second = (amkd_series){.name = "assistant", .look = m, .second = 1};
        *first = (amkd_series){.name = methods->methods[m].name, .look = m};
        if (kind->second)
            rc = make_points(second, &methods->methods[m], kind->second, kind);
        if (!rc)
            rc = make_points(first, &methods->methods[m], kind->of, kind);
    }
    return rc;
}

static void free_series(amkd_series *series, size_t n)
{
    for (size_t s = 0; series && s < n; s++)
        free((void *)series[s].points);
    free(series);
}

static void fit(amkd_chart *chart, const amkd_series *series, size_t n)
{
    double low = INFINITY, high = -INFINITY, last = 0;
    for (size_t s = 0; s < n; s++)
        for (size_t p = 0; p < series[s].n; p++) {
            low = fmin(low, series[s].points[p].low);
            high = fmax(high, series[s].points[p].high);
            last = fmax(last, series[s].points[p].x);
        }
    chart->x = (amkd_axis){.label = "answers bought"};
    chart->y = (amkd_axis){.label = chart->y.label, .scale = 100, .unit = "\u2009%"};
    amkd_axis_fit(&chart->x, 0, last, 5);
    amkd_axis_fit(&chart->y, low, high, 5);
    if (high <= 1 && chart->y.high > 1)
        chart->y.high = 1;
}

/* Whether intervals of single runs are drawn, and not the spread of several. */
static int shows_intervals(const amkd_methods *methods, const amkd_curve *kind)
{
    size_t most = 0;
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++) {
            const size_t n = amkd_curve_mean(&methods->methods[m].levels[l], kind->of)->n;
            most = n > most ? n : most;
        }
    return kind->low && most == 1;
}

void amkd_curve_put(amkd_bytes *page, const amkd_methods *methods, const amkd_curve *kind)
{
    amkd_chart chart = {.id = kind->id,
                        .title = kind->title,
                        .description = "The numbers are in the table below.",
                        .y.label = kind->label};
    amkd_series *series = NULL;
    const size_t nseries = 2 * methods->n;
    size_t npoints = 0;
    if (make_series(&series, methods, kind))
        page->failed = 1;
    for (size_t s = 0; series && s < nseries; s++)
        npoints += series[s].n;
    if (npoints && !page->failed) {
        fit(&chart, series, nseries);
        amkd_html(page, "<figure>");
        amkd_svg_lines(page, &chart, series, nseries);
        amkd_html(page, "<figcaption>%s%s</figcaption></figure>\n", kind->caption,
                  shows_intervals(methods, kind)
                      ? " Around it: its interval of 95\u2009%."
                      : "");
    }
    free_series(series, nseries);
}
