/* Bars: histograms, and stacks of parts. */
#include "report/html.h"
#include "report/svg_internal.h"

void amkd_svg_histogram(amkd_bytes *page, const amkd_chart *chart, const double *values,
                        size_t n)
{
    const amkd_axis *x = &chart->x;
    const double width = (double)(RIGHT - LEFT) / (double)n;
    amkd_svg_open(page, chart, HEIGHT);
    amkd_svg_axes(page, chart);
    amkd_html(page, "<g class=\"bars s0\">");
    for (size_t b = 0; b < n; b++) {
        const double top = amkd_svg_y(chart, values[b]);
        const double from = x->low + (x->high - x->low) * (double)b / (double)n;
        const double to = x->low + (x->high - x->low) * (double)(b + 1) / (double)n;
        if (values[b] > 0)
            amkd_html(page,
                      "<path d=\"M%.2f %dV%.2fh%.2fV%dz\"><title>%.4g to %.4g: %.4g%s"
                      "</title></path>",
                      LEFT + width * (double)b + 0.4, BOTTOM, top, width - 0.8, BOTTOM,
                      from, to, values[b] * chart->y.scale,
                      chart->y.unit ? chart->y.unit : "");
    }
    amkd_html(page, "</g>\n");
    amkd_svg_close(page);
}

void amkd_svg_stacks(amkd_bytes *page, const amkd_chart *chart, const char *const *names,
                     size_t n, const double *values, size_t nparts)
{
    const double width = (double)(RIGHT - LEFT) / (double)n;
    const size_t every = n / 9 + 1;
    amkd_svg_open(page, chart, HEIGHT);
    amkd_svg_axis_y(page, chart);
    for (size_t b = 0; b < n; b++) {
        const double left = LEFT + width * (double)b;
        double sum = 0;
        for (size_t p = 0; p < nparts; p++) {
            const double value = values[b * nparts + p];
            const double low = amkd_svg_y(chart, sum);
            sum += value;
            if (value > 0)
                amkd_html(page,
                          "<path class=\"part s%zu\" d=\"M%.1f "
                          "%.2fV%.2fh%.1fV%.2fz\"><title>%s: "
                          "%.1f%s</title></path>",
                          p % COLOURS, left + width * 0.15, low, amkd_svg_y(chart, sum),
                          width * 0.7, low, names[b], value,
                          chart->y.unit ? chart->y.unit : "");
        }
        if (b % every == 0)
            amkd_html(page,
                      "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s"
                      "</text>",
                      left + width / 2, BOTTOM + 18, names[b]);
    }
    amkd_svg_label_x(page, chart);
    amkd_svg_close(page);
}

void amkd_svg_parts(amkd_bytes *page, const char *const *names, size_t n)
{
    amkd_html(page, "<ul class=\"legend\">");
    for (size_t p = 0; p < n; p++)
        amkd_html(
            page,
            "<li><svg class=\"s%zu\" viewBox=\"0 0 14 14\" width=\"14\" height=\"14\" "
            "aria-hidden=\"true\"><path class=\"part\" d=\"M1 1h12v12h-12z\"/></svg>%s"
            "</li>",
            p % COLOURS, names[p]);
    amkd_html(page, "</ul>\n");
}
