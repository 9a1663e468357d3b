/* Plots as inline SVG. They are drawn 400 units wide, to be read at a phone's width, and
 * coloured by classes of style.c, so that a page's scheme is theirs. Hidden from readers
 * of the page aloud but for title and description: the figures stand in a table beside.
 */
#ifndef AMKD_REPORT_SVG_H
#define AMKD_REPORT_SVG_H

#include "base/bytes.h"
#include <stddef.h>

typedef struct amkd_axis {
    const char *label;
    double low, high; /* of what is drawn; widened to whole ticks by amkd_axis_fit */
    double step;      /* between ticks */
    double scale;     /* a tick at v says v * scale ... */
    const char *unit; /* ... and this behind it */
} amkd_axis;

/* Makes low, high and step of the values from low to high: round numbers, about n ticks.
 */
void amkd_axis_fit(amkd_axis *axis, double low, double high, int n);

typedef struct amkd_chart {
    const char *id;    /* a word, alone on the page */
    const char *title; /* what is to be seen, for who cannot see it: */
    const char *description;
    amkd_axis x, y;
} amkd_chart;

typedef struct amkd_point {
    double x, y, low, high; /* the band around y */
} amkd_point;

typedef struct amkd_series {
    const char *name;
    const amkd_point *points;
    size_t n;
    size_t look; /* which colour, marker and dashes: series of one thing have the same */
    int second;  /* dashed, with hollow markers: what goes with another line */
} amkd_series;

/* Lines with a marker at each point and a band around them, as the axes of the chart say;
 * around a point alone a bar. */
void amkd_svg_lines(amkd_bytes *page, const amkd_chart *chart, const amkd_series *series,
                    size_t nseries);

/* The list of the series' names, with their lines and markers: names[k] is of look k.
 * second: what dashed lines are, NULL where there are none. */
void amkd_svg_legend(amkd_bytes *page, const char *const *names, size_t n,
                     const char *second);

/* n bars side by side over the x axis from low to high, values[n] on the y axis. */
void amkd_svg_histogram(amkd_bytes *page, const amkd_chart *chart, const double *values,
                        size_t n);

/* A stack for each of n names, of values[n][nparts]. */
void amkd_svg_stacks(amkd_bytes *page, const amkd_chart *chart, const char *const *names,
                     size_t n, const double *values, size_t nparts);

/* The list of the parts' names, with their colours. */
void amkd_svg_parts(amkd_bytes *page, const char *const *names, size_t n);

typedef struct amkd_cell {
    char text[24]; /* "": nothing */
    double shade;  /* 0 to 1 */
    int other;     /* in the second colour */
} amkd_cell;

typedef struct amkd_matrix {
    const char *rows_label, *columns_label;
    const char *const *rows, *const *columns; /* names */
    size_t nrows, ncolumns;
    const amkd_cell *cells; /* [nrows][ncolumns] */
} amkd_matrix;

/* Shaded cells with their texts in them while there is room for texts. The axes of the
 * chart are not used. */
void amkd_svg_matrix(amkd_bytes *page, const amkd_chart *chart,
                     const amkd_matrix *matrix);

#endif
