/* Reads requests of the Open Inference Protocol. */
#include "base/error.h"
#include "base/memory.h"
#include "serve/oip.h"
#include "serve/skeleton.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One request on its way to a question. */
typedef struct request {
    amkd_question *question;
    const amkd_served *served;
    amkd_skeleton skeleton;
    const char *tensors; /* behind the JSON */
    size_t tensors_nbytes;
    int binary_output; /* the default of its outputs */
} request;

/* The member of an object as a truth; *truth stays when it is not there. */
static int read_truth(int *truth, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_boolean(value))
        return amkd_fail("parameter \"%s\" is not true or false", key);
    if (value)
        *truth = json_is_true(value);
    return 0;
}

static int read_parameters(const json_t **parameters, const json_t *object)
{
    *parameters = json_object_get(object, "parameters");
    if (*parameters && !json_is_object(*parameters))
        return amkd_fail("\"parameters\" is not an object");
    return 0;
}

static int read_id(request *r)
{
    const json_t *id = json_object_get(r->skeleton.root, "id");
    if (!id)
        return 0;
    if (!json_is_string(id))
        return amkd_fail("\"id\" is not a string");
    r->question->id = amkd_strdup(json_string_value(id));
    return r->question->id ? 0 : -1;
}

/* ------------------------------------------------------------------- the input tensor --
 */

static int fail_shape(const uint64_t *shape, size_t ndim, const size_t *expected)
{
    char text[256];
    size_t length = 0;
    for (size_t d = 0; d < ndim; d++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%" PRIu64,
                                   d ? "," : "", shape[d]);
    text[length] = 0;
    return amkd_fail("shape [%s], expected [n,%zu,%zu,%zu]", text, expected[1],
                     expected[2], expected[3]);
}

/* Reads "shape", of which the first is the number of images; expected[0] becomes it. */
static int read_shape(request *r, const json_t *input, size_t expected[4])
{
    uint64_t shape[AMKD_NUMBERS_MAX_DIMS];
    const amkd_numbers *numbers =
        amkd_skeleton_numbers(&r->skeleton, json_object_get(input, "shape"));
    if (!numbers || numbers->ndim != 1 || !numbers->n ||
        numbers->n > AMKD_NUMBERS_MAX_DIMS)
        return amkd_fail("\"shape\" is not an array of 1 to %d numbers",
                         AMKD_NUMBERS_MAX_DIMS);
    if (amkd_numbers_sizes(shape, numbers))
        return amkd_fail_in("\"shape\"");
    if (numbers->n != 4 || shape[1] != expected[1] || shape[2] != expected[2] ||
        shape[3] != expected[3])
        return fail_shape(shape, numbers->n, expected);
    if (amkd_question_count(r->served, shape[0]))
        return -1;
    expected[0] = shape[0];
    return 0;
}

/* The data may be flat, or nested as the shape says. */
static int check_nesting(const amkd_numbers *data, const size_t shape[4], size_t nvalues)
{
    if (data->n != nvalues)
        return amkd_fail("%zu values, the shape says %zu", data->n, nvalues);
    int same = data->ndim == 1;
    if (data->ndim == 4)
        same = !memcmp(data->shape, shape, 4 * sizeof *shape);
    return same ? 0 : amkd_fail("\"data\" is nested otherwise than the shape says");
}

static int read_text(request *r, const json_t *value, int floats, const size_t shape[4])
{
    amkd_question *question = r->question;
    const size_t nvalues = shape[0] * shape[1] * shape[2] * shape[3];
    const amkd_numbers *data = amkd_skeleton_numbers(&r->skeleton, value);
    if (!data)
        return amkd_fail("\"data\" is not an array of numbers");
    if (check_nesting(data, shape, nvalues))
        return -1;
    void *block = amkd_alloc(nvalues, floats ? sizeof(float) : 1);
    if (!block)
        return -1;
    question->block = block;
    question->n = shape[0];
    question->pixels = floats ? NULL : block;
    if (!floats)
        return amkd_numbers_pixels(block, data);
    if (amkd_numbers_floats(block, data))
        return -1;
    return amkd_question_take_planes(question, r->served, block, shape[0]);
}

static int read_binary(request *r, const json_t *size, int floats, const size_t shape[4])
{
    const size_t nvalues = shape[0] * shape[1] * shape[2] * shape[3];
    const size_t nbytes = nvalues * (floats ? sizeof(float) : 1);
    if (!json_is_integer(size) || (uint64_t)json_integer_value(size) != nbytes)
        return amkd_fail("\"binary_data_size\" is not %zu, as shape and datatype say",
                         nbytes);
    if (r->tensors_nbytes != nbytes)
        return amkd_fail("%zu bytes behind the JSON, expected %zu", r->tensors_nbytes,
                         nbytes);
    r->question->n = shape[0];
    if (!floats) {
        r->question->pixels = (const uint8_t *)r->tensors;
        return 0;
    }
    float *values = amkd_alloc(nvalues, sizeof *values);
    if (!values)
        return -1;
    memcpy(values, r->tensors, nbytes);
    return amkd_question_take_planes(r->question, r->served, values, shape[0]);
}

