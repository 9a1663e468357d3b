/* What amkd-distill noted of a run as a whole: the parameters it settled, and which round
 * was the last. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/run.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ROUNDS = 10000, MOST_DIGITS = 32, MOST_NBYTES = 1 << 20 };

/* --------------------------------------------------------------------- the parameters */

/* Takes the lines "NAME=VALUE" of text, which is cut up. */
static int take_lines(json_t *settled, char *text)
{
    char *line;
    while ((line = strsep(&text, "\n"))) {
        char *value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = 0;
        /* A value that is no UTF-8 names a file: none of those that are asked for. */
        if (json_object_set_new_nocheck(settled, line, json_string_nocheck(value)))
            return amkd_fail("out of memory");
    }
    return 0;
}

int amkd_run_read_settled(amkd_run *run)
{
    char *text = NULL, *path = amkd_format("%s/parameters.txt", run->dir);
    size_t nbytes;
    int rc = path ? 0 : -1;
    if (!rc && !access(path, F_OK)) {
        run->settled = json_object();
        if (!run->settled)
            rc = amkd_fail("out of memory");
        else if (amkd_file_read(&text, &nbytes, path, MOST_NBYTES))
            rc = amkd_run_note(run, "The parameters of the run cannot be read: %s.",
                               amkd_error());
        else
            rc = take_lines(run->settled, text);
    }
    free(text);
    free(path);
    return rc;
}

const char *amkd_run_settled(const amkd_run *run, const char *name)
{
    return json_string_value(json_object_get(run->settled, name));
}

int amkd_run_has_assistants(const amkd_run *run)
{
    const char *assistant = amkd_run_settled(run, "ASSISTANT");
    return !assistant || *assistant;
}

int amkd_run_holds_out(const amkd_run *run)
{
    const char *holdout = amkd_run_settled(run, "HOLDOUT");
    return !holdout || strcmp(holdout, "0");
}

/* --------------------------------------------------------------------- the last round */

/* The number that a file holds, with or without a newline behind it. */
static int read_number(size_t *number, const char *path)
{
    char *text;
    size_t nbytes;
    if (amkd_file_read(&text, &nbytes, path, MOST_DIGITS))
        return -1;
    const size_t ndigits = strspn(text, "0123456789");
    const size_t nread = ndigits + (text[ndigits] == '\n');
    errno = 0;
    *number = strtoull(text, NULL, 10);
    const int rc = !ndigits || nread != nbytes || errno
                       ? amkd_fail("'%s': expected a whole number", path)
                       : 0;
    free(text);
    return rc;
}

int amkd_run_find_end(size_t *nrounds, amkd_run *run)
{
    char *ended = amkd_format("%s/ended.txt", run->dir);
    char *path = amkd_format("%s/student.round", run->dir);
    size_t last;
    int rc = ended && path ? 0 : -1;
    *nrounds = MOST_ROUNDS;
    if (!rc && !access(ended, F_OK) && !access(path, F_OK)) {
        if (read_number(&last, path))
            rc = amkd_run_note(run, "Which round was the last cannot be read: %s.",
                               amkd_error());
        else if (last < MOST_ROUNDS)
            *nrounds = last + 1;
    }
    free(ended);
    free(path);
    return rc;
}
