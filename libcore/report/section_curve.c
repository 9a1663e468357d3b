/* Learning curves: success and agreement over the answers bought, by method. */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* --------------------------------------------------------------------------- the lines
 */

/* A mean of a level by its place there. */
static const amkd_mean *mean_at(const amkd_level *level, size_t offset)
{
    return (const amkd_mean *)(const void *)((const char *)level + offset);
}

#define MEAN(name) offsetof(amkd_level, name)
enum { NONE = 0 }; /* no mean is first in a level */

typedef struct curve {
    const char *id, *title, *label, *caption;
    size_t of;        /* the student */
    size_t second;    /* its assistant, or NONE */
    size_t low, high; /* the interval of one run; or NONE */
} curve;

static const curve curves[] = {
    {"curve-success", "Success rate over answers bought", "success rate",
     "Success rate: the student's test accuracy as a share of the teacher's.",
     MEAN(success), MEAN(assistant_success), NONE, NONE},
    {"curve-agreement", "Agreement over answers bought", "agreement",
     "Agreement: the share of test images on which student and teacher name the same "
     "class.",
     MEAN(agreement), MEAN(assistant_agreement), NONE, NONE},
    {"curve-held-out", "Agreement on answers held out", "agreement",
     "Agreement on answers held out: they are about real images drawn at random and no "
     "network learns from them, so this is told without bias.",
     MEAN(held_out), NONE, MEAN(held_out_low), MEAN(held_out_high)},
};

/* The points of a method. The band of one run is the interval, if there is one. */
static int make_points(amkd_series *series, const amkd_method *method, size_t of,
                       const curve *kind)
{
    amkd_point *points = amkd_alloc(method->nlevels + 1, sizeof *points);
    if (!points)
        return -1;
    series->points = points;
    for (size_t l = 0; l < method->nlevels; l++) {
        const amkd_level *level = &method->levels[l];
        const amkd_mean *mean = mean_at(level, of);
        amkd_point point = {(double)level->answers, mean->mean, mean->low, mean->high};
        if (mean->n == 1 && kind->low) {
            point.low = mean_at(level, kind->low)->mean;
            point.high = mean_at(level, kind->high)->mean;
        }
        if (mean->n)
            points[series->n++] = point;
    }
    return 0;
}

/* The lines of all methods' assistants, then of their students, which are drawn above;
 * *series is freed by free_series. */
static int make_series(amkd_series **series, const amkd_methods *methods,
                       const curve *kind)
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
static int shows_intervals(const amkd_methods *methods, const curve *kind)
{
    size_t most = 0;
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++) {
            const size_t n = mean_at(&methods->methods[m].levels[l], kind->of)->n;
            most = n > most ? n : most;
        }
    return kind->low && most == 1;
}

/* Nothing if no method has such points. */
static void put_curve(amkd_bytes *page, const amkd_methods *methods, const curve *kind)
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

/* ----------------------------------------------------------------- names and numbers */

/* Whether any method has this figure. */
static int have(const amkd_methods *methods, size_t of)
{
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++)
            if (mean_at(&methods->methods[m].levels[l], of)->n)
                return 1;
    return 0;
}

static void put_legend(amkd_bytes *page, const amkd_methods *methods)
{
    const char *second = have(methods, MEAN(assistant_success)) ? "its assistant" : NULL;
    const char **names = amkd_alloc(methods->n, sizeof *names);
    if (methods->n < 2 && !second) {
        free(names);
        return;
    }
    for (size_t m = 0; names && m < methods->n; m++)
        names[m] = methods->n > 1 ? methods->methods[m].name : "the student";
    if (names)
        amkd_svg_legend(page, names, methods->n, second);
    else
        page->failed = 1;
    free(names);
}

/* 93.33 % and its interval, of one run; else as any mean. */
static void put_held_out(amkd_bytes *page, const amkd_level *level)
{
    if (level->held_out.n != 1) {
        amkd_table_mean(page, &level->held_out);
        return;
    }
    amkd_html(page, "<td>%.2f&#8239;%% <small>%.1f&#8211;%.1f</small></td>",
              100 * level->held_out.mean, 100 * level->held_out_low.mean,
              100 * level->held_out_high.mean);
}

static size_t most_runs(const amkd_level *level)
{
    size_t n = level->success.n;
    n = level->assistant_success.n > n ? level->assistant_success.n : n;
    return level->held_out.n > n ? level->held_out.n : n;
}

static void put_row(amkd_bytes *page, const char *name, const amkd_level *level,
                    int assisted, int held_out)
{
    amkd_html(page, "<tr><th scope=\"row\">%s</th><td>%zu</td><td>%zu</td>", name,
              level->answers, most_runs(level));
    amkd_table_mean(page, &level->success);
    amkd_table_mean(page, &level->agreement);
    amkd_table_mean(page, &level->accuracy);
    amkd_table_teacher(page, level);
    if (assisted)
        amkd_table_mean(page, &level->assistant_success);
    if (held_out)
        put_held_out(page, level);
    amkd_html(page, "</tr>\n");
}

static void put_table(amkd_bytes *page, const amkd_methods *methods)
{
    const char *columns[10] = {"method",
                               "answers",
                               "seeds",
                               "success rate",
                               "agreement",
                               "student's accuracy",
                               "teacher's accuracy",
                               "its mean top probability"};
    const int assisted = have(methods, MEAN(assistant_success));
    const int held_out = have(methods, MEAN(held_out));
    size_t ncolumns = 8;
    if (assisted)
        columns[ncolumns++] = "assistant's success rate";
    if (held_out)
        columns[ncolumns++] = "agreement held out, 95\u2009% interval";
    amkd_table_open(
        page, "curve-table",
        "Learning curve: mean, and standard deviation where there are several "
        "seeds",
        columns, ncolumns);
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++) {
            const char *name = methods->methods[m].name;
            put_row(page, *name ? name : "this run", &methods->methods[m].levels[l],
                    assisted, held_out);
        }
    amkd_table_close(page);
}

void amkd_section_curve(amkd_bytes *page, const amkd_report *report)
{
    const amkd_methods *methods = &report->methods;
    size_t nlevels = 0;
    for (size_t m = 0; m < methods->n; m++)
        nlevels += methods->methods[m].nlevels;
    if (!nlevels)
        return;
    amkd_html(page, "<section id=\"curve\"><h2>Learning curve</h2>\n");
    put_legend(page, methods);
    amkd_html(page, "<div class=\"plots\">\n");
    for (size_t c = 0; c < sizeof curves / sizeof *curves; c++)
        put_curve(page, methods, &curves[c]);
    amkd_html(page, "</div>\n");
    if (report->nruns > methods->n)
        amkd_html(page, "<p class=\"hint\">Lines are means over seeds; bands reach from "
                        "the lowest seed to the highest.</p>\n");
    put_table(page, methods);
    amkd_section_paired(page, report);
    amkd_html(page, "</section>\n");
}
