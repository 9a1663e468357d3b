/* What a teacher's answers give away: how far a student comes by answers that say all,
 * and by those of which less is left, where runs differ in that. */
#include "base/memory.h"
#include "report/curve.h"
#include "report/leaks.h"
#include "report/section.h"
#include "report/sizes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct leaks {
    const amkd_methods *methods;
    char **kinds;             /* [methods->n]: what the answers of each say */
    amkd_sizes answers;       /* numbers of answers at which any student was measured */
    const amkd_method *whole; /* the only one whose answers say all; or NULL */
} leaks;

static const json_t *parameters_of(const amkd_methods *methods, size_t m)
{
    return methods->methods[m].runs[0]->parameters;
}

static const amkd_level *level_of(const amkd_method *method, size_t answers)
{
    for (size_t l = 0; l < method->nlevels; l++)
        if (method->levels[l].answers == answers && method->levels[l].success.n)
            return &method->levels[l];
    return NULL;
}

/* That with the most answers; NULL where no student was measured. */
static const amkd_level *last_of(const amkd_method *method)
{
    for (size_t l = method->nlevels; l-- > 0;)
        if (method->levels[l].success.n)
            return &method->levels[l];
    return NULL;
}

/* Fails without memory. */
static int collect(leaks *found, const amkd_methods *methods)
{
    size_t nwhole = 0;
    found->methods = methods;
    found->kinds = amkd_alloc(methods->n, sizeof *found->kinds);
    if (!found->kinds)
        return -1;
    for (size_t m = 0; m < methods->n; m++) {
        const amkd_method *method = &methods->methods[m];
        found->kinds[m] = amkd_leaks_kind(parameters_of(methods, m));
        if (!found->kinds[m])
            return -1;
        for (size_t l = 0; l < method->nlevels; l++)
            if (method->levels[l].success.n &&
                amkd_sizes_add(&found->answers, method->levels[l].answers))
                return -1;
        if (amkd_leaks_all(parameters_of(methods, m)) && last_of(method)) {
            found->whole = method;
            nwhole++;
        }
    }
    if (nwhole != 1)
        found->whole = NULL;
    return 0;
}

static void clear(leaks *found)
{
    for (size_t m = 0; found->kinds && m < found->methods->n; m++)
        free(found->kinds[m]);
    free(found->kinds);
    free(found->answers.values);
}

/* Whether methods differ in what is left of their answers. */
static int differ(const leaks *found)
{
    for (size_t m = 1; m < found->methods->n; m++)
        if (strcmp(found->kinds[m], found->kinds[0]) != 0)
            return 1;
    return 0;
}

/* ---------------------------------------------------------------------------- words */

/* How far whole answers lead, and those that lead least far at as many. */
static void put_lead(amkd_bytes *page, const leaks *found)
{
    const amkd_level *whole = found->whole ? last_of(found->whole) : NULL;
    const char *least = NULL;
    double lowest = INFINITY;
    if (!whole)
        return;
    amkd_html(page,
              "<p>The teacher names the class of <b>%.1f&#8239;%%</b> of the test images "
              "rightly; the mean of its top probabilities is <b>%.3f</b>. By ",
              100 * whole->teacher_accuracy.mean, whole->teacher_top.mean);
    amkd_html_count(page, whole->answers);
    amkd_html(page,
              " answers that say all a student comes to <b>%.1f&#8239;%%</b> of that",
              100 * whole->success.mean);
    for (size_t m = 0; m < found->methods->n; m++) {
        const amkd_level *level = level_of(&found->methods->methods[m], whole->answers);
        if (&found->methods->methods[m] != found->whole && level &&
            level->success.mean < lowest) {
            lowest = level->success.mean;
            least = found->kinds[m];
        }
    }
    if (least)
        amkd_html(page, ", by as many that say %s to <b>%.1f&#8239;%%</b>", least,
                  100 * lowest);
    amkd_html(page, ".</p>\n");
}

