/* What --help, --version and --options print, from the tool's option table. */
#ifndef AMKD_BASE_CLI_HELP_H
#define AMKD_BASE_CLI_HELP_H

#include "base/cli.h"

/* All print to stdout; the caller checks it. */
void amkd_cli_print_help(const amkd_tool *tool);
void amkd_cli_print_version(const amkd_tool *tool);

/* The table as TSV, a line an option, for programs; amkd(7) describes it. */
void amkd_cli_print_options(const amkd_tool *tool);

#endif
