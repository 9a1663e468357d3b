/* The student's layers as a table: what it is made of, and where its work is. */
#include "graph/graph.h"
#include "report/section.h"
#include <stdio.h>

static void put_layer(amkd_bytes *page, const amkd_graph *graph, const amkd_layer *layer)
{
    char text[AMKD_LAYER_NBYTES];
    const double all = amkd_graph_nmacs(graph), own = amkd_layer_nmacs(layer);
    size_t nweights = 0;
    for (size_t p = 0; p < layer->nparameters; p++)
        nweights += layer->parameters[p].n;
    amkd_layer_print(text, sizeof text, layer);
    amkd_html(page,
              "<tr><th scope=\"row\">%s</th><td>%s</td><td>%zu &times; %zu &times; "
              "%zu</td><td>",
              layer->module, text, layer->out.channels, layer->out.height,
              layer->out.width);
    amkd_html_count(page, nweights);
    amkd_html(page, "</td><td>");
    amkd_html_count(page, (size_t)own);
    amkd_html(page, "</td>");
    amkd_table_percent(page, all > 0 ? own / all : 0);
    amkd_html(page, "</tr>\n");
}

void amkd_section_network(amkd_bytes *page, const amkd_report *report, size_t d)
{
    static const char *const columns[] = {"module",  "layer",         "output",
                                          "weights", "multiply-adds", "share of them"};
    const amkd_graph *graph = &report->details[d].run->network;
    char id[40];
    if (!graph->nlayers)
        return;
    amkd_html(page, "<h3>The student</h3>\n<p>A network of ");
    amkd_html_count(page, graph->nparameters);
    amkd_html(page,
              " weights for images of %zu &times; %zu &times; %zu (channels, "
              "height, width), which takes ",
              graph->in.channels, graph->in.height, graph->in.width);
    amkd_html_count(page, (size_t)amkd_graph_nmacs(graph));
    amkd_html(page, " multiply-adds an image.</p>\n");
    snprintf(id, sizeof id, "network-%zu", d);
    amkd_table_open(page, id, "The student's layers", columns,
                    sizeof columns / sizeof *columns);
    for (size_t l = 0; l < graph->nlayers; l++)
        put_layer(page, graph, &graph->layers[l]);
    amkd_table_close(page);
}
