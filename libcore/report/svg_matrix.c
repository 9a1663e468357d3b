/* Matrices of shaded cells: confusion, heat maps. */
#include "report/html.h"
#include "report/svg_internal.h"
#include <math.h>
#include <string.h>

/* The largest cell, the smallest with a text in it, and the longest names. */
enum { CELL_MAX = 46, TEXT_MIN = 15, NAME_LENGTH = 11 };

typedef struct layout {
    double left, top;     /* of the cells: names are beside and above */
    double width, height; /* of a cell */
    double font;          /* of the texts in cells */
} layout;

/* Characters of the longest name, as it is shown. */
static double longest(const char *const *names, size_t n)
{
    size_t most = 1;
    for (size_t k = 0; k < n; k++)
        most = strlen(names[k]) > most ? strlen(names[k]) : most;
    return most < NAME_LENGTH ? (double)most : NAME_LENGTH;
}

static layout lay_out(const amkd_matrix *matrix)
{
    const double rows = longest(matrix->rows, matrix->nrows);
    const double columns = longest(matrix->columns, matrix->ncolumns);
    layout l = {.left = 30 + 6.8 * rows, .top = 14 + 6 * columns};
    /* The last column's name leans out to the right. */
    l.width = (WIDTH - 4 - 2.6 * columns - l.left) / (double)matrix->ncolumns;
    l.height = fmin(l.width, CELL_MAX);
    l.font = fmin(12, l.width * 0.38);
    return l;
}

static void put_cell(amkd_bytes *page, const amkd_matrix *matrix, const layout *l,
                     size_t r, size_t c)
{
    const amkd_cell *cell = &matrix->cells[r * matrix->ncolumns + c];
    if (!*cell->text && cell->shade <= 0)
        return;
    const double x = l->left + l->width * (double)c, y = l->top + l->height * (double)r;
    amkd_html(page,
              "<g class=\"%s\"><path d=\"M%.1f %.1fh%.1fv%.1fh-%.1fz\" "
              "fill-opacity=\"%.3f\"/>",
              cell->other ? "cell other" : "cell", x, y, l->width, l->height, l->width,
              fmin(fmax(cell->shade, 0), 1));
    if (l->width >= TEXT_MIN && *cell->text)
        amkd_html(page,
                  "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
                  "text-anchor=\"middle\">%s</text>",
                  cell->shade > 0.55 ? "on" : "off", x + l->width / 2,
                  y + l->height / 2 + l->font * 0.36, cell->text);
    amkd_html(page, "<title>%s %s, %s %s: %s</title></g>", matrix->rows_label,
              matrix->rows[r], matrix->columns_label, matrix->columns[c], cell->text);
}

static void put_names(amkd_bytes *page, const amkd_matrix *matrix, const layout *l)
{
    const double font = fmin(12, fmax(l->height * 0.8, 4));
    amkd_html(page, "<g class=\"names\" style=\"font-size:%.1fpx\">", font);
    for (size_t r = 0; r < matrix->nrows; r++) {
        amkd_html(page, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", l->left - 5,
                  l->top + l->height * ((double)r + 0.5) + font * 0.36);
        amkd_html_short(page, matrix->rows[r], NAME_LENGTH);
        amkd_html(page, "</text>");
    }
    for (size_t c = 0; c < matrix->ncolumns; c++) {
        amkd_html(page, "<text transform=\"translate(%.1f %.1f) rotate(-60)\">",
                  l->left + l->width * ((double)c + 0.5) + font * 0.3, l->top - 5);
        amkd_html_short(page, matrix->columns[c], NAME_LENGTH);
        amkd_html(page, "</text>");
    }
    amkd_html(page, "</g>\n");
}

void amkd_svg_matrix(amkd_bytes *page, const amkd_chart *chart, const amkd_matrix *matrix)
{
    const layout l = lay_out(matrix);
    const double height = l.height * (double)matrix->nrows;
    amkd_svg_open(page, chart, (int)ceil(l.top + height + 24));
    amkd_html(page, "<g class=\"axis\" aria-hidden=\"true\">");
    amkd_html(page,
              "<text class=\"label\" transform=\"translate(11 %.1f) rotate(-90)\" "
              "text-anchor=\"middle\">%s</text>",
              l.top + height / 2, matrix->rows_label);
    amkd_html(
        page,
        "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
        l.left + l.width * (double)matrix->ncolumns / 2, l.top + height + 18,
        matrix->columns_label);
    put_names(page, matrix, &l);
    amkd_html(page, "</g>\n<g class=\"cells\" style=\"font-size:%.1fpx\">", l.font);
    for (size_t r = 0; r < matrix->nrows; r++)
        for (size_t c = 0; c < matrix->ncolumns; c++)
            put_cell(page, matrix, &l, r, c);
    amkd_html(page, "<path class=\"frame\" d=\"M%.1f %.1fh%.1fv%.1fh-%.1fz\"/></g>\n",
              l.left, l.top, l.width * (double)matrix->ncolumns, height,
              l.width * (double)matrix->ncolumns);
    amkd_svg_close(page);
}
