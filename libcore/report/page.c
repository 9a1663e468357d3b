/* The page: head, contents, sections, foot. */
#include "base/error.h"
#include "base/version.h"
#include "report/section.h"
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------- its head */

static void put_title(amkd_bytes *page, const amkd_report *report)
{
    const amkd_run *run = &report->runs[0];
    /* Other architectures than those with a name are too long. */
    const int name = run->arch && !strchr(run->arch, ' ');
    if (report->options->title)
        amkd_html(page, "%s", report->options->title);
    else if (report->nruns > 1)
        amkd_html(page, "%zu distillations compared", report->nruns);
    else
        amkd_html(page, "%s distilled from %s", name ? run->arch : "A student",
                  run->teacher ? run->teacher : "its teacher");
}

/* What the student is worth, as the end of a sentence that it begins. */
static void put_worth(amkd_bytes *page, const amkd_run *run)
{
    const amkd_round *round = amkd_run_measured(run);
    const amkd_round *held_out = amkd_run_held_out(run);
    const amkd_round *assisted = amkd_run_assisted(run);
    if (round)
        amkd_html(page, "reaches <b>%.1f&#8239;%%</b> of its teacher&#8217;s accuracy.",
                  100 * round->student.success);
    else if (held_out)
        amkd_html(
            page,
            "agrees with its teacher on <b>%.1f&#8239;%%</b> of the answers that no "
            "network learned from.",
            100 * held_out->held_out.agreement);
    else if (assisted)
        amkd_html(
            page,
            "is still to be measured; its assistant reaches <b>%.1f&#8239;%%</b> of "
            "the teacher&#8217;s accuracy.",
            100 * assisted->assistant.success);
    else
        amkd_html(page, "that has not been measured.");
}

static void put_lead_of_one(amkd_bytes *page, const amkd_run *run)
{
    const amkd_round *round = amkd_run_measured(run);
    amkd_html(page, "From <b>");
    amkd_html_count(page, run->nimages);
    amkd_html(page, "</b> real images without labels and <b>");
    amkd_html_count(page, round ? round->total : run->rounds[run->nrounds - 1].total);
    amkd_html(page, "</b> answers of the teacher <code>%s</code>, ", run->teacher);
    if (run->nweights) {
        amkd_html(page, "a student of <b>");
        amkd_html_count(page, run->nweights);
        amkd_html(page, "</b> weights ");
    } else {
        amkd_html(page, "a student ");
    }
    put_worth(page, run);
}

static void put_lead(amkd_bytes *page, const amkd_report *report)
{
    amkd_html(page, "<p class=\"lead\">");
    if (report->nruns > 1)
        amkd_html(page,
                  "%zu runs of <code>amkd-distill</code>, of %zu method%s. Runs that "
                  "differ in nothing but their seeds are of one method, which is named "
                  "%s.",
                  report->nruns, report->methods.n, report->methods.n > 1 ? "s" : "",
                  report->methods.arms ? "as its arm of the comparison"
                                       : "by what tells it from the others");
    else if (report->runs[0].nrounds)
        put_lead_of_one(page, &report->runs[0]);
    else
        amkd_html(page, "A run that has just begun.");
    amkd_html(page, "</p>\n");
}

/* Nothing that the page could name would be fetched, and no script would run. */
static void put_head(amkd_bytes *page, const amkd_report *report)
{
    amkd_html(page,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
              "&#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n"
              "<meta name=\"generator\" content=\"amkd-report %s\">\n<title>",
              AMKD_VERSION);
    put_title(page, report);
    amkd_html(page, "</title>\n<style>\n");
    amkd_bytes_puts(page, amkd_report_style);
    amkd_html(page,
              "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the "
              "figures</a>\n<header><h1>");
    put_title(page, report);
    amkd_html(page, "</h1>\n");
    put_lead(page, report);
    amkd_html(page, "</header>\n");
}

/* -------------------------------------------------------------------- its sections */

