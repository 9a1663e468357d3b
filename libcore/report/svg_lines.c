/* Line charts: a line, its markers and its band for every series, told apart by colour,
 * marker and dashes, so that print and eyes without colours tell them apart too. */
#include "report/html.h"
#include "report/svg_internal.h"

static const char *marker(size_t s)
{
    static const char *const shapes[MARKERS] = {
        "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", "m-3.6 -3.6h7.2v7.2h-7.2z",
        "m0 -4.8l4.6 8h-9.2z", "m0 -5l5 5l-5 5l-5 -5z"};
    return shapes[s % MARKERS];
}

static void put_band(amkd_bytes *page, const amkd_chart *chart, const amkd_series *series)
{
    const amkd_point *only = series->points;
    if (series->n == 1 && only->low < only->high)
        amkd_html(page, "<path class=\"bar\" d=\"M%.1f %.1fV%.1fm-4 0h8M%.1f %.1fh8\"/>",
                  amkd_svg_x(chart, only->x), amkd_svg_y(chart, only->low),
                  amkd_svg_y(chart, only->high), amkd_svg_x(chart, only->x) - 4,
                  amkd_svg_y(chart, only->low));
    if (series->n < 2)
        return;
    amkd_html(page, "<path class=\"band\" d=\"");
    for (size_t p = 0; p < series->n; p++)
        amkd_html(page, "%c%.1f %.1f", p ? 'L' : 'M',
                  amkd_svg_x(chart, series->points[p].x),
                  amkd_svg_y(chart, series->points[p].high));
    for (size_t p = series->n; p-- > 0;)
        amkd_html(page, "L%.1f %.1f", amkd_svg_x(chart, series->points[p].x),
                  amkd_svg_y(chart, series->points[p].low));
    amkd_html(page, "z\"/>");
}

static void put_line(amkd_bytes *page, const amkd_chart *chart, const amkd_series *series)
{
    const amkd_axis *y = &chart->y;
    amkd_html(page, "<path class=\"line\" d=\"");
    for (size_t p = 0; p < series->n; p++)
        amkd_html(page, "%c%.1f %.1f", p ? 'L' : 'M',
                  amkd_svg_x(chart, series->points[p].x),
                  amkd_svg_y(chart, series->points[p].y));
    amkd_html(page, "\"/>");
    for (size_t p = 0; p < series->n; p++)
        amkd_html(
            page,
            "<path class=\"mark\" d=\"M%.1f %.1f%s\"><title>%s%s%.0f: %.2f%s</title>"
            "</path>",
            amkd_svg_x(chart, series->points[p].x),
            amkd_svg_y(chart, series->points[p].y), marker(series->look), series->name,
            *series->name ? ", " : "", series->points[p].x,
            series->points[p].y * y->scale, y->unit ? y->unit : "");
}

void amkd_svg_lines(amkd_bytes *page, const amkd_chart *chart, const amkd_series *series,
                    size_t nseries)
{
    amkd_svg_open(page, chart, HEIGHT);
    amkd_svg_axes(page, chart);
    for (size_t s = 0; s < nseries; s++) {
        amkd_html(page, "<g class=\"s%zu d%zu%s\">", series[s].look % COLOURS,
                  series[s].look / COLOURS % DASHES, series[s].second ? " second" : "");
        put_band(page, chart, &series[s]);
        put_line(page, chart, &series[s]);
        amkd_html(page, "</g>\n");
    }
    amkd_svg_close(page);
}

static void put_entry(amkd_bytes *page, const char *name, size_t look, const char *more)
{
    amkd_html(page,
              "<li><svg class=\"s%zu d%zu%s\" viewBox=\"0 0 30 12\" width=\"30\" "
              "height=\"12\" aria-hidden=\"true\"><path class=\"line\" d=\"M0 6h30\"/>"
              "<path class=\"mark\" d=\"M15 6%s\"/></svg>%s</li>",
              look % COLOURS, look / COLOURS % DASHES, more, marker(look), name);
}

void amkd_svg_legend(amkd_bytes *page, const char *const *names, size_t n,
                     const char *second)
{
    amkd_html(page, "<ul class=\"legend\">");
    for (size_t s = 0; s < n; s++)
        put_entry(page, names[s], s, "");
    if (second)
        put_entry(page, second, 0, n > 1 ? " second any" : " second");
    amkd_html(page, "</ul>\n");
}
