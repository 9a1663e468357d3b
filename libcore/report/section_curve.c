/* Learning curves: success and agreement over the answers bought, by method. */
#include "base/memory.h"
#include "report/curve.h"
#include "report/section.h"
#include <stdlib.h>

static const amkd_curve curves[] = {
    {"curve-success", "Success rate over answers bought", "success rate",
     "Success rate: the student's test accuracy as a share of the teacher's.",
     AMKD_CURVE_OF(success), AMKD_CURVE_OF(assistant_success), AMKD_CURVE_NONE,
     AMKD_CURVE_NONE},
    {"curve-agreement", "Agreement over answers bought", "agreement",
     "Agreement: the share of test images on which student and teacher name the same "
     "class.",
     AMKD_CURVE_OF(agreement), AMKD_CURVE_OF(assistant_agreement), AMKD_CURVE_NONE,
     AMKD_CURVE_NONE},
    {"curve-held-out", "Agreement on answers held out", "agreement",
     "Agreement on answers held out: they are about real images drawn at random and no "
     "network learns from them, so this is told without bias.",
     AMKD_CURVE_OF(held_out), AMKD_CURVE_NONE, AMKD_CURVE_OF(held_out_low),
     AMKD_CURVE_OF(held_out_high)},
};

/* ----------------------------------------------------------------- names and numbers */

/* Whether any method has this figure. */
static int have(const amkd_methods *methods, size_t of)
{
    for (size_t m = 0; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++)
            if (amkd_curve_mean(&methods->methods[m].levels[l], of)->n)
                return 1;
    return 0;
}

static void put_legend(amkd_bytes *page, const amkd_methods *methods)
{
    const char *second =
        have(methods, AMKD_CURVE_OF(assistant_success)) ? "its assistant" : NULL;
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
    const int assisted = have(methods, AMKD_CURVE_OF(assistant_success));
    const int held_out = have(methods, AMKD_CURVE_OF(held_out));
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
        amkd_curve_put(page, methods, &curves[c]);
    amkd_html(page, "</div>\n");
    if (report->nruns > methods->n)
        amkd_html(page, "<p class=\"hint\">Lines are means over seeds; bands reach from "
                        "the lowest seed to the highest.</p>\n");
    put_table(page, methods);
    amkd_section_paired(page, report);
    amkd_html(page, "</section>\n");
}
