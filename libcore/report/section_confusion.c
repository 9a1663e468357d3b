/* Confusion of student and teacher, and which classes they disagree on. */
#include "base/memory.h"
#include "report/section.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More classes than can be drawn; pairs of classes listed. */
enum { MOST_DRAWN = 60, LISTED = 10 };

typedef struct confusion {
    const char *id, *title, *rows, *columns, *caption;
    const size_t *counts; /* [nclasses][nclasses] */
} confusion;

/* The diagonal is shaded by its share of the row, the rest by the root of it: errors are
 * few and are what one looks for. */
static void shade(amkd_cell *cells, const size_t *counts, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        size_t sum = 0;
        for (size_t c = 0; c < n; c++)
            sum += counts[r * n + c];
        for (size_t c = 0; c < n; c++) {
            amkd_cell *cell = &cells[r * n + c];
            const double share = sum ? (double)counts[r * n + c] / (double)sum : 0;
            *cell = (amkd_cell){.shade = r == c ? 0.75 * share : sqrt(share),
                                .other = r != c};
            if (counts[r * n + c])
                snprintf(cell->text, sizeof cell->text, "%zu", counts[r * n + c]);
        }
    }
}

static void put_table(amkd_bytes *page, const confusion *what, const amkd_run *run,
                      const char *id)
{
    const size_t n = run->nclasses;
    amkd_html(
        page,
        "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" "
        "role=\"region\" aria-label=\"%s\"><table id=\"%s-table\"><caption>%s: a row "
        "is %s, a column %s</caption><thead><tr><td></td>",
        what->title, id, what->title, what->rows, what->columns);
    for (size_t c = 0; c < n; c++)
        amkd_html(page, "<th scope=\"col\">%s</th>", run->class_names[c]);
    amkd_html(page, "</tr></thead><tbody>\n");
    for (size_t r = 0; r < n; r++) {
        amkd_html(page, "<tr><th scope=\"row\">%s</th>", run->class_names[r]);
        for (size_t c = 0; c < n; c++)
            amkd_html(page, "<td>%zu</td>", what->counts[r * n + c]);
        amkd_html(page, "</tr>\n");
    }
    amkd_table_close(page);
}

static void put_matrix(amkd_bytes *page, const confusion *what, const amkd_run *run,
                       size_t d)
{
    char id[64];
    const size_t n = run->nclasses;
    amkd_cell *cells = amkd_alloc(n * n, sizeof *cells);
    if (!cells) {
        page->failed = 1;
        return;
    }
    shade(cells, what->counts, n);
    snprintf(id, sizeof id, "%s-%zu", what->id, d);
    const char *const *names = (const char *const *)run->class_names;
    const amkd_chart chart = {.id = id,
                              .title = what->title,
                              .description = "The numbers are in the table below."};
    const amkd_matrix matrix = {what->rows, what->columns, names, names, n, n, cells};
    amkd_html(page, "<figure>");
    amkd_svg_matrix(page, &chart, &matrix);
    amkd_html(page, "<figcaption>%s</figcaption>", what->caption);
    put_table(page, what, run, id);
    amkd_html(page, "</figure>\n");
    free(cells);
}

/* The pairs of different classes that are most frequent. */
static void put_pairs(amkd_bytes *page, const confusion *what, const amkd_run *run,
                      size_t d)
{
    const size_t n = run->nclasses;
    size_t *left = amkd_alloc(n * n, sizeof *left);
    if (!left) {
        page->failed = 1;
        return;
    }
    memcpy(left, what->counts, n * n * sizeof *left);
    amkd_html(page,
              "<table class=\"pairs\" id=\"%s-pairs-%zu\"><caption>%s: the most "
              "frequent</caption><thead><tr><th scope=\"col\">%s</th>"
              "<th scope=\"col\">%s</th><th scope=\"col\">images</th></tr></thead>"
              "<tbody>\n",
              what->id, d, what->title, what->rows, what->columns);
    for (size_t k = 0; k < LISTED; k++) {
        size_t best = 0;
        for (size_t cell = 0; cell < n * n; cell++)
            if (cell / n == cell % n)
                left[cell] = 0;
            else if (left[cell] > left[best])
                best = cell;
        if (!left[best])
            break;
        amkd_html(page, "<tr><td>%s</td><td>%s</td><td>%zu</td></tr>\n",
                  run->class_names[best / n], run->class_names[best % n], left[best]);
        left[best] = 0;
    }
    amkd_html(page, "</tbody></table>\n");
    free(left);
}

void amkd_section_confusion(amkd_bytes *page, const amkd_report *report, size_t d)
{
    const amkd_run *run = report->details[d].run;
    const amkd_round *round = amkd_run_measured(run);
    if (!round)
        return;
    const confusion all[] = {
        {"confusion-student", "The student's confusion", "true class", "student's answer",
         "The student: rows are true classes.", round->student.network.confusion},
        {"confusion-teacher", "The teacher's confusion", "true class", "teacher's answer",
         "The teacher, on the same images.", round->student.teacher.confusion},
        {"confusion-both", "Student and teacher", "teacher's answer", "student's answer",
         "Where they agree and where not: rows are the teacher's answers.",
         round->student.by_teacher},
    };
    const size_t n = round->student.by_teacher ? 3 : 2;
    amkd_html(page, "<section id=\"confusion-%zu\"><h3>Confusion on the test images</h3>",
              d);
    amkd_html(page,
              "<p class=\"hint\">After round %zu. The diagonal is blue, errors are "
              "orange, the stronger the more.</p>\n",
              round->number);
    if (!round->student.by_teacher)
        amkd_html(page,
                  "<p class=\"hint\">Where the two disagree is not in this run&#8217;s "
                  "<code>eval.json</code>, which an earlier amkd-eval wrote.</p>\n");
    if (run->nclasses <= MOST_DRAWN) {
        amkd_html(page, "<div class=\"plots three\">\n");
        for (size_t k = 0; k < n; k++)
            put_matrix(page, &all[k], run, d);
        amkd_html(page, "</div>\n");
    }
    amkd_html(page, "<div class=\"tables\">\n");
    for (size_t k = 0; k < n; k++)
        put_pairs(page, &all[k], run, d);
    amkd_html(page, "</div></section>\n");
}
