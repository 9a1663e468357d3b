/* Labels out of any JSON: which classes the found values speak of. */
#include "base/error.h"
#include "base/memory.h"
#include "data/class_names.h"
#include "teacher/template.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------------- classes -- */

/* A name's place; of a name that several classes have, the first one's. */
static int number_names(amkd_classes *classes)
{
    size_t y;
    json_t *name;
    json_array_foreach (classes->names, y, name) {
        const char *text = json_string_value(name);
        if (!json_object_get(classes->numbers, text) &&
            json_object_set_new(classes->numbers, text, json_integer((json_int_t)y)))
            return amkd_fail("out of memory");
    }
    return 0;
}

int amkd_classes_parse(amkd_classes *classes, const char *text, size_t nbytes)
{
    *classes = (amkd_classes){.numbers = json_object()};
    int rc = classes->numbers ? 0 : amkd_fail("out of memory");
    if (rc == 0)
        rc = amkd_class_names_parse(&classes->names, text, nbytes, '\n');
    if (rc == 0 && json_array_size(classes->names) < 2)
        rc = amkd_fail("names %zu classes, expected two or more",
                       json_array_size(classes->names));
    if (rc == 0)
        rc = number_names(classes);
    if (rc == 0 && amkd_class_names_distinct(classes->names))
        snprintf(classes->flaw, sizeof classes->flaw, "%s", amkd_error());
    if (rc)
        amkd_classes_clear(classes);
    return rc;
}

void amkd_classes_clear(amkd_classes *classes)
{
    json_decref(classes->names);
    json_decref(classes->numbers);
    *classes = (amkd_classes){0};
}

/* --------------------------------------------------------------------- answers -- */

/* What was found, sorted into names and numbers, each in their order. */
typedef struct found {
    json_t *names, *numbers;
    const amkd_classes *classes;
} found;

/* Whether a value is a number, maybe as a text; one that a class is named by is not. */
static int is_number(double *number, const found *f, const json_t *value, int named)
{
    const char *text = json_string_value(value);
    if (text && !named && json_object_get(f->classes->numbers, text))
        return 0;
    return amkd_values_number(number, value) == 0;
}

static int sort_value(found *f, const char *name, json_t *value)
{
    size_t i;
    const char *key;
    json_t *item;
    double number;
    if (name && json_array_append_new(f->names, json_string(name)))
        return amkd_fail("out of memory");
    if (json_is_array(value) && !name) {
        json_array_foreach (value, i, item) {
            if (json_is_array(item) || json_is_object(item))
                return amkd_fail("answers with arrays or objects in the array");
            if (sort_value(f, NULL, item))
                return -1;
        }
        return 0;
    }
    if (json_is_object(value) && !name) {
        json_object_foreach (value, key, item)
            if (sort_value(f, key, item))
                return -1;
        return 0;
    }
    int rc;
    if (is_number(&number, f, value, name != NULL))
        rc = json_array_append_new(f->numbers, json_real(number));
    else if (json_is_string(value) && !name)
        rc = json_array_append(f->names, value);
    else
        return amkd_fail("answers with something else than names and numbers");
    return rc ? amkd_fail("out of memory") : 0;
}

static int put(amkd_values *values, size_t y, const json_t *number)
{
    float value = number ? (float)json_number_value(number) : 1;
    if (!isfinite(value))
        return amkd_fail("answers with %g for class %zu", json_number_value(number), y);
    values->at[y] = value;
    return 0;
}

static int read_numbers(amkd_values *values, const json_t *numbers)
{
    size_t y;
    json_t *number;
    if (amkd_values_reserve(values, 1, json_array_size(numbers)))
        return -1;
    json_array_foreach (numbers, y, number)
        if (put(values, y, number))
            return -1;
    return 0;
}

static int read_names(amkd_values *values, const found *f)
{
    const amkd_classes *classes = f->classes;
    size_t i, nclasses = json_array_size(classes->names);
    size_t nnames = json_array_size(f->names), nnumbers = json_array_size(f->numbers);
    json_t *name;
    if (!nclasses)
        return amkd_fail(
            "answers with names of classes: --classes must tell their order");
    if (classes->flaw[0])
        return amkd_fail("answers with names of classes, which --classes does not tell "
                         "apart: %s",
                         classes->flaw);
    if (nnumbers && nnumbers != nnames)
        return amkd_fail("answers with %zu names and %zu numbers", nnames, nnumbers);
    if (amkd_values_reserve(values, 1, nclasses))
        return -1;
    for (size_t y = 0; y < nclasses; y++)
        values->at[y] = NAN;
    json_array_foreach (f->names, i, name) {
        const char *text = json_string_value(name);
        const json_t *number = json_object_get(classes->numbers, text);
        if (!number)
            return amkd_fail("answers with class '%.100s', which --classes does not name "
                             "(names may be added at its end)",
                             text);
        size_t y = (size_t)json_integer_value(number);
        if (!isnan(values->at[y]))
            return amkd_fail("answers with class '%.100s' twice", text);
        if (put(values, y, nnumbers ? json_array_get(f->numbers, i) : NULL))
            return -1;
    }
    return 0;
}

static int read_found(amkd_values *values, json_t *all, const amkd_classes *classes)
{
    found f = {json_array(), json_array(), classes};
    size_t i;
    json_t *value;
    int rc = f.names && f.numbers ? 0 : amkd_fail("out of memory");
    json_array_foreach (all, i, value)
        if (rc == 0)
            rc = sort_value(&f, NULL, value);
    if (rc == 0 && json_array_size(f.names))
        rc = read_names(values, &f);
    else if (rc == 0 && json_array_size(f.numbers))
        rc = read_numbers(values, f.numbers);
    else if (rc == 0)
        rc = amkd_fail("answers with nothing");
    json_decref(f.names);
    json_decref(f.numbers);
    return rc;
}

int amkd_template_decode(amkd_values *values, const amkd_json_path *path,
                         const amkd_classes *classes, const amkd_http_answer *answer)
{
    json_t *json = amkd_remote_parse(answer->body, answer->nbytes);
    if (!json)
        return -1;
    json_t *all = amkd_json_path_find(path, json);
    int rc = all ? read_found(values, all, classes) : -1;
    if (rc)
        amkd_fail("%s, where --response looks", amkd_error());
    json_decref(all);
    json_decref(json);
    return rc;
}
