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
    return amkd_input_tensor_add_shape(body, &model->tensor, n);
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
    const amkd_input_tensor *tensor = &model->tensor;
    size_t nbytes = n * tensor->image.channels * tensor->image.height *
                    tensor->image.width * tensor->item_nbytes;
    if (amkd_bytes_format(body, "{\"id\":\"%" PRIu64 "\",", ticket) ||
        add_input(body, model, n))
        return -1;
    int rc = model->binary
                 ? amkd_bytes_format(body, ",\"parameters\":{\"binary_data_size\":%zu}",
                                     nbytes)
                 : amkd_bytes_puts(body, ",\"data\":") ||
                       amkd_input_tensor_add_json(body, tensor, pixels, n, 0);
    if (rc || amkd_bytes_puts(body, "}]") || add_outputs(body, model) ||
        amkd_bytes_puts(body, "}"))
        return -1;
    *json_nbytes = model->binary ? body->n : 0;
    return model->binary ? amkd_input_tensor_add_binary(body, tensor, pixels, n) : 0;
}

/* --------------------------------------------------------------------- answers -- */

/* An answer's tensor: in binary at `at`, or in JSON when that is NULL. */
typedef struct tensor {
    const json_t *json;
    const char *at;
    size_t nbytes;
} tensor;

/* Parses the JSON part. Whose request it names does not matter, as some servers make ids
 * of their own: each request has its connection. */
static json_t *parse(const amkd_http_answer *answer, size_t *json_nbytes)
{
    *json_nbytes = answer->nbytes;
    if (answer->json_nbytes >= 0) {
        if ((unsigned long long)answer->json_nbytes > answer->nbytes) {
            amkd_fail("answers with %zu bytes, of which %lld should be JSON",
                      answer->nbytes, answer->json_nbytes);
            return NULL;
        }
        *json_nbytes = (size_t)answer->json_nbytes;
    }
    return amkd_remote_parse(answer->body, *json_nbytes);
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

/* The values that a shape says there are, and its first dimension. Returns 0 where it is
 * absent or no shape of a tensor, as one with -1 out of the metadata. */
static size_t read_shape(size_t *first, const json_t *shape)
{
    size_t i, total = json_array_size(shape) ? 1 : 0;
    json_t *item;
    json_array_foreach (shape, i, item) {
        const json_int_t dim = json_integer_value(item);
        if (dim <= 0 || (size_t)dim > SIZE_MAX / 16 / (total ? total : 1))
            return 0;
        total *= (size_t)dim;
        if (i == 0)
            *first = (size_t)dim;
    }
    return total;
}

/* How many values an image has of the total that came. The shape decides where it speaks
 * of so many and begins with the images; that of one image may leave the 1 out. Otherwise
 * it is wrong or not there, and the known number of classes decides, or, without a shape,
 * that the values make equal rows. */
static int count_values(size_t *nvalues, const tensor *t, const amkd_oip_model *model,
                        size_t n, size_t total)
{
    const json_t *shape = json_object_get(t->json, "shape");
    const size_t known = model->nclasses;
    size_t first = 0;
    const size_t told = read_shape(&first, shape);
    *nvalues = total / n;
    if (told == total && (n == 1 || first == n))
        return 0;
    if (told == total && (json_array_size(shape) > 1 || !known))
        return amkd_fail("answers with %zu rows for %zu images", first, n);
    if (total % n == 0 && (known ? *nvalues == known : !told))
        return 0;
    if (known)
        return amkd_fail("answers with %zu values for %zu images of %zu classes", total,
                         n, known);
    if (told)
        return amkd_fail("answers with %zu values for %zu images, its shape says %zu",
                         total, n, told);
    return amkd_fail("answers with %zu values, which makes no %zu equal rows", total, n);
}

static int read_binary(amkd_values *values, const tensor *t, const amkd_oip_model *model,
                       size_t n)
{
    const char *type = json_string_value(json_object_get(t->json, "datatype"));
    const size_t item = type ? amkd_values_item_nbytes(type) : 0;
    size_t nvalues;
    if (!item)
        return amkd_fail("answers with datatype '%.20s', expected numbers",
                         type ? type : "");
    if (t->nbytes % item)
        return amkd_fail("answers with %zu bytes, which are no numbers of %s", t->nbytes,
                         type);
    if (count_values(&nvalues, t, model, n, t->nbytes / item))
        return -1;
    return amkd_values_read_binary(values, t->at, type, n, nvalues);
}

/* In JSON the numbers tell themselves of what type they are, and nested ones their shape.
 */
static int read_json(amkd_values *values, const tensor *t, const amkd_oip_model *model,
                     size_t n)
{
    const json_t *data = json_object_get(t->json, "data");
    size_t nvalues;
    if (!json_is_array(data) || json_array_size(data) == 0)
        return amkd_fail("answers with no array of numbers");
    if (!json_is_array(json_array_get(data, 0)) &&
        count_values(&nvalues, t, model, n, json_array_size(data)))
        return -1;
    return amkd_values_read_json(values, data, n);
}

int amkd_oip_decode(amkd_values *values, const amkd_oip_model *model,
                    const amkd_http_answer *answer)
{
    size_t json_nbytes;
    tensor t = {0};
    json_t *json = parse(answer, &json_nbytes);
    int rc = json ? 0 : -1;
    if (rc == 0 && !(t.json = find_output(json, model)))
        rc = -1;
    if (rc == 0)
        rc = find_binary(&t, json, answer->body + json_nbytes,
                         answer->nbytes - json_nbytes);
    if (rc == 0)
        rc = t.at ? read_binary(values, &t, model, answer->n)
                  : read_json(values, &t, model, answer->n);
    json_decref(json);
    return rc;
}
