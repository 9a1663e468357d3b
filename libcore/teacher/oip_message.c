/* Requests and answers of the Open Inference Protocol, JSON alone or with tensors in
 * binary behind it. */
#include "base/error.h"
#include "teacher/oip.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int add_input(amkd_bytes *body, const amkd_oip_model *model, size_t n)
{
    if (amkd_bytes_puts(body, "\"inputs\":[{\"name\":") ||
        amkd_bytes_quote(body, model->input) ||
        amkd_bytes_format(body, ",\"datatype\":\"%s\",\"shape\":", model->datatype))
        return -1;
    return amkd_tensor_add_shape(body, &model->tensor, n);
}

/* Asks for the one output that is wanted, in binary when the request is. */
static int add_outputs(amkd_bytes *body, const amkd_oip_model *model)
{
    if (!model->output)
        return model->binary ? amkd_bytes_puts(
                                   body, ",\"parameters\":{\"binary_data_output\":true}")
                             : 0;
    if (amkd_bytes_puts(body, ",\"outputs\":[{\"name\":") ||
        amkd_bytes_quote(body, model->output))
        return -1;
    return amkd_bytes_puts(
        body, model->binary ? ",\"parameters\":{\"binary_data\":true}}]" : "}]");
}

int amkd_oip_encode(amkd_bytes *body, size_t *json_nbytes, const amkd_oip_model *model,
                    uint64_t ticket, const uint8_t *pixels, size_t n)
{
    const amkd_tensor *tensor = &model->tensor;
    size_t nbytes = n * tensor->image.channels * tensor->image.height *
                    tensor->image.width * tensor->item_nbytes;
    if (amkd_bytes_format(body, "{\"id\":\"%" PRIu64 "\",", ticket) ||
        add_input(body, model, n))
        return -1;
    int rc = model->binary
                 ? amkd_bytes_format(body, ",\"parameters\":{\"binary_data_size\":%zu}",
                                     nbytes)
                 : amkd_bytes_puts(body, ",\"data\":") ||
                       amkd_tensor_add_json(body, tensor, pixels, n, 0);
    if (rc || amkd_bytes_puts(body, "}]") || add_outputs(body, model) ||
        amkd_bytes_puts(body, "}"))
        return -1;
    *json_nbytes = model->binary ? body->n : 0;
    return model->binary ? amkd_tensor_add_binary(body, tensor, pixels, n) : 0;
}

/* --------------------------------------------------------------------- answers -- */

/* An answer's tensor: in binary at `at`, or in JSON when that is NULL. */
typedef struct tensor {
    const json_t *json;
    const char *at, *datatype;
    size_t nbytes;
} tensor;

/* Parses the JSON part; it must answer the request of this ticket if it says which. */
static json_t *parse(const amkd_http_answer *answer, size_t *json_nbytes)
{
    char ticket[24];
    *json_nbytes = answer->nbytes;
    if (answer->json_nbytes >= 0) {
        if ((unsigned long long)answer->json_nbytes > answer->nbytes) {
            amkd_fail("answers with %zu bytes, of which %lld should be JSON",
                      answer->nbytes, answer->json_nbytes);
            return NULL;
        }
        *json_nbytes = (size_t)answer->json_nbytes;
    }
    json_t *json = amkd_remote_parse(answer->body, *json_nbytes);
    const char *id = json_string_value(json_object_get(json, "id"));
    snprintf(ticket, sizeof ticket, "%" PRIu64, answer->ticket);
    if (json && id && *id && strcmp(id, ticket) != 0) {
        amkd_fail("answers request '%.40s', not '%s'", id, ticket);
        json_decref(json);
        return NULL;
    }
    return json;
}

