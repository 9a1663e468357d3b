/* The frame of a plot: axes with round numbers at their ticks. */
#include "report/html.h"
#include "report/svg_internal.h"
#include <math.h>

void amkd_axis_fit(amkd_axis *axis, double low, double high, int n)
{
    if (!(high > low)) {
        high = low + (low ? fabs(low) * 0.1 : 1);
        low -= low ? fabs(low) * 0.1 : 0;
    }
    const double raw = (high - low) / n, power = pow(10, floor(log10(raw)));
    const double part = raw / power;
    axis->step = power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    axis->low = floor(low / axis->step + 1e-9) * axis->step;
    axis->high = ceil(high / axis->step - 1e-9) * axis->step;
    if (!axis->scale)
        axis->scale = 1;
}

void amkd_svg_open(amkd_bytes *page, const amkd_chart *chart, int height)
{
    amkd_html(page,
              "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">"
              "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n",
              WIDTH, height, chart->id, chart->id, chart->id, chart->title, chart->id,
              chart->description ? chart->description : "");
}

void amkd_svg_close(amkd_bytes *page)
{
    amkd_html(page, "</svg>\n");
}

static double place(const amkd_axis *axis, double value, double low, double high)
{
    const double share = (value - axis->low) / (axis->high - axis->low);
    return low + (high - low) * fmin(fmax(share, -0.02), 1.02);
}

double amkd_svg_x(const amkd_chart *chart, double x)
{
    return place(&chart->x, x, LEFT, RIGHT);
}

double amkd_svg_y(const amkd_chart *chart, double y)
{
    return place(&chart->y, y, BOTTOM, TOP);
}

/* A tick's number, with as many decimals as tell it from the next. */
static void put_tick(amkd_bytes *page, const amkd_axis *axis, double value)
{
    const double shown = value * axis->scale, step = axis->step * axis->scale;
    const char *unit = axis->unit ? axis->unit : "";
    if (step >= 500 && fabs(remainder(step, 500)) < 1e-6) {
        const int fine = fabs(remainder(step, 1000)) > 1e-6;
        if (fabs(shown) < 1)
            amkd_html(page, "0%s", unit);
        else
            amkd_html(page, "%.*fk%s", fine, shown / 1000, unit);
        return;
    }
    const int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    amkd_html(page, "%.*f%s", decimals, fabs(shown) < step * 1e-6 ? 0 : shown, unit);
}

void amkd_svg_axis_y(amkd_bytes *page, const amkd_chart *chart)
{
    const amkd_axis *y = &chart->y;
    amkd_html(page, "<g class=\"axis\" aria-hidden=\"true\">");
    for (int t = 0; y->low + t * y->step <= y->high + 1e-9 * y->step; t++) {
        const double value = y->low + t * y->step, at = amkd_svg_y(chart, value);
        amkd_html(page,
                  "<path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                  "text-anchor=\"end\">",
                  LEFT, at, RIGHT, LEFT - 6, at + 4);
        put_tick(page, y, value);
        amkd_html(page, "</text>");
    }
    amkd_html(page,
              "<text class=\"label\" transform=\"translate(9 %d) rotate(-90)\" "
              "text-anchor=\"middle\">%s</text></g>\n",
              (TOP + BOTTOM) / 2, y->label);
}

void amkd_svg_label_x(amkd_bytes *page, const amkd_chart *chart)
{
    amkd_html(page,
              "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
              "aria-hidden=\"true\">%s</text>\n",
              (LEFT + RIGHT) / 2, BOTTOM + 37, chart->x.label);
}

void amkd_svg_axes(amkd_bytes *page, const amkd_chart *chart)
{
    const amkd_axis *x = &chart->x;
    amkd_svg_axis_y(page, chart);
    amkd_html(page, "<g class=\"axis\" aria-hidden=\"true\">");
    for (int t = 0;; t++) {
        const double value = (ceil(x->low / x->step - 1e-9) + t) * x->step;
        if (value > x->high + 1e-9 * x->step)
            break;
        const double at = amkd_svg_x(chart, value);
        amkd_html(page,
                  "<path d=\"M%.1f %dv4\"/><text x=\"%.1f\" y=\"%d\" "
                  "text-anchor=\"middle\">",
                  at, BOTTOM, at, BOTTOM + 18);
        put_tick(page, x, value);
        amkd_html(page, "</text>");
    }
    amkd_html(page, "</g>\n");
    amkd_svg_label_x(page, chart);
}
