/* What the sections are put together of. */
#include "report/section.h"
#include <string.h>

void amkd_table_open(amkd_bytes *page, const char *id, const char *caption,
                     const char *const *columns, size_t ncolumns)
{
    amkd_html(
        page,
        "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" "
        "role=\"region\" aria-label=\"%s\"><table id=\"%s\"><caption>%s</caption>"
        "<thead><tr>",
        caption, id, caption);
    for (size_t c = 0; c < ncolumns; c++)
        amkd_html(page, "<th scope=\"col\">%s</th>", columns[c]);
    amkd_html(page, "</tr></thead><tbody>\n");
}

void amkd_table_close(amkd_bytes *page)
{
    amkd_html(page, "</tbody></table></div></details>\n");
}

void amkd_table_percent(amkd_bytes *page, double share)
{
    amkd_html(page, "<td>%.2f&#8239;%%</td>", 100 * share);
}

void amkd_table_mean(amkd_bytes *page, const amkd_mean *mean)
{
    if (!mean->n)
        amkd_html(page, "<td></td>");
    else if (mean->n < 2)
        amkd_table_percent(page, mean->mean);
    else
        amkd_html(page, "<td>%.2f&#8239;%% <small>&#177;&#8239;%.2f</small></td>",
                  100 * mean->mean, 100 * mean->deviation);
}

void amkd_table_teacher(amkd_bytes *page, const amkd_level *level)
{
    if (level->teacher_top.n) {
        amkd_table_percent(page, level->teacher_accuracy.mean);
        amkd_html(page, "<td>%.3f</td>", level->teacher_top.mean);
    } else {
        amkd_html(page, "<td></td><td></td>");
    }
}

void amkd_run_name(amkd_bytes *page, const amkd_report *report, const amkd_run *run)
{
    const char *method =
        report->methods.methods[amkd_methods_of(&report->methods, run)].name;
    amkd_html(page, "%s", *method ? method : run->dir);
    if (*run->seed && report->nruns > 1)
        amkd_html(page, ", seed %s", run->seed);
}

const char *amkd_score_name(const char *by)
{
    return !strcmp(by, "c2")        ? "C2"
           : !strcmp(by, "c1")      ? "C1"
           : !strcmp(by, "random")  ? "chance"
           : !strcmp(by, "margin")  ? "margin"
           : !strcmp(by, "entropy") ? "negative entropy"
                                    : "score";
}
