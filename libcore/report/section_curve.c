/* Learning curves: success and agreement over the answers bought, by method. */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <stdlib.h>

typedef const amkd_mean *pick_mean(const amkd_level *level);

static const amkd_mean *success_of(const amkd_level *level)
{
    return &level->success;
}

static const amkd_mean *held_out_of(const amkd_level *level)
{
    return &level->held_out;
}

static const amkd_mean *agreement_of(const amkd_level *level)
{
    return &level->agreement;
}

/* The points of all methods; *series is freed by free_series. */
static int make_series(amkd_series **series, const amkd_methods *methods, pick_mean *pick)
{
    *series = amkd_alloc(methods->n, sizeof **series);
    for (size_t m = 0; *series && m < methods->n; m++) {
        const amkd_method *method = &methods->methods[m];
        amkd_point *points = amkd_alloc(method->nlevels + 1, sizeof *points);
        if (!points)
            return -1;
        size_t n = 0;
        for (size_t l = 0; l < method->nlevels; l++) {
            const amkd_mean *mean = pick(&method->levels[l]);
            if (mean->n)
                points[n++] = (amkd_point){(double)method->levels[l].answers, mean->mean,
                                           mean->low, mean->high};
        }
        (*series)[m] = (amkd_series){method->name, points, n};
    }
    return *series ? 0 : -1;
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

typedef struct curve {
    const char *id, *title, *label, *caption;
    pick_mean *of;
} curve;

static const curve curves[] = {
    {"curve-success", "Success rate over answers bought", "success rate",
     "Success rate: the student's test accuracy as a share of the teacher's.", success_of},
    {"curve-agreement", "Agreement over answers bought", "agreement",
     "Agreement: the share of test images on which student and teacher name the same class.",
     agreement_of},
    {"curve-held-out", "Agreement on answers held out", "agreement",
     "The same on answers that were held out of the training: questions like those that "
     "were asked.",
     held_out_of},
};

/* Nothing if no method has such points. */
static void put_curve(amkd_bytes *page, const amkd_methods *methods, const curve *kind)
{
    amkd_chart chart = {.id = kind->id,
                        .title = kind->title,
                        .description = "The numbers are in the table below.",
                        .y.label = kind->label};
    amkd_series *series = NULL;
    size_t npoints = 0;
    if (make_series(&series, methods, kind->of))
        page->failed = 1;
    for (size_t s = 0; series && s < methods->n; s++)
        npoints += series[s].n;
    if (npoints) {
        fit(&chart, series, methods->n);
        amkd_html(page, "<figure>");
        amkd_svg_lines(page, &chart, series, methods->n);
        amkd_html(page, "<figcaption>%s</figcaption></figure>\n", kind->caption);
    }
    free_series(series, methods->n);
}

static void put_legend(amkd_bytes *page, const amkd_methods *methods)
{
    const char **names = amkd_alloc(methods->n, sizeof *names);
    for (size_t m = 0; names && m < methods->n; m++)
        names[m] = methods->methods[m].name;
    if (names)
        amkd_svg_legend(page, names, methods->n);
    else
        page->failed = 1;
    free(names);
}

static void put_table(amkd_bytes *page, const amkd_methods *methods)
{
    static const char *const columns[] = {"method",
                                          "answers",
                                          "seeds",
                                          "success rate",
                                          "agreement",
                                          "student's accuracy",
                                          "teacher's accuracy",
                                          "its mean top probability",
                                          "held out"};
    amkd_table_open(
        page, "curve-table",
        "Learning curve: mean, and standard deviation where there are several "
        "seeds",
        columns, sizeof columns / sizeof *columns);
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++) {
            const amkd_level *level = &methods->methods[m].levels[l];
            const char *name = methods->methods[m].name;
            amkd_html(page, "<tr><th scope=\"row\">%s</th><td>%zu</td><td>%zu</td>",
                      *name ? name : "this run", level->answers,
                      level->success.n ? level->success.n : level->held_out.n);
            amkd_table_mean(page, &level->success);
            amkd_table_mean(page, &level->agreement);
            amkd_table_mean(page, &level->accuracy);
            amkd_table_teacher(page, level);
            amkd_table_mean(page, &level->held_out);
            amkd_html(page, "</tr>\n");
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
    if (methods->n > 1)
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