static int read_tensor(request *r, const json_t *input)
{
    const amkd_shape in = r->served->in;
    const char *datatype = json_string_value(json_object_get(input, "datatype"));
    const json_t *data = json_object_get(input, "data"), *parameters;
    if (read_parameters(&parameters, input))
        return -1;
    if (!datatype)
        return amkd_fail("no \"datatype\"");
    const int floats = !strcmp(datatype, "FP32");
    if (!floats && strcmp(datatype, "UINT8") != 0)
        return amkd_fail("datatype '%.20s', expected UINT8 or FP32", datatype);
    size_t rows[4] = {0, in.height, in.width, in.channels};
    size_t planes[4] = {0, in.channels, in.height, in.width};
    size_t *shape = floats ? planes : rows;
    if (read_shape(r, input, shape))
        return -1;
    const json_t *size = json_object_get(parameters, "binary_data_size");
    if (!data == !size)
        return amkd_fail("expected either \"data\" or the parameter "
                         "\"binary_data_size\"");
    if (data && r->tensors_nbytes)
        return amkd_fail("%zu bytes behind the JSON belong to no input",
                         r->tensors_nbytes);
    return data ? read_text(r, data, floats, shape) : read_binary(r, size, floats, shape);
}

static int read_inputs(request *r)
{
    const json_t *inputs = json_object_get(r->skeleton.root, "inputs");
    const json_t *input = json_array_get(inputs, 0);
    const char *name = json_string_value(json_object_get(input, "name"));
    if (json_array_size(inputs) != 1 || !json_is_object(input))
        return amkd_fail("\"inputs\" is not an array of one object");
    if (!name || strcmp(name, AMKD_INPUT_NAME) != 0)
        return amkd_fail("the input is not named \"" AMKD_INPUT_NAME "\"");
    return read_tensor(r, input) ? amkd_fail_in("input \"" AMKD_INPUT_NAME "\"") : 0;
}

/* ------------------------------------------------------------------ the outputs wanted
 * --
 */

/* An amkd_output_kind, or -1. */
static int find_output(const char *name)
{
    for (int k = 0; k < AMKD_NOUTPUTS; k++)
        if (name && !strcmp(name, amkd_output_names[k]))
            return k;
    return amkd_fail("output \"%.40s\": there is none of this name", name ? name : "");
}

static int read_output(request *r, const json_t *output)
{
    amkd_question *question = r->question;
    const json_t *parameters;
    int binary = r->binary_output;
    const int found = find_output(json_string_value(json_object_get(output, "name")));
    if (found < 0)
        return -1;
    const amkd_output_kind kind = (amkd_output_kind)found;
    const char *name = amkd_output_names[kind];
    if (amkd_question_wants(question, kind))
        return amkd_fail("output \"%s\" is asked for twice", name);
    if (read_parameters(&parameters, output) ||
        read_truth(&binary, parameters, "binary_data"))
        return amkd_fail_in("output \"%s\"", name);
    if (json_object_get(parameters, "classification"))
        return amkd_fail("output \"%s\": classification is not offered", name);
    question->outputs[question->noutputs].kind = kind;
    question->outputs[question->noutputs++].binary = binary;
    return 0;
}

static int read_outputs(request *r)
{
    const json_t *parameters, *output;
    const json_t *outputs = json_object_get(r->skeleton.root, "outputs");
    size_t index;
    if (read_parameters(&parameters, r->skeleton.root) ||
        read_truth(&r->binary_output, parameters, "binary_data_output"))
        return -1;
    const amkd_numbers *none = amkd_skeleton_numbers(&r->skeleton, outputs);
    if (!outputs || (none && !none->n)) {
        r->question->noutputs = 1;
        r->question->outputs[0].kind = AMKD_OUTPUT_PROBS;
        r->question->outputs[0].binary = r->binary_output;
        return 0;
    }
    if (!json_is_array(outputs) || none)
        return amkd_fail("\"outputs\" is not an array of objects");
    json_array_foreach (outputs, index, output) {
        if (read_output(r, output))
            return -1;
    }
    return 0;
}

int amkd_oip_parse(amkd_question *question, const amkd_served *served, const char *body,
                   size_t nbytes, size_t json_nbytes)
{
    *question = (amkd_question){0};
    if (json_nbytes > nbytes)
        return amkd_fail("Inference-Header-Content-Length is %zu, the body has %zu bytes",
                         json_nbytes, nbytes);
    request r = {.question = question,
                 .served = served,
                 .tensors = body + json_nbytes,
                 .tensors_nbytes = nbytes - json_nbytes};
    if (amkd_skeleton_parse(&r.skeleton, body, json_nbytes))
        return -1;
    const int rc = read_id(&r) || read_outputs(&r) || read_inputs(&r) ? -1 : 0;
    amkd_skeleton_clear(&r.skeleton);
    if (rc)
        amkd_question_clear(question);
    return rc;
}
