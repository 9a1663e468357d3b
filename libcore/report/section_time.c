/* What it took: answers, their price, and time by tool; a row for each round of a run, or
 * for each of several runs. */
#include "base/memory.h"
#include "report/section.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TOOLS = 16, NAME_NBYTES = 24 };

typedef struct costs {
    size_t nrows, ntools;
    char tools[MOST_TOOLS][24];
    char (*names)[NAME_NBYTES]; /* [nrows] */
    size_t *answers;            /* [nrows] */
    double *seconds;            /* [nrows][MOST_TOOLS] */
} costs;

/* A tool's name as it is shown: all are amkd's. */
static const char *short_name(const char *tool)
{
    return strncmp(tool, "amkd-", 5) ? tool : tool + 5;
}

static void add_times(costs *c, size_t row, const amkd_times *times)
{
    for (size_t k = 0; k < times->n; k++) {
        size_t t = 0;
        while (t < c->ntools && strcmp(c->tools[t], times->tools[k].tool))
            t++;
        if (t == MOST_TOOLS)
            continue;
        if (t == c->ntools)
            snprintf(c->tools[c->ntools++], sizeof c->tools[t], "%s",
                     times->tools[k].tool);
        c->seconds[row * MOST_TOOLS + t] += times->tools[k].seconds;
    }
}

static void add_round(costs *c, size_t row, const amkd_round *round)
{
    c->answers[row] += round->nanswers;
    add_times(c, row, &round->times);
}

/* The rows of a run alone, behind those of its rounds. */
static size_t row_of_held_out(const amkd_run *run)
{
    return run->nrounds;
}

static size_t row_of_test(const amkd_run *run)
{
    return run->nrounds + (run->held_out.n > 0);
}

static void add_run(costs *c, const amkd_run *run, size_t n, int alone)
{
    for (size_t r = 0; r < run->nrounds; r++)
        add_round(c, alone ? r : n, &run->rounds[r]);
    if (run->held_out.n) {
        const size_t row = alone ? row_of_held_out(run) : n;
        c->answers[row] += run->held_out.n;
        add_times(c, row, &run->held_out.times);
    }
    add_times(c, alone ? row_of_test(run) : n, &run->test_times);
    add_times(c, alone ? 0 : n, &run->times);
}

static void name_row(costs *c, size_t row, const amkd_run *alone)
{
    if (alone && row == row_of_test(alone))
        snprintf(c->names[row], NAME_NBYTES, "test");
    else if (alone && row == row_of_held_out(alone))
        snprintf(c->names[row], NAME_NBYTES, "held out");
    else
        snprintf(c->names[row], NAME_NBYTES, "%zu", alone ? row : row + 1);
}

static int collect(costs *c, const amkd_report *report)
{
    const amkd_run *alone = report->nruns == 1 ? &report->runs[0] : NULL;
    c->nrows = alone ? row_of_test(alone) + 1 : report->nruns;
    c->names = amkd_alloc(c->nrows, sizeof *c->names);
    c->answers = amkd_alloc(c->nrows, sizeof *c->answers);
    c->seconds = amkd_alloc(c->nrows, MOST_TOOLS * sizeof *c->seconds);
    if (!c->names || !c->answers || !c->seconds)
        return -1;
    for (size_t n = 0; n < report->nruns; n++)
        add_run(c, &report->runs[n], n, alone != NULL);
    for (size_t row = 0; row < c->nrows; row++)
        name_row(c, row, alone);
    return 0;
}

/* [nrows][ntools], without the room for more tools. */
static double *packed(const costs *c, double *most)
{
    double *values = amkd_alloc(c->nrows, (c->ntools + 1) * sizeof *values);
    for (size_t r = 0; values && r < c->nrows; r++) {
        double sum = 0;
        for (size_t t = 0; t < c->ntools; t++) {
            values[r * c->ntools + t] = c->seconds[r * MOST_TOOLS + t];
            sum += values[r * c->ntools + t];
        }
        *most = sum > *most ? sum : *most;
    }
    return values;
}