static void put_legend(amkd_bytes *page, const amkd_methods *methods)
{
    const char **names = amkd_alloc(methods->n, sizeof *names);
    for (size_t m = 0; names && m < methods->n; m++)
        names[m] = methods->methods[m].name;
    if (names)
        amkd_svg_legend(page, names, methods->n, NULL);
    else
        page->failed = 1;
    free(names);
}

/* ---------------------------------------------------------------------------- the table
 */

/* As a number of whole answers, of two digits. */
static void put_worth(amkd_bytes *page, const leaks *found, const amkd_method *method)
{
    static const char *const signs[] = {[AMKD_WORTH_LESS] = "&lt;&#8239;",
                                        [AMKD_WORTH_KNOWN] = "",
                                        [AMKD_WORTH_MORE] = "&gt;&#8239;"};
    const amkd_level *last = last_of(method);
    double answers, unit = 1;
    amkd_html(page, "<td>");
    if (last && method != found->whole) {
        const amkd_worth worth =
            amkd_leaks_worth(&answers, found->whole, last->success.mean);
        if (worth == AMKD_WORTH_KNOWN)
            unit = fmax(1, pow(10, floor(log10(answers)) - 1));
        amkd_bytes_puts(page, signs[worth]);
        amkd_html_count(page, (size_t)(round(answers / unit) * unit));
    }
    amkd_html(page, "</td>");
}

static void put_row(amkd_bytes *page, const leaks *found, size_t m)
{
    const amkd_method *method = &found->methods->methods[m];
    const amkd_level *last = last_of(method);
    amkd_html(page, "<tr><th scope=\"row\">%s</th><td>%s</td>", method->name,
              found->kinds[m]);
    amkd_table_teacher(page, last ? last : &(amkd_level){0});
    for (size_t k = 0; k < found->answers.n; k++) {
        const amkd_level *level = level_of(method, found->answers.values[k]);
        amkd_table_mean(page, &(level ? level : &(amkd_level){0})->success);
    }
    if (found->whole)
        put_worth(page, found, method);
    amkd_html(page, "</tr>\n");
}

static void put_table(amkd_bytes *page, const leaks *found)
{
    amkd_html(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Success "
        "rate by what answers say\"><table id=\"leaks-table\"><caption>Success rate "
        "of a student by what the answers say and how many there are</caption>"
        "<thead><tr><th scope=\"col\">method</th><th scope=\"col\">answers say</th>"
        "<th scope=\"col\">teacher&#8217;s accuracy</th>"
        "<th scope=\"col\">mean top probability, as said</th>");
    for (size_t k = 0; k < found->answers.n; k++) {
        amkd_html(page, "<th scope=\"col\">");
        amkd_html_count(page, found->answers.values[k]);
        amkd_html(page, " answers</th>");
    }
    if (found->whole)
        amkd_html(page, "<th scope=\"col\">worth, in answers that say all</th>");
    amkd_html(page, "</tr></thead><tbody>\n");
    for (size_t m = 0; m < found->methods->n; m++)
        put_row(page, found, m);
    amkd_html(page, "</tbody></table></div>\n");
}

void amkd_section_leaks(amkd_bytes *page, const amkd_report *report)
{
    static const amkd_curve success = {
        .id = "leaks-success",
        .title = "Success rate over answers, by what they say",
        .label = "success rate",
        .caption =
            "Success rate: the student's test accuracy as a share of the teacher's.",
        .of = AMKD_CURVE_OF(success),
    };
    leaks found = {0};
    if (collect(&found, &report->methods)) {
        page->failed = 1;
    } else if (found.answers.n && differ(&found)) {
        amkd_html(page, "<section id=\"leaks\"><h2>What the answers give away</h2>\n");
        put_lead(page, &found);
        put_legend(page, &report->methods);
        amkd_html(page, "<div class=\"plots\">\n");
        amkd_curve_put(page, &report->methods, &success);
        amkd_html(page, "</div>\n");
        put_table(page, &found);
        amkd_html(
            page,
            "<p class=\"hint\">Answers that say less are made of the teacher's whole "
            "ones: rounded, cut to the best classes and scaled to a sum of one.</p>"
            "</section>\n");
    }
    clear(&found);
}