typedef void section_of_all(amkd_bytes *page, const amkd_report *report);
typedef void section_of_run(amkd_bytes *page, const amkd_report *report, size_t d);

static void put_details(amkd_bytes *sections, const amkd_report *report)
{
    static section_of_run *const all[] = {amkd_section_confusion, amkd_section_disputed,
                                          amkd_section_picks,     amkd_section_histograms,
                                          amkd_section_uses,      amkd_section_network};
    for (size_t d = 0; d < report->ndetails; d++) {
        if (!report->details[d].run->nrounds)
            continue;
        amkd_html(sections, "<section id=\"run-%zu\"><h2>In detail: ", d);
        amkd_run_name(sections, report, report->details[d].run);
        amkd_html(sections, "</h2>\n");
        for (size_t s = 0; s < sizeof all / sizeof *all; s++)
            all[s](sections, report, d);
        amkd_html(sections, "</section>\n");
    }
}

/* A section's link, if it wrote anything. */
static void put_section(amkd_bytes *contents, amkd_bytes *sections,
                        const amkd_report *report, section_of_all *section,
                        const char *id, const char *name)
{
    const size_t before = sections->n;
    section(sections, report);
    if (sections->n > before)
        amkd_html(contents, "<li><a href=\"#%s\">%s</a></li>\n", id, name);
}

static void put_sections(amkd_bytes *contents, amkd_bytes *sections,
                         const amkd_report *report)
{
    put_section(contents, sections, report, amkd_section_notes, "missing",
                "What is missing");
    put_section(contents, sections, report, amkd_section_summary, "summary", "In short");
    put_section(contents, sections, report, amkd_section_leaks, "leaks",
                "What the answers give away");
    put_section(contents, sections, report, amkd_section_curve, "curve",
                "Learning curve");
    put_section(contents, sections, report, amkd_section_heat, "heat",
                "Data and queries");
    for (size_t d = 0; d < report->ndetails; d++) {
        if (!report->details[d].run->nrounds)
            continue;
        amkd_html(contents, "<li><a href=\"#run-%zu\">In detail%s", d,
                  report->ndetails > 1 ? ": " : "");
        if (report->ndetails > 1)
            amkd_run_name(contents, report, report->details[d].run);
        amkd_html(contents, "</a></li>\n");
    }
    put_details(sections, report);
    put_section(contents, sections, report, amkd_section_time, "time", "Cost and time");
    put_section(contents, sections, report, amkd_section_origin, "origin",
                "How it was made");
}

static void put_foot(amkd_bytes *page, const amkd_report *report)
{
    const char *device = report->ndetails ? report->details[0].device : "";
    amkd_html(page,
              "<footer><p>Made by amkd-report %s. This page loads nothing and runs no "
              "script.",
              AMKD_VERSION);
    if (*device)
        amkd_html(page, " What students say beside pictures was computed on %s.", device);
    amkd_html(page, "</p></footer>\n</body>\n</html>\n");
}

int amkd_report_html(char **text, const amkd_report *report)
{
    amkd_bytes page = {0}, contents = {0}, sections = {0};
    put_head(&page, report);
    put_sections(&contents, &sections, report);
    amkd_html(&page, "<nav aria-label=\"Contents\"><ul>\n");
    amkd_bytes_add(&page, contents.data, contents.n);
    amkd_html(&page, "</ul></nav>\n<main id=\"main\">\n");
    amkd_bytes_add(&page, sections.data, sections.n);
    amkd_html(&page, "</main>\n");
    put_foot(&page, report);
    amkd_bytes_add(&page, "", 1);
    const int failed = page.failed || contents.failed || sections.failed;
    amkd_bytes_clear(&contents);
    amkd_bytes_clear(&sections);
    if (failed) {
        amkd_bytes_clear(&page);
        return amkd_fail("the page could not be put together: %s", amkd_error());
    }
    *text = page.data;
    return 0;
}
