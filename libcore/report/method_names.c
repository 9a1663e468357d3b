/* Methods named: by their arms, or by what differs. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "report/methods_internal.h"
#include <stdlib.h>
#include <string.h>

/* The parameter that says what is picked. */
#define BY "amkd-score --by"

/* ----------------------------------------------------------------------------- arms */

/* The ARM of a run in ARM/seed-NUMBER, n characters; NULL of a run elsewhere. */
static const char *arm_of(size_t *n, const amkd_run *run)
{
    static const char seed[] = "/seed-";
    const char *end = strrchr(run->dir, '/'), *arm = end;
    if (!end || strncmp(end, seed, sizeof seed - 1))
        return NULL;
    const char *number = end + sizeof seed - 1;
    if (!*number || number[strspn(number, "0123456789")])
        return NULL;
    while (arm > run->dir && arm[-1] != '/')
        arm--;
    *n = (size_t)(end - arm);
    return *n && *arm != '.' ? arm : NULL;
}

int amkd_methods_same_arm(const amkd_run *a, const amkd_run *b)
{
    size_t na, nb;
    const char *arm_a = arm_of(&na, a), *arm_b = arm_of(&nb, b);
    return arm_a && arm_b && na == nb && !strncmp(arm_a, arm_b, na);
}

int amkd_methods_have_arms(const amkd_run *runs, size_t n)
{
    size_t length;
    for (size_t r = 0; r < n; r++)
        if (!arm_of(&length, &runs[r]))
            return 0;
    return n > 0;
}

/* ----------------------------------------------------------------- what tells apart */

int amkd_methods_is_size(const char *key)
{
    return !strncmp(key, AMKD_SIZES, strlen(AMKD_SIZES));
}

static const json_t *value_of(const amkd_methods *methods, size_t m, const char *key)
{
    return json_object_get(methods->methods[m].runs[0]->parameters, key);
}