/* The output that was asked for, by its name or because there is no other. */
static const json_t *find_output(const json_t *json, const amkd_oip_model *model)
{
    const json_t *outputs = json_object_get(json, "outputs");
    size_t i;
    json_t *output;
    if (!json_is_array(outputs)) {
        amkd_fail("answers with no outputs");
        return NULL;
    }
    if (!model->output && json_array_size(outputs) == 1)
        return json_array_get(outputs, 0);
    if (!model->output) {
        amkd_fail("answers with %zu outputs: choose by --answer",
                  json_array_size(outputs));
        return NULL;
    }
    json_array_foreach (outputs, i, output) {
        const char *name = json_string_value(json_object_get(output, "name"));
        if (name && strcmp(name, model->output) == 0)
            return output;
    }
    amkd_fail("answers without the output '%s'", model->output);
    return NULL;
}

static const char *read_type(const json_t *output)
{
    const char *type = json_string_value(json_object_get(output, "datatype"));
    if (type && amkd_values_item_nbytes(type))
        return type;
    amkd_fail("answers with datatype '%.20s', expected numbers", type ? type : "");
    return NULL;
}

/* Finds the binary tensors behind the JSON, which must fill what is there exactly. */
static int find_binary(tensor *t, const json_t *json, const char *bytes, size_t nbytes)
{
    size_t i, used = 0;
    json_t *output;
    json_array_foreach (json_object_get(json, "outputs"), i, output) {
        const json_t *size =
            json_object_get(json_object_get(output, "parameters"), "binary_data_size");
        json_int_t wanted = json_integer_value(size);
        if (!json_is_integer(size))
            continue;
        if (wanted < 0 || (size_t)wanted > nbytes - used)
            return amkd_fail("answers with %zu bytes of binary tensors, which is not all",
                             nbytes);
        if (output == t->json) {
            t->at = bytes + used;
            t->nbytes = (size_t)wanted;
        }
        used += (size_t)wanted;
    }
    if (used != nbytes)
        return amkd_fail("answers with %zu bytes behind its tensors", nbytes - used);
    return 0;
}

/* How many values the shape says an image has. */
static int read_shape(size_t *nvalues, const json_t *output, size_t n, int has_batch)
{
    const json_t *shape = json_object_get(output, "shape");
    size_t i, total = 1, first = 0;
    json_t *item;
    json_array_foreach (shape, i, item) {
        json_int_t dim = json_integer_value(item);
        if (dim <= 0 || (size_t)dim > SIZE_MAX / 16 / total)
            return amkd_fail("answers with a shape that no tensor has");
        total *= (size_t)dim;
        if (i == 0)
            first = (size_t)dim;
    }
    if (has_batch && first != n)
        return amkd_fail("answers with %zu rows for %zu images", first, n);
    *nvalues = total / n;
    return 0;
}

static int read_values(amkd_values *values, const tensor *t, size_t n, size_t nvalues)
{
    const size_t item = amkd_values_item_nbytes(t->datatype);
    if (t->at) {
        if (t->nbytes / item / n != nvalues || t->nbytes != n * nvalues * item)
            return amkd_fail("answers with %zu bytes for %zu x %zu values", t->nbytes, n,
                             nvalues);
        return amkd_values_read_binary(values, t->at, t->datatype, n, nvalues);
    }
    if (amkd_values_read_json(values, json_object_get(t->json, "data"), n))
        return -1;
    if (values->nvalues != nvalues)
        return amkd_fail("answers with %zu values an image, its shape says %zu",
                         values->nvalues, nvalues);
    return 0;
}

amkd_outcome amkd_oip_decode(amkd_values *values, const amkd_oip_model *model,
                             const amkd_http_answer *answer)
{
    size_t json_nbytes, nvalues = 0;
    tensor t = {0};
    json_t *json = parse(answer, &json_nbytes);
    if (!json)
        return AMKD_DOUBTFUL;
    amkd_outcome outcome = AMKD_DOUBTFUL;
    t.json = find_output(json, model);
    t.datatype = t.json ? read_type(t.json) : NULL;
    if (!t.datatype)
        outcome = AMKD_UNREADABLE;
    else if (!find_binary(&t, json, answer->body + json_nbytes,
                          answer->nbytes - json_nbytes) &&
             !read_shape(&nvalues, t.json, answer->n, model->tensor.has_batch) &&
             !read_values(values, &t, answer->n, nvalues))
        outcome = AMKD_ANSWERED;
    json_decref(json);
    return outcome;
}
