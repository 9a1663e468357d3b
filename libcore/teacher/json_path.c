/* A path is a list of steps; each maps the list of values found so far to the next. */
#include "teacher/json_path.h"
#include "base/error.h"
#include "base/memory.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 16, MAX_NAMES = 8 };

typedef enum step_type { MEMBERS, ITEM, ALL } step_type;

typedef struct step {
    step_type type;
    size_t nnames;
    const char *names[MAX_NAMES]; /* in the path's text */
    long index;
} step;

struct amkd_json_path {
    char *text; /* cut into names */
    size_t nsteps;
    step steps[MAX_STEPS];
};

/* --------------------------------------------------------------------- parsing -- */

static int is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

/* Copies the quoted name at *at to *to, where it is zero-terminated. */
static int parse_quoted(step *s, const char **at, char **to)
{
    char quote = *(*at)++;
    if (s->nnames == MAX_NAMES)
        return amkd_fail("more than %d names in one step", MAX_NAMES);
    s->names[s->nnames++] = *to;
    for (; **at != quote; (*at)++) {
        if (**at == '\\')
            (*at)++;
        if (**at == '\0')
            return amkd_fail("a quote that does not end");
        *(*to)++ = **at;
    }
    *(*to)++ = '\0';
    (*at)++;
    return 0;
}

static int parse_bracket(step *s, const char **at, char **to)
{
    char *end;
    if (**at == '*') {
        s->type = ALL;
        (*at)++;
    } else if (**at == '\'' || **at == '"') {
        s->type = MEMBERS;
        if (parse_quoted(s, at, to))
            return -1;
        while (**at == ',') {
            *at += 1 + strspn(*at + 1, " ");
            if (**at != '\'' && **at != '"')
                return amkd_fail("expected a quoted name");
            if (parse_quoted(s, at, to))
                return -1;
        }
    } else {
        s->type = ITEM;
        s->index = strtol(*at, &end, 10);
        if (end == *at || isspace((unsigned char)**at))
            return amkd_fail("expected a number, '*' or a quoted name");
        *at = end;
    }
    if (**at != ']')
        return amkd_fail("expected ']'");
    (*at)++;
    return 0;
}

static int parse_member(step *s, const char **at, char **to)
{
    if (**at == '*') {
        s->type = ALL;
        (*at)++;
        return 0;
    }
    s->type = MEMBERS;
    s->names[s->nnames++] = *to;
    if (!is_name(**at))
        return amkd_fail("expected a name");
    while (is_name(**at))
        *(*to)++ = *(*at)++;
    *(*to)++ = '\0';
    return 0;
}

static int parse_steps(amkd_json_path *path, const char **at)
{
    char *to = path->text;
    if (*(*at)++ != '$')
        return amkd_fail("expected '$'");
    while (**at) {
        char kind = *(*at)++;
        if (path->nsteps == MAX_STEPS)
            return amkd_fail("more than %d steps", MAX_STEPS);
        step *s = &path->steps[path->nsteps++];
        if (kind != '.' && kind != '[')
            return amkd_fail("expected '.' or '['");
        if (kind == '.' ? parse_member(s, at, &to) : parse_bracket(s, at, &to))
            return -1;
    }
    return 0;
}

int amkd_json_path_parse(amkd_json_path **out, const char *text)
{
    amkd_json_path *path = amkd_alloc(1, sizeof *path);
    const char *at = text;
    if (!path)
        return -1;
    path->text = amkd_alloc(strlen(text) + 1, 1);
    if (!path->text || parse_steps(path, &at)) {
        if (path->text)
            amkd_fail_in("'%s': character %zu", text, (size_t)(at - text));
        amkd_json_path_free(path);
        return -1;
    }
    *out = path;
    return 0;
}

int amkd_json_path_has_several(const amkd_json_path *path)
{
    for (size_t s = 0; s < path->nsteps; s++)
        if (path->steps[s].type == MEMBERS && path->steps[s].nnames > 1)
            return 1;
    return 0;
}

void amkd_json_path_free(amkd_json_path *path)
{
    if (!path)
        return;
    free(path->text);
    free(path);
}

/* --------------------------------------------------------------------- finding -- */

static int append_all(json_t *found, json_t *json)
{
    const char *key;
    json_t *value;
    if (json_is_array(json))
        return json_array_extend(found, json);
    json_object_foreach (json, key, value)
        if (json_array_append(found, value))
            return -1;
    return 0;
}

static int append_item(json_t *found, json_t *json, long index)
{
    size_t n = json_array_size(json), place = (size_t)index;
    if (index < 0)
        place = n + (size_t)index; /* beyond n when there are too few */
    return place < n ? json_array_append(found, json_array_get(json, place)) : 0;
}

static int append_members(json_t *found, json_t *json, const step *s)
{
    for (size_t i = 0; i < s->nnames; i++) {
        json_t *member = json_object_get(json, s->names[i]);
        if (member && json_array_append(found, member))
            return -1;
    }
    return 0;
}

static int follow(json_t *found, json_t *json, const step *s)
{
    switch (s->type) {
    case MEMBERS:
        return append_members(found, json, s);
    case ITEM:
        return append_item(found, json, s->index);
    default:
        return append_all(found, json);
    }
}

json_t *amkd_json_path_find(const amkd_json_path *path, json_t *json)
{
    json_t *found = json_array();
    int rc = found ? json_array_append(found, json) : -1;
    for (size_t s = 0; rc == 0 && s < path->nsteps; s++) {
        json_t *next = json_array(), *value;
        size_t i;
        rc = next ? 0 : -1;
        json_array_foreach (found, i, value)
            if (rc == 0)
                rc = follow(next, value, &path->steps[s]);
        json_decref(found);
        found = next;
    }
    if (rc == 0)
        return found;
    json_decref(found);
    amkd_fail("out of memory");
    return NULL;
}
