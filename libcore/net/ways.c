/* A file of ways: a line each, "PASS WAY: LAYER", a # begins a comment. */
#include "net/ways.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NBYTES = 1 << 20 };

typedef struct rule {
    amkd_pass pass;
    const char *way, *layer; /* in the text; layer is a pattern as the shell's */
} rule;

struct amkd_ways {
    char *text;
    size_t n;
    rule *rules;
};

static const char *const passes[AMKD_NPASSES] = {
    [AMKD_FORWARD] = "forward",
    [AMKD_BACKWARD_WEIGHTS] = "backward weights",
    [AMKD_BACKWARD_DATA] = "backward data",
};

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
    static const char blanks[] = " \t\r";
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n && strchr(blanks, text[n - 1]))
        n--;
    text[n] = 0;
    return text;
}

/* Whether the line begins with the name of a pass, behind which *rest is then. */
static int find_pass(amkd_pass *pass, char **rest, char *line)
{
    for (int p = 0; p < AMKD_NPASSES; p++) {
        const size_t n = strlen(passes[p]);
        if (!strncmp(line, passes[p], n) && (line[n] == ' ' || line[n] == '\t')) {
            *pass = (amkd_pass)p;
            *rest = line + n;
            return 1;
        }
    }
    return 0;
}

static int add_line(amkd_ways *ways, char *line, const char *path, size_t number)
{
    rule *r = &ways->rules[ways->n];
    char *rest, *colon;
    line[strcspn(line, "#")] = 0;
    line = trim(line);
    if (!*line)
        return 0;
    if (!find_pass(&r->pass, &rest, line))
        return amkd_fail("'%s': line %zu: expected 'forward', 'backward weights' or "
                         "'backward data' first",
                         path, number);
    if (!(colon = strchr(rest, ':')))
        return amkd_fail("'%s': line %zu: expected 'PASS WAY: LAYER'", path, number);
    *colon = 0;
    r->way = trim(rest);
    r->layer = trim(colon + 1);
    if (!*r->way || !*r->layer)
        return amkd_fail("'%s': line %zu: expected 'PASS WAY: LAYER'", path, number);
    ways->n++;
    return 0;
}

static int read_rules(amkd_ways *ways, const char *path)
{
    size_t nbytes, nlines = 1;
    if (amkd_file_read(&ways->text, &nbytes, path, MAX_NBYTES))
        return -1;
    if (memchr(ways->text, 0, nbytes))
        return amkd_fail("'%s': not a text", path);
    for (size_t b = 0; b < nbytes; b++)
        nlines += ways->text[b] == '\n';
    if (!(ways->rules = amkd_alloc(nlines, sizeof *ways->rules)))
        return -1;
    char *line = ways->text;
    for (size_t number = 1; line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = 0;
        if (add_line(ways, line, path, number))
            return -1;
        line = end ? end + 1 : NULL;
    }
    return 0;
}

int amkd_ways_open(amkd_ways **out)
{
    const char *path = getenv("AMKD_WAYS");
    *out = NULL;
    if (!path || !*path)
        return 0;
    amkd_ways *ways = amkd_alloc(1, sizeof *ways);
    if (!ways || read_rules(ways, path)) {
        amkd_ways_free(ways);
        return amkd_fail_in("AMKD_WAYS");
    }
    *out = ways;
    return 0;
}

const char *amkd_ways_find(const amkd_ways *ways, const char *layer, amkd_pass pass)
{
    for (size_t r = 0; ways && r < ways->n; r++)
        if (ways->rules[r].pass == pass && !fnmatch(ways->rules[r].layer, layer, 0))
            return ways->rules[r].way;
    return NULL;
}

void amkd_ways_free(amkd_ways *ways)
{
    if (!ways)
        return;
    free(ways->text);
    free(ways->rules);
    free(ways);
}
