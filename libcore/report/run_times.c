/* What amkd-distill noted in times.tsv: tool, target, start and end of every command. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/run.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_NBYTES = 1 << 24 };

typedef struct span {
    const char *tool, *target;
    double start, end;
} span;

/* The next of a line's fields, ended with a zero byte in place; NULL when there is none.
 */
static char *field(char **line)
{
    return *line ? strsep(line, "\t") : NULL;
}

static int read_line(span *s, char *line)
{
    s->tool = field(&line);
    s->target = field(&line);
    const char *start = field(&line), *end = field(&line);
    char *rest, *end_rest;
    if (!start || !end || line)
        return amkd_fail("expected tool, target, start and end");
    s->start = strtod(start, &rest);
    s->end = strtod(end, &end_rest);
    return *rest || *end_rest || !*start || !*end || !(s->end >= s->start)
               ? amkd_fail("'%s' to '%s' is no time", start, end)
               : 0;
}

/* A target that was made again counts by its last time. */
static void keep_last(span *spans, size_t *n, const span *s)
{
    for (size_t k = 0; k < *n; k++)
        if (!strcmp(spans[k].tool, s->tool) && !strcmp(spans[k].target, s->target)) {
            spans[k] = *s;
            return;
        }
    spans[(*n)++] = *s;
}

static int by_start(const void *a, const void *b)
{
    const span *first = a, *second = b;
    return (first->start > second->start) - (first->start < second->start);
}

static int add_up(amkd_times *times, span *spans, size_t n)
{
    times->tools = amkd_alloc(n ? n : 1, sizeof *times->tools);
    double *ends = amkd_alloc(n ? n : 1, sizeof *ends);
    if (!times->tools || !ends) {
        free(ends);
        return -1;
    }
    qsort(spans, n, sizeof *spans, by_start);
    for (size_t k = 0; k < n; k++) {
        size_t t = 0;
        while (t < times->n && strncmp(times->tools[t].tool, spans[k].tool,
                                       sizeof times->tools[t].tool - 1))
            t++;
        if (t == times->n)
            snprintf(times->tools[times->n++].tool, sizeof times->tools[t].tool, "%s",
                     spans[k].tool);
        const double start = spans[k].start > ends[t] ? spans[k].start : ends[t];
        if (spans[k].end > start) {
            times->tools[t].seconds += spans[k].end - start;
            ends[t] = spans[k].end;
        }
    }
    free(ends);
    return 0;
}

int amkd_times_read(amkd_times *times, const char *path)
{
    char *text, *line, *rest;
    size_t nbytes, nlines = 1, n = 0;
    if (access(path, F_OK))
        return errno == ENOENT ? 0 : amkd_fail_errno("'%s'", path);
    if (amkd_file_read(&text, &nbytes, path, MOST_NBYTES))
        return -1;
    for (size_t b = 0; b < nbytes; b++)
        nlines += text[b] == '\n';
    span *spans = amkd_alloc(nlines, sizeof *spans);
    int rc = spans ? 0 : -1;
    rest = text;
    for (size_t l = 1; !rc && (line = strsep(&rest, "\n")); l++) {
        span s;
        if (!*line)
            continue;
        rc = read_line(&s, line);
        if (rc)
            amkd_fail_in("'%s': line %zu", path, l);
        else
            keep_last(spans, &n, &s);
    }
    if (!rc)
        rc = add_up(times, spans, n);
    free(spans);
    free(text);
    return rc;
}
