/* An evaluation of amkd-eval --json, every value checked. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/run.h"
#include <math.h>
#include <stdlib.h>

enum { MOST_NBYTES = 1 << 28 };

static int read_share(double *value, const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    *value = json_number_value(number);
    if (!json_is_number(number) || *value < 0 || !isfinite(*value))
        return amkd_fail("\"%s\": expected a number, not negative", key);
    return 0;
}

static int read_matrix(size_t **matrix, const json_t *rows, size_t n, const char *key)
{
    *matrix = amkd_alloc(n, n * sizeof **matrix);
    if (!*matrix)
        return -1;
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < n; c++) {
            const json_t *row = json_array_get(rows, r), *cell = json_array_get(row, c);
            if (json_array_size(rows) != n || json_array_size(row) != n ||
                !json_is_integer(cell) || json_integer_value(cell) < 0)
                return amkd_fail("\"%s\": expected %zu rows of %zu counts", key, n, n);
            (*matrix)[r * n + c] = (size_t)json_integer_value(cell);
        }
    return 0;
}

static int read_figures(amkd_figures *figures, const json_t *all, const char *who,
                        size_t nclasses)
{
    const json_t *object = json_object_get(all, who);
    const json_t *n = json_object_get(object, "n");
    if (!json_is_object(object) || !json_is_integer(n) || json_integer_value(n) < 1)
        return amkd_fail("\"%s\": expected an object with a count \"n\"", who);
    figures->n = (size_t)json_integer_value(n);
    return read_share(&figures->accuracy, object, "accuracy") ||
                   read_share(&figures->mean_top, object, "mean_top_probability") ||
                   read_share(&figures->certain, object, "share_certain") ||
                   read_matrix(&figures->confusion, json_object_get(object, "confusion"),
                               nclasses, "confusion")
               ? -1
               : 0;
}

static int read_all(amkd_test_result *result, const json_t *all, size_t nclasses)
{
    const json_t *answers = json_object_get(all, "teacher_student");
    if (read_figures(&result->network, all, "student", nclasses) ||
        read_figures(&result->teacher, all, "teacher", nclasses) ||
        read_share(&result->agreement, all, "agreement") ||
        read_share(&result->success, all, "success_rate"))
        return -1;
    return answers
               ? read_matrix(&result->by_teacher, answers, nclasses, "teacher_student")
               : 0;
}

static int read_json(json_t **all, const char *path)
{
    char *text;
    size_t nbytes;
    json_error_t where;
    if (amkd_file_read(&text, &nbytes, path, MOST_NBYTES))
        return -1;
    *all = json_loadb(text, nbytes, 0, &where);
    free(text);
    return *all ? 0
                : amkd_fail("'%s': no JSON: line %d: %s", path, where.line, where.text);
}

int amkd_test_result_read(amkd_test_result *result, size_t nclasses, const char *path)
{
    json_t *all;
    if (read_json(&all, path))
        return -1;
    const int rc = read_all(result, all, nclasses);
    result->known = !rc;
    if (rc)
        amkd_fail_in("'%s'", path);
    json_decref(all);
    return rc;
}

void amkd_test_result_clear(amkd_test_result *result)
{
    free(result->network.confusion);
    free(result->teacher.confusion);
    free(result->by_teacher);
    *result = (amkd_test_result){0};
}

static int read_held_out(amkd_held_out *held_out, const json_t *all)
{
    const json_t *interval = json_object_get(all, "agreement_interval");
    const json_int_t n = json_integer_value(json_object_get(all, "n"));
    if (n < 1)
        return amkd_fail("\"n\": expected a count of 1 or more");
    if (read_share(&held_out->agreement, all, "agreement"))
        return -1;
    held_out->low = json_number_value(json_array_get(interval, 0));
    held_out->high = json_number_value(json_array_get(interval, 1));
    if (json_array_size(interval) != 2 || !(held_out->low <= held_out->agreement) ||
        !(held_out->agreement <= held_out->high))
        return amkd_fail("\"agreement_interval\": expected two numbers, the agreement "
                         "between them");
    held_out->n = (size_t)n;
    return 0;
}

int amkd_held_out_read(amkd_held_out *held_out, const char *path)
{
    json_t *all;
    if (read_json(&all, path))
        return -1;
    const int rc = read_held_out(held_out, all);
    if (rc)
        amkd_fail_in("'%s'", path);
    json_decref(all);
    return rc;
}
