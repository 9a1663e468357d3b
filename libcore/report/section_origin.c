/* How it was made: versions, seeds, devices and command lines, from the files' headers.
 */
#include "report/section.h"
#include <string.h>

enum { ARCH_LENGTH = 40 }; /* characters shown; the commands have all of it */

static int is_plain(const char *word)
{
    return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")];
}

/* A command as a shell would take it. */
static void put_command(amkd_bytes *page, const json_t *command)
{
    for (size_t w = 0; w < json_array_size(command); w++) {
        const char *word = json_string_value(json_array_get(command, w));
        if (!word)
            continue;
        if (w)
            amkd_html(page, " ");
        if (is_plain(word)) {
            amkd_html(page, "%s", word);
            continue;
        }
        amkd_html(page, "&#39;");
        for (const char *rest = word; *rest;) {
            const size_t n = strcspn(rest, "'");
            amkd_html(page, "%.*s", (int)(n < 9999 ? n : 9999), rest);
            rest += n;
            if (*rest) {
                amkd_html(page, "&#39;\\&#39;&#39;");
                rest++;
            }
        }
        amkd_html(page, "&#39;");
    }
}

/* Commands that were shown already, by the array that tells them. */
static int is_new(json_t *seen, json_t *command)
{
    for (size_t k = 0; k < json_array_size(seen); k++)
        if (json_equal(json_array_get(seen, k), command))
            return 0;
    json_array_append(seen, command);
    return 1;
}

/* A command, after those that made what it took. */
static void put_made(amkd_bytes *page, json_t *seen, const json_t *made)
{
    json_t *command = json_object_get(made, "command");
    const json_t *inputs = json_object_get(made, "inputs");
    for (size_t k = 0; k < json_array_size(inputs); k++)
        for (size_t l = 0; l < json_array_size(json_array_get(inputs, k)); l++)
            put_made(page, seen, json_array_get(json_array_get(inputs, k), l));
    if (!json_is_array(command) || !is_new(seen, command))
        return;
    amkd_html(page, "<li><code>");
    put_command(page, command);
    amkd_html(page, "</code></li>\n");
}

static void put_commands(amkd_bytes *page, const amkd_report *report, const amkd_run *run)
{
    json_t *seen = json_array();
    if (!seen) {
        page->failed = 1;
        return;
    }
    amkd_html(page, "<details><summary>Commands of ");
    amkd_run_name(page, report, run);
    amkd_html(page, "</summary><ol class=\"commands\" tabindex=\"0\">\n");
    for (size_t r = 0; r < run->nrounds; r++)
        for (size_t k = 0; k < json_array_size(run->rounds[r].provenance); k++)
            put_made(page, seen, json_array_get(run->rounds[r].provenance, k));
    for (size_t k = 0; k < json_array_size(run->held_out.provenance); k++)
        put_made(page, seen, json_array_get(run->held_out.provenance, k));
    put_made(page, seen, run->assistant);
    put_made(page, seen, run->training);
    amkd_html(page, "</ol></details>\n");
    json_decref(seen);
}

static const char *of_training(const amkd_run *run, const char *key)
{
    const char *value = json_string_value(json_object_get(run->training, key));
    return value ? value : "";
}

static void put_run(amkd_bytes *page, const amkd_report *report, const amkd_run *run,
                    size_t n)
{
    const amkd_round *round = amkd_run_measured(run);
    const char *method =
        report->methods.methods[amkd_methods_of(&report->methods, run)].name;
    amkd_html(page, "<tr><th scope=\"row\">%zu</th><td><code>%s</code></td>", n + 1,
              run->dir);
    if (report->methods.n > 1)
        amkd_html(page, "<td>%s</td>", method);
    amkd_html(page, "<td>%s</td><td>%zu</td><td>%zu</td><td>%zu</td>", run->seed,
              run->nimages, run->nrounds,
              run->nrounds ? run->rounds[run->nrounds - 1].total : 0);
    if (round)
        amkd_table_percent(page, round->student.success);
    else
        amkd_html(page, "<td></td>");
    const char *assistant =
        amkd_command_option(json_object_get(run->assistant, "command"), "arch");
    amkd_html(page, "<td>%s</td><td>", run->teacher ? run->teacher : "");
    amkd_html_short(page, run->arch, ARCH_LENGTH);
    amkd_html(page, "%s", assistant ? ", by its assistant " : "");
    amkd_html_short(page, assistant, ARCH_LENGTH);
    amkd_html(page, "</td><td>%s</td><td>%s</td></tr>\n", of_training(run, "device"),
              of_training(run, "version"));
}

void amkd_section_origin(amkd_bytes *page, const amkd_report *report)
{
    amkd_html(page,
              "<section id=\"origin\"><h2>How it was made</h2><div class=\"scroll\" "
              "tabindex=\"0\" role=\"region\" aria-label=\"Runs\"><table id=\"runs\">"
              "<caption>Runs</caption><thead><tr><th scope=\"col\">run</th>"
              "<th scope=\"col\">directory</th>");
    if (report->methods.n > 1)
        amkd_html(page, "<th scope=\"col\">method</th>");
    amkd_html(page, "<th scope=\"col\">seed</th><th scope=\"col\">real images</th>"
                    "<th scope=\"col\">rounds</th><th scope=\"col\">answers</th>"
                    "<th scope=\"col\">success rate</th><th scope=\"col\">teacher</th>"
                    "<th scope=\"col\">student</th><th scope=\"col\">trained on</th>"
                    "<th scope=\"col\">by amkd</th></tr></thead><tbody>\n");
    for (size_t n = 0; n < report->nruns; n++)
        put_run(page, report, &report->runs[n], n);
    amkd_html(page,
              "</tbody></table></div>\n<p class=\"hint\">Rounds count round 0.</p>\n");
    if (report->nruns > report->methods.n)
        amkd_html(page, "<p class=\"hint\">Commands are those of the first run of each "
                        "method; the other runs&#8217; differ in seeds and paths.</p>\n");
    for (size_t m = 0; m < report->methods.n; m++)
        put_commands(page, report, report->methods.methods[m].runs[0]);
    amkd_html(page, "</section>\n");
}
