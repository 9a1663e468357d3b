/* All parameters in which methods differ: their names hold no more than tells them apart.
 */
#include "report/section.h"
#include <string.h>

static const json_t *value_of(const amkd_methods *methods, size_t m, const char *key)
{
    return json_object_get(methods->methods[m].runs[0]->parameters, key);
}

static int differs(const amkd_methods *methods, const char *key)
{
    const json_t *first = value_of(methods, 0, key);
    for (size_t m = 1; m < methods->n; m++) {
        const json_t *other = value_of(methods, m, key);
        if (first != other && !(first && other && json_equal(first, other)))
            return 1;
    }
    return 0;
}

static void put_row(amkd_bytes *page, const amkd_methods *methods, const char *key)
{
    amkd_html(page, "<tr><th scope=\"row\">%s</th>", key);
    for (size_t m = 0; m < methods->n; m++) {
        const char *value = json_string_value(value_of(methods, m, key));
        amkd_html(page, "<td>%s</td>", !value ? "" : *value ? value : "yes");
    }
    amkd_html(page, "</tr>\n");
}

void amkd_section_differences(amkd_bytes *page, const amkd_report *report)
{
    const amkd_methods *methods = &report->methods;
    json_t *keys = json_object(), *value;
    const char *key;
    if (methods->n < 2) {
        json_decref(keys);
        return;
    }
    for (size_t m = 0; m < methods->n; m++)
        page->failed |=
            !keys || json_object_update(keys, methods->methods[m].runs[0]->parameters);
    amkd_html(
        page,
        "<details><summary>All that differs</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Parameters that differ\">"
        "<table id=\"differences\"><caption>Parameters that differ, as the commands "
        "have them</caption><thead><tr><th scope=\"col\">parameter</th>");
    for (size_t m = 0; m < methods->n; m++)
        amkd_html(page, "<th scope=\"col\">%s</th>", methods->methods[m].name);
    amkd_html(page, "</tr></thead><tbody>\n");
    json_object_foreach (keys, key, value) {
        if (differs(methods, key))
            put_row(page, methods, key);
    }
    amkd_table_close(page);
    json_decref(keys);
}
