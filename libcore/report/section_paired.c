/* Differences between methods, paired by seed: runs of one seed share their images and
 * first weights, so that their difference varies less than either. */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <string.h>

static const amkd_round *round_at(const amkd_run *run, size_t answers)
{
    for (size_t r = 0; r < run->nrounds; r++)
        if (run->rounds[r].student.known && run->rounds[r].total == answers)
            return &run->rounds[r];
    return NULL;
}

typedef struct differences {
    amkd_mean success, agreement;
} differences;

/* Of b against a, where so many answers were bought. */
static differences compare(const amkd_method *a, const amkd_method *b, size_t answers)
{
    differences d = {0};
    for (size_t k = 0; k < a->nruns; k++)
        for (size_t l = 0; l < b->nruns; l++) {
            const amkd_run *first = a->runs[k], *second = b->runs[l];
            const amkd_round *before = round_at(first, answers);
            const amkd_round *after = round_at(second, answers);
            if (!before || !after || !*first->seed || strcmp(first->seed, second->seed))
                continue;
            amkd_mean_add(&d.success, after->student.success - before->student.success);
            amkd_mean_add(&d.agreement,
                          after->student.agreement - before->student.agreement);
        }
    return d;
}

static void put_difference(amkd_bytes *page, const amkd_mean *mean)
{
    amkd_html(page, "<td>%+.2f <small>&#177;&#8239;%.2f</small></td>", 100 * mean->mean,
              100 * mean->deviation / sqrt((double)mean->n));
}

static void open_table(amkd_bytes *page, const char *first)
{
    amkd_html(
        page,
        "<details><summary>Differences, paired by seed</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Differences, paired by seed\">"
        "<table id=\"paired-table\"><caption>Against &#8220;%s&#8221;, paired by seed: "
        "mean and standard error, in points</caption><thead><tr>"
        "<th scope=\"col\">method</th><th scope=\"col\">answers</th>"
        "<th scope=\"col\">pairs</th><th scope=\"col\">success rate</th>"
        "<th scope=\"col\">agreement</th></tr></thead><tbody>\n",
        first);
}

void amkd_section_paired(amkd_bytes *page, const amkd_report *report)
{
    const amkd_methods *methods = &report->methods;
    const amkd_method *first = &methods->methods[0];
    int begun = 0;
    for (size_t m = 1; m < methods->n; m++)
        for (size_t l = 0; l < methods->methods[m].nlevels; l++) {
            const amkd_method *method = &methods->methods[m];
            const size_t answers = method->levels[l].answers;
            const differences d = compare(first, method, answers);
            if (d.success.n < 2)
                continue;
            if (!begun++)
                open_table(page, first->name);
            amkd_html(page, "<tr><th scope=\"row\">%s</th><td>%zu</td><td>%zu</td>",
                      method->name, answers, d.success.n);
            put_difference(page, &d.success);
            put_difference(page, &d.agreement);
            amkd_html(page, "</tr>\n");
        }
    if (begun)
        amkd_table_close(page);
}
