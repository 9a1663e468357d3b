/* What --help and --version print, from the tool's option table. */
#ifndef AMKD_BASE_CLI_HELP_H
#define AMKD_BASE_CLI_HELP_H

#include "base/cli.h"

/* Both print to stdout; the caller checks it. */
void amkd_cli_print_help(const amkd_tool *tool);
void amkd_cli_print_version(const amkd_tool *tool);

#endif
