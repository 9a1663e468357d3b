/* Requests and answers of TensorFlow Serving's REST API. */
#include "base/error.h"
#include "teacher/tfserving.h"
#include <string.h>

int amkd_tfserving_encode(amkd_bytes *body, const amkd_tfserving_model *model,
                          const uint8_t *pixels, size_t n)
{
    if (amkd_bytes_puts(body, "{") ||
        (model->signature &&
         (amkd_bytes_puts(body, "\"signature_name\":") ||
          amkd_bytes_quote(body, model->signature) || amkd_bytes_puts(body, ","))) ||
        amkd_bytes_puts(body, model->columns ? "\"inputs\":" : "\"instances\":") ||
        amkd_input_tensor_add_json(body, &model->tensor, pixels, n, 1))
        return -1;
    return amkd_bytes_puts(body, "}");
}

/* Of an object of outputs the one named, else the only one. NULL with the error set. */
static json_t *choose(const json_t *outputs, const char *name)
{
    json_t *found = name ? json_object_get(outputs, name) : NULL;
    if (!name && json_object_size(outputs) == 1)
        found = json_object_iter_value(json_object_iter((json_t *)outputs));
    if (!found && name)
        amkd_fail("answers without the output '%s'", name);
    else if (!found)
        amkd_fail("answers with %zu outputs: choose by --answer",
                  json_object_size(outputs));
    return found;
}

/* The rows of predictions, each of which is an array or an object of several outputs. A
 * new reference, NULL with the error set. */
static json_t *read_rows(json_t *predictions, const char *name)
{
    size_t i;
    json_t *item, *rows = json_array();
    if (!rows)
        amkd_fail("out of memory");
    json_array_foreach (predictions, i, item) {
        json_t *row = json_is_object(item) ? choose(item, name) : item;
        if (!row || json_array_append(rows, row)) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

static json_t *find_rows(const json_t *json, const amkd_tfserving_model *model)
{
    const char *key = model->columns ? "outputs" : "predictions";
    json_t *found = json_object_get(json, key);
    if (!found) {
        amkd_fail("answers without \"%s\"", key);
        return NULL;
    }
    if (!model->columns)
        return read_rows(found, model->output);
    if (json_is_object(found))
        found = choose(found, model->output);
    return json_incref(found);
}

int amkd_tfserving_decode(amkd_values *values, const amkd_tfserving_model *model,
                          const amkd_http_answer *answer)
{
    json_t *json = amkd_remote_parse(answer->body, answer->nbytes);
    json_t *rows = json ? find_rows(json, model) : NULL;
    const int rc = rows ? amkd_values_read_json(values, rows, answer->n) : -1;
    json_decref(rows);
    json_decref(json);
    return rc;
}
