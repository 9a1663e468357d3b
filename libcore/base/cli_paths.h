/* Paths on a command line that must not be one file. */
#ifndef AMKD_BASE_CLI_PATHS_H
#define AMKD_BASE_CLI_PATHS_H

#include "base/cli.h"

/* The misuse of a command that writes over what it reads, or two things into one file: a
 * path of an option with AMKD_WRITES is that of an argument, of another option whose
 * placeholder is a path's, or of another one with AMKD_WRITES, unless AMKD_ADDS is given.
 * What is no regular file is left alone. Returns 0 or 2. */
int amkd_cli_check_paths(const amkd_cli *cli);

/* Fails where a path of an option with AMKD_WRITES could not be written now, as a run
 * would before it does anything; for --check. Files that are there stay as they are. */
int amkd_cli_probe_paths(const amkd_cli *cli);

#endif