static int same_value(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

/* Whether key tells two methods apart that none of the keys before does. */
static int tells_apart(const amkd_methods *methods, const json_t *before, const char *key)
{
    for (size_t a = 0; a < methods->n; a++)
        for (size_t b = 0; b < a; b++) {
            size_t k = 0;
            const size_t n = json_array_size(before);
            for (; k < n; k++) {
                const char *other = json_string_value(json_array_get(before, k));
                if (!same_value(value_of(methods, a, other), value_of(methods, b, other)))
                    break;
            }
            if (k == n &&
                !same_value(value_of(methods, a, key), value_of(methods, b, key)))
                return 1;
        }
    return 0;
}

/* What is picked by comes first, then what is asked about and who teaches; sizes come
 * last. */
enum { NRANKS = 5 };

static int rank_of(const char *key)
{
    return !strcmp(key, BY)                                                     ? 0
           : !strcmp(key, AMKD_ASKED) || !strcmp(key, AMKD_ASSISTANT " --arch") ? 1
           : !strcmp(key, AMKD_POOL) || !strcmp(key, AMKD_VIEWS)                ? 4
           : amkd_methods_is_size(key)                                          ? 3
                                                                                : 2;
}

/* The fewest keys, in that order, that tell all methods apart. */
static json_t *find_keys(const amkd_methods *methods)
{
    json_t *all = json_object(), *found = json_array(), *value;
    const char *key;
    int failed = !all || !found;
    for (size_t m = 0; !failed && m < methods->n; m++)
        failed = json_object_update(all, methods->methods[m].runs[0]->parameters);
    for (int rank = 0; !failed && rank < NRANKS; rank++)
        json_object_foreach (all, key, value) {
            if (rank_of(key) == rank && tells_apart(methods, found, key))
                failed |= json_array_append_new(found, json_string(key));
        }
    json_decref(all);
    if (!failed)
        return found;
    json_decref(found);
    amkd_fail("out of memory");
    return NULL;
}

/* ---------------------------------------------------------------------------- names */

/* Whether a parameter of the key's tool is there, so that an option was left out. */
static int ran(const json_t *parameters, const char *key)
{
    const size_t n = strcspn(key, " ") + 1;
    const char *other;
    json_t *value;
    json_object_foreach ((json_t *)parameters, other, value) {
        if (!strncmp(other, key, n))
            return 1;
    }
    return 0;
}

/* An architecture by its first and last layer: "arch=conv 16 k5 | ... | fc classes". */
static void add_short(amkd_bytes *name, const char *layers)
{
    const char *first = strstr(layers, " | "), *last = strrchr(layers, '|');
    if (first && last > first + 1)
        amkd_bytes_format(name, "arch=%.*s | ... %s", (int)(first - layers), layers,
                          last);
    else
        amkd_bytes_format(name, "arch=%s", layers);
}

enum { SIZES = 1, WHOLE = 2 }; /* what a name has: sizes, architectures uncut */

static void add_to_name(amkd_bytes *name, const json_t *parameters, const char *key,
                        int with)
{
    const char *value = json_string_value(json_object_get(parameters, key));
    const char *option = key + strcspn(key, " ") + 1;
    option += strspn(option, "-");
    if (!value && (amkd_methods_is_size(key) || !ran(parameters, key)))
        return;
    if (name->n)
        amkd_bytes_puts(name, ", ");
    if (!strncmp(key, AMKD_ASSISTANT " ", strlen(AMKD_ASSISTANT " ")))
        amkd_bytes_puts(name, "assistant ");
    if (!value)
        amkd_bytes_format(name, "no %s", option);
    else if (amkd_methods_is_size(key))
        amkd_bytes_format(name, "%s %s", value, option);
    else if (!strcmp(key, BY))
        amkd_bytes_puts(name, value);
    else if (!strcmp(option, "arch") && !(with & WHOLE))
        add_short(name, value);
    else
        amkd_bytes_format(name, *value ? "%s=%s" : "%s", option, value);
}

/* What a method has at these keys. */
static char *words_of(const amkd_methods *methods, size_t m, const json_t *keys, int with)
{
    amkd_bytes name = {0};
    const amkd_run *run = methods->methods[m].runs[0];
    for (size_t k = 0; k < json_array_size(keys); k++) {
        const char *key = json_string_value(json_array_get(keys, k));
        if ((with & SIZES) || !amkd_methods_is_size(key))
            add_to_name(&name, run->parameters, key, with);
    }
    if (!name.n && methods->n > 1 && (with & SIZES))
        amkd_bytes_puts(&name, run->nrounds < 2 ? "real images only" : "plain");
    amkd_bytes_add(&name, "", 1);
    if (name.failed) {
        amkd_bytes_clear(&name);
        return NULL;
    }
    return name.data;
}

/* The arm, and more where an arm has several methods. */
static char *arm_name(const amkd_methods *methods, size_t m)
{
    const amkd_method *all = methods->methods;
    size_t n = 0, nsame = 0;
    const char *arm = arm_of(&n, all[m].runs[0]);
    for (size_t k = 0; k < methods->n; k++)
        nsame += amkd_methods_same_arm(all[k].runs[0], all[m].runs[0]);
    return nsame > 1 ? amkd_format("%.*s, %s", (int)n, arm, all[m].words)
                     : amkd_format("%.*s", (int)n, arm);
}

static int name_all(amkd_methods *methods, const json_t *keys)
{
    for (size_t m = 0; m < methods->n; m++) {
        amkd_method *method = &methods->methods[m];
        method->words = words_of(methods, m, keys, SIZES | WHOLE);
        if (method->words)
            method->name =
                methods->arms ? arm_name(methods, m) : words_of(methods, m, keys, SIZES);
        if (!method->name)
            return -1;
    }
    return 0;
}

static int are_alike(const amkd_methods *methods)
{
    for (size_t a = 0; a < methods->n; a++)
        for (size_t b = 0; b < a; b++)
            if (!strcmp(methods->methods[a].name, methods->methods[b].name))
                return 1;
    return 0;
}

/* Architectures are cut where that leaves the names different. */
static int tell_apart(amkd_methods *methods)
{
    const int alike = are_alike(methods);
    for (size_t m = 0; alike && m < methods->n; m++) {
        free(methods->methods[m].name);
        methods->methods[m].name = amkd_strdup(methods->methods[m].words);
        if (!methods->methods[m].name)
            return -1;
    }
    return 0;
}

int amkd_methods_name(amkd_methods *methods)
{
    json_t *keys = find_keys(methods);
    const int rc = !keys || name_all(methods, keys) || tell_apart(methods) ? -1 : 0;
    json_decref(keys);
    return rc;
}

char *amkd_methods_family_name(const amkd_methods *methods, size_t family)
{
    size_t m = 0;
    while (m + 1 < methods->n && methods->methods[m].family != family)
        m++;
    json_t *keys = find_keys(methods);
    char *name = keys ? words_of(methods, m, keys, WHOLE) : NULL;
    json_decref(keys);
    return name;
}
