/* What the kinds of plots share: the frame with its axes. */
#ifndef AMKD_REPORT_SVG_INTERNAL_H
#define AMKD_REPORT_SVG_INTERNAL_H

#include "report/svg.h"

/* The picture and the plot's place in it. */
enum { WIDTH = 400, HEIGHT = 260, LEFT = 60, RIGHT = 388, TOP = 12, BOTTOM = 214 };

enum { COLOURS = 8, MARKERS = 4, DASHES = 3 };

/* <svg> with title and description, and its end. */
void amkd_svg_open(amkd_bytes *page, const amkd_chart *chart, int height);
void amkd_svg_close(amkd_bytes *page);

/* Where a value lies. */
double amkd_svg_x(const amkd_chart *chart, double x);
double amkd_svg_y(const amkd_chart *chart, double y);

/* Grid lines, ticks and labels of both axes, or of y alone. */
void amkd_svg_axes(amkd_bytes *page, const amkd_chart *chart);
void amkd_svg_axis_y(amkd_bytes *page, const amkd_chart *chart);
void amkd_svg_label_x(amkd_bytes *page, const amkd_chart *chart);

#endif
