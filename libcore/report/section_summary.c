/* The first things to know: how good the student is, of how much, of what teacher. */
#include "report/section.h"
#include <stdio.h>

static void open_tile(amkd_bytes *page, const char *id, const char *name)
{
    amkd_html(page, "<div class=\"tile\"><dt>%s</dt><dd class=\"value\" id=\"%s\">", name,
              id);
}

static void close_tile(amkd_bytes *page, const char *note)
{
    amkd_html(page, "</dd><dd class=\"note\">%s</dd></div>\n", note);
}

static void percent(amkd_bytes *page, const char *id, double share, const char *name,
                    const char *note)
{
    open_tile(page, id, name);
    amkd_html(page, "%.1f<small>&#8239;%%</small>", 100 * share);
    close_tile(page, note);
}

static void count(amkd_bytes *page, const char *id, size_t n, const char *name,
                  const char *note)
{
    open_tile(page, id, name);
    amkd_html_count(page, n);
    close_tile(page, note);
}

static void put_held_out(amkd_bytes *page, const amkd_held_out *held_out)
{
    char note[96];
    snprintf(note, sizeof note,
             "95\u2009%% interval %.1f\u2013%.1f; on %zu answers held out",
             100 * held_out->low, 100 * held_out->high, held_out->n);
    percent(page, "held-out", held_out->agreement, "agreement on real images", note);
}

static void put_answers(amkd_bytes *page, const amkd_run *run)
{
    char note[96] = "real images included";
    if (run->held_out.n)
        snprintf(note, sizeof note, "%zu of them held out: no network learns from these",
                 run->held_out.n);
    count(page, "answers", run->rounds[run->nrounds - 1].total, "answers bought", note);
}

static void put_tiles(amkd_bytes *page, const amkd_report *report)
{
    const amkd_run *run = &report->runs[0];
    const amkd_round *round = amkd_run_measured(run), *assisted = amkd_run_assisted(run);
    const amkd_round *held_out = amkd_run_held_out(run);
    const amkd_figures *teacher = amkd_run_teacher(run);
    amkd_html(page, "<dl class=\"tiles\">\n");
    if (round) {
        percent(page, "success", round->student.success, "success rate",
                "student's accuracy / teacher's");
        percent(page, "accuracy", round->student.network.accuracy, "student's accuracy",
                "on the test images");
        percent(page, "agreement", round->student.agreement, "agreement",
                "test images of the same answer");
    }
    if (held_out)
        put_held_out(page, &held_out->held_out);
    if (assisted)
        percent(page, "assistant-success", assisted->assistant.success,
                "its assistant's success rate", "assistant's accuracy / teacher's");
    if (teacher) {
        percent(page, "teacher-accuracy", teacher->accuracy, "teacher's accuracy",
                "on the test images");
        percent(page, "teacher-top", teacher->mean_top, "teacher's sureness",
                "mean top probability");
    }
    if (run->nrounds)
        put_answers(page, run);
    count(page, "images", run->nimages, "real images", "without labels");
    if (run->nweights)
        count(page, "weights", run->nweights, "weights", "of the student");
    amkd_html(page, "</dl>\n");
}

static void put_methods(amkd_bytes *page, const amkd_report *report)
{
    amkd_html(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Methods\">"
        "<table id=\"methods\"><caption>Each method at the end of its runs: mean and "
        "standard deviation over its seeds</caption><thead><tr>"
        "<th scope=\"col\">method</th><th scope=\"col\">runs</th>"
        "<th scope=\"col\">real images</th><th scope=\"col\">answers</th>"
        "<th scope=\"col\">success rate</th><th scope=\"col\">agreement</th>"
        "<th scope=\"col\">accuracy</th>"
        "<th scope=\"col\">teacher&#8217;s accuracy</th>"
        "<th scope=\"col\">its mean top</th></tr></thead><tbody>\n");
    for (size_t m = 0; m < report->methods.n; m++) {
        const amkd_method *method = &report->methods.methods[m];
        amkd_html(page, "<tr><th scope=\"row\">%s</th><td>%zu</td><td>",
                  *method->name ? method->name : "all", method->nruns);
        amkd_html_count(page, method->runs[0]->nimages);
        amkd_html(page, "</td>");
        if (method->nlevels) {
            const amkd_level *last = &method->levels[method->nlevels - 1];
            amkd_html(page, "<td>");
            amkd_html_count(page, last->answers);
            amkd_html(page, "</td>");
            amkd_table_mean(page, &last->success);
            amkd_table_mean(page, &last->agreement);
            amkd_table_mean(page, &last->accuracy);
            amkd_table_teacher(page, last);
            amkd_html(page, "</tr>\n");
        } else {
            amkd_html(page, "<td colspan=\"6\">not measured</td></tr>\n");
        }
    }
    amkd_html(page, "</tbody></table></div>\n");
}

/* What arms do: their names say nothing of it. */
static void put_arms(amkd_bytes *page, const amkd_methods *methods)
{
    if (!methods->arms || methods->n < 2)
        return;
    amkd_html(page, "<ul id=\"arms\">\n");
    for (size_t m = 0; m < methods->n; m++)
        amkd_html(page, "<li><b>%s</b>: %s</li>\n", methods->methods[m].name,
                  methods->methods[m].words);
    amkd_html(page, "</ul>\n");
}

void amkd_section_summary(amkd_bytes *page, const amkd_report *report)
{
    amkd_html(page, "<section id=\"summary\"><h2>In short</h2>\n");
    if (report->nruns == 1)
        put_tiles(page, report);
    else
        put_methods(page, report);
    put_arms(page, &report->methods);
    amkd_section_differences(page, report);
    amkd_html(
        page,
        "<p class=\"hint\">A success rate says little alone: a teacher that is sure "
        "of all it says is harder to follow. Its accuracy and the mean of its top "
        "probabilities stand beside it.</p></section>\n");
}

void amkd_section_notes(amkd_bytes *page, const amkd_report *report)
{
    size_t n = 0;
    for (size_t r = 0; r < report->nruns; r++)
        n += report->runs[r].nnotes;
    if (!n)
        return;
    amkd_html(page,
              "<section id=\"missing\" class=\"notes\"><h2>What is missing</h2><ul>\n");
    for (size_t r = 0; r < report->nruns; r++)
        for (size_t k = 0; k < report->runs[r].nnotes; k++)
            amkd_html(page, "<li><code>%s</code> %s</li>\n", report->runs[r].dir,
                      report->runs[r].notes[k]);
    amkd_html(page, "</ul></section>\n");
}