static void put_chart(amkd_bytes *page, const costs *c, int alone)
{
    double most = 0;
    double *values = packed(c, &most);
    const char **names = amkd_alloc(c->nrows, sizeof *names);
    const char *tools[MOST_TOOLS];
    amkd_chart chart = {.id = "time-plot",
                        .title = "Seconds by tool",
                        .description = "The numbers are in the table below.",
                        .x = {.label = alone ? "round" : "run"},
                        .y = {.label = "time", .unit = "\u2009s"}};
    if (!values || !names) {
        page->failed = 1;
    } else if (most > 0) {
        for (size_t r = 0; r < c->nrows; r++)
            names[r] = c->names[r];
        for (size_t t = 0; t < c->ntools; t++)
            tools[t] = short_name(c->tools[t]);
        amkd_axis_fit(&chart.y, 0, most, 5);
        amkd_html(page, "<figure>");
        amkd_svg_stacks(page, &chart, names, c->nrows, values, c->ntools);
        amkd_svg_parts(page, tools, c->ntools);
        amkd_html(page,
                  "<figcaption>Seconds that the tools took when last run, those side "
                  "by side counted once.</figcaption></figure>\n");
    }
    free(values);
    free(names);
}

static void put_row(amkd_bytes *page, const amkd_report *report, const costs *c,
                    size_t row)
{
    double sum = 0;
    amkd_html(page, "<tr><th scope=\"row\">%s", c->names[row]);
    if (report->nruns > 1) {
        amkd_html(page, ": ");
        amkd_run_name(page, report, &report->runs[row]);
    }
    amkd_html(page, c->answers[row] ? "</th><td>%zu</td>" : "</th><td></td>",
              c->answers[row]);
    if (report->options->price > 0)
        amkd_html(page, "<td>%.2f</td>",
                  report->options->price * (double)c->answers[row]);
    for (size_t t = 0; t < c->ntools; t++) {
        const double seconds = c->seconds[row * MOST_TOOLS + t];
        sum += seconds;
        amkd_html(page, seconds > 0 ? "<td>%.1f</td>" : "<td></td>", seconds);
    }
    amkd_html(page, "<td>%.1f</td></tr>\n", sum);
}

static void put_table(amkd_bytes *page, const amkd_report *report, const costs *c)
{
    amkd_html(page,
              "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Answers "
              "and seconds\"><table id=\"time-table\"><caption>Answers, and seconds by "
              "tool</caption><thead><tr><th scope=\"col\">%s</th><th scope=\"col\">"
              "answers</th>",
              report->nruns == 1 ? "round" : "run");
    if (report->options->price > 0)
        amkd_html(page, "<th scope=\"col\">price</th>");
    for (size_t t = 0; t < c->ntools; t++)
        amkd_html(page, "<th scope=\"col\">%s</th>", short_name(c->tools[t]));
    amkd_html(page, "<th scope=\"col\">all</th></tr></thead><tbody>\n");
    for (size_t row = 0; row < c->nrows; row++)
        put_row(page, report, c, row);
    amkd_html(page, "</tbody></table></div>\n");
}

static void put_sums(amkd_bytes *page, const amkd_report *report, const costs *c)
{
    size_t answers = 0, test = 0, held_out = 0;
    for (size_t n = 0; n < report->nruns; n++) {
        test += report->runs[n].ntest;
        held_out += report->runs[n].held_out.n;
    }
    for (size_t row = 0; row < c->nrows; row++)
        answers += c->answers[row];
    amkd_html(page, "<p><b>");
    amkd_html_count(page, answers);
    amkd_html(page, "</b> answers were bought");
    if (report->options->price > 0)
        amkd_html(page, ", for <b>%.2f</b> at %g each",
                  report->options->price * (double)answers, report->options->price);
    if (held_out) {
        amkd_html(page, "; ");
        amkd_html_count(page, held_out);
        amkd_html(page,
                  " of them are held out: no network learns from these, students are "
                  "measured by them");
    }
    if (test) {
        amkd_html(page, "; ");
        amkd_html_count(page, test);
        amkd_html(page,
                  " more about test images, for the figures alone, are not counted");
    }
    amkd_html(page, ".</p>");
}

void amkd_section_time(amkd_bytes *page, const amkd_report *report)
{
    costs c = {0};
    if (collect(&c, report)) {
        page->failed = 1;
    } else {
        amkd_html(page, "<section id=\"time\"><h2>Cost and time</h2>");
        put_sums(page, report, &c);
        amkd_html(page, "<div class=\"beside\">\n");
        put_chart(page, &c, report->nruns == 1);
        put_table(page, report, &c);
        amkd_html(page, "</div></section>\n");
    }
    free(c.names);
    free(c.answers);
    free(c.seconds);
}
