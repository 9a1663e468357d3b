/* What amkd-query says of a query's figures. */
#ifndef AMKD_TOOLS_QUERY_COUNTS_H
#define AMKD_TOOLS_QUERY_COUNTS_H

#include "steps/ask/query.h"

/* What --dry-run found, on stdout: how many would be asked, the price and the time. */
void query_print_plan(const amkd_query_options *query, const amkd_query_counts *counts);

/* What came of the asking, on stderr: unless query is quiet what its user may have to act
 * upon, and with verbose the figures too. */
void query_say_counts(const amkd_query_options *query, const amkd_query_counts *counts,
                      int verbose);

#endif
