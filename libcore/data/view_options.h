/* The options that say how a view may differ from its image, the same in every tool. */
#ifndef AMKD_DATA_VIEW_OPTIONS_H
#define AMKD_DATA_VIEW_OPTIONS_H

#include "base/cli.h"
#include "data/views.h"

/* Where they are parsed to. */
typedef struct amkd_view_given {
    amkd_view_ranges ranges;
    const char *border, *around;
    int only; /* ranges that were not given are 0 */
} amkd_view_given;

enum { AMKD_VIEW_NOPTIONS = 14 };

/* Puts the options into a table, and their defaults into given. */
void amkd_view_options_list(amkd_option options[AMKD_VIEW_NOPTIONS],
                            amkd_view_given *given);

/* Turns what was parsed into ranges, border and pivot; the seed stays. Fails where the
 * texts are none that there are, or where one means nothing. */
int amkd_view_options_read(amkd_view_options *views, const amkd_view_given *given,
                           const amkd_cli *cli);

/* Reads a text of these options alone, such as "--shift 0.05 --rotate 7"; those it leaves
 * out have their defaults. The seed stays. */
int amkd_view_options_parse(amkd_view_options *views, const char *text);

#endif
