/* The figures of a query: a plan of it, its costs, what was odd about its answers. */
#include "query-counts.h"
#include "steps/ask/price.h"
#include <inttypes.h>
#include <stdio.h>

void query_print_plan(const amkd_query_options *query, const amkd_query_counts *counts)
{
    const uint64_t n = counts->fresh < counts->room ? counts->fresh : counts->room;
    char price[AMKD_PRICE_SIZE];
    printf("%" PRIu64 " to ask, %" PRIu64 " known already", n, counts->known);
    if (query->budget)
        printf(", %" PRIu64 " beyond the budget of %" PRIu64 " (%" PRIu64 " spent)",
               counts->fresh - n, query->budget, counts->spent);
    printf("\n");
    if (query->price > 0)
        printf("price: %s\n", amkd_price_print(price, query->price * (double)n));
    if (query->rate > 0)
        printf("time: %.0f s at %g images a second\n", (double)n / query->rate,
               query->rate);
}

void query_say_counts(const amkd_query_options *query, const amkd_query_counts *counts,
                      int verbose)
{
    if (counts->left && !query->quiet)
        fprintf(stderr,
                "amkd-query: the budget of %" PRIu64 " images is reached, %" PRIu64
                " rows were not asked\n",
                query->budget, counts->left);
    if (counts->doubtful && !query->quiet)
        fprintf(stderr,
                "amkd-query: %" PRIu64 " images%s are doubtful: sent without an answer, "
                "they may have been paid for in vain\n",
                counts->doubtful, query->journal ? " of all runs" : "");
    if (counts->scaled && !query->quiet)
        fprintf(stderr,
                "amkd-query: %" PRIu64
                " answers did not sum to %d, as rounding explains, "
                "and were scaled to it\n",
                counts->scaled, query->rule.percent ? 100 : 1);
    if (!verbose)
        return;
    fprintf(stderr,
            "amkd-query: %" PRIu64 " asked, %" PRIu64 " known, %" PRIu64
            " requests made again",
            counts->asked, counts->known, counts->retries);
    if (counts->spent != UINT64_MAX)
        fprintf(stderr, ", %" PRIu64 " images spent over all runs", counts->spent);
    fprintf(stderr, "\n");
}
