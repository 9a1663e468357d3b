/* TF-Serving's REST protocol: what it asks, and the answers. */
#include "serve/tfserving.h"
#include "base/error.h"
#include "base/memory.h"
#include "serve/skeleton.h"
#include <stdlib.h>
#include <string.h>

/* Images on their way from JSON to a question: in the order they came, in either layout.
 */
typedef struct gathering {
    amkd_question *question;
    const amkd_served *served;
    void *values; /* uint8 or float, [n][image] */
    size_t n, room;
    int layout; /* ROWS or PLANES, of the first image; UNKNOWN before it */
} gathering;

enum { UNKNOWN, ROWS, PLANES };

static size_t value_nbytes(const gathering *g)
{
    return g->served->floats ? sizeof(float) : 1;
}

static int is_shape(const size_t *shape, size_t a, size_t b, size_t c)
{
    return shape[0] == a && shape[1] == b && shape[2] == c;
}

static int check_layout(gathering *g, const size_t *shape, size_t ndim)
{
    const amkd_shape in = g->served->in;
    int layout = UNKNOWN;
    if (ndim == 3 && is_shape(shape, in.height, in.width, in.channels))
        layout = ROWS;
    else if (ndim == 3 && is_shape(shape, in.channels, in.height, in.width))
        layout = PLANES;
    if (!layout || (g->layout && layout != g->layout))
        return amkd_fail(
            "an image is not nested [%zu][%zu][%zu] or [%zu][%zu][%zu] as the others",
            in.height, in.width, in.channels, in.channels, in.height, in.width);
    g->layout = layout;
    return 0;
}

/* Adds n images, the values of one array. */
static int gather(gathering *g, const amkd_numbers *numbers, size_t n)
{
    const size_t size = amkd_shape_size(g->served->in);
    if (amkd_question_count(g->served, g->n + n))
        return -1;
    if (g->n + n > g->room) {
        const size_t room = g->n + n > 2 * g->room ? g->n + n : 2 * g->room;
        void *grown = amkd_realloc(g->values, room * size, value_nbytes(g));
        if (!grown)
            return -1;
        g->values = grown;
        g->room = room;
    }
    char *at = (char *)g->values + g->n * size * value_nbytes(g);
    if (g->served->floats ? amkd_numbers_floats((float *)at, numbers)
                          : amkd_numbers_pixels((uint8_t *)at, numbers))
        return -1;
    g->n += n;
    return 0;
}

/* An array of images. */
static int gather_many(gathering *g, const amkd_numbers *numbers)
{
    if (!numbers)
        return amkd_fail("not an array of images");
    if (!numbers->n)
        return amkd_fail("no images");
    if (numbers->ndim != 4)
        return amkd_fail("nested %zu deep, expected an array of images, 4 deep",
                         numbers->ndim);
    return check_layout(g, numbers->shape + 1, 3) || gather(g, numbers, numbers->shape[0])
               ? -1
               : 0;
}

/* The only member of an object, which must be the input by its name. */
static const json_t *named_input(const json_t *object)
{
    const json_t *input = json_object_get(object, AMKD_INPUT_NAME);
    if (!input || json_object_size(object) != 1)
        amkd_fail("expected an object with \"" AMKD_INPUT_NAME "\" alone");
    return json_object_size(object) == 1 ? input : NULL;
}

static int gather_rows(gathering *g, const amkd_skeleton *skeleton, const json_t *rows)
{
    const json_t *row;
    size_t index;
    if (!json_is_array(rows) || amkd_skeleton_numbers(skeleton, rows))
        return gather_many(g, amkd_skeleton_numbers(skeleton, rows));
    json_array_foreach (rows, index, row) {
        const json_t *input = json_is_object(row) ? named_input(row) : row;
        const amkd_numbers *image = amkd_skeleton_numbers(skeleton, input);
        if (!input)
            return amkd_fail_in("instance %zu", index);
        if (!image)
            return amkd_fail("instance %zu: not an array of numbers", index);
        if (check_layout(g, image->shape, image->ndim) || gather(g, image, 1))
            return amkd_fail_in("instance %zu", index);
    }
    return 0;
}

static int gather_columns(gathering *g, const amkd_skeleton *skeleton,
                          const json_t *columns)
{
    if (json_is_object(columns)) {
        columns = named_input(columns);
        if (!columns)
            return -1;
    }
    return gather_many(g, amkd_skeleton_numbers(skeleton, columns));
}

/* Changes the layout of all images: rows of channels into planes, or back. */
static void *transpose(const gathering *g)
{
    const size_t plane = g->served->in.height * g->served->in.width;
    const size_t nchannels = g->served->in.channels, nbytes = value_nbytes(g);
    const size_t outer = g->layout == ROWS ? plane : nchannels;
    const size_t inner = g->layout == ROWS ? nchannels : plane;
    char *to = amkd_alloc(g->n * plane * nchannels, nbytes);
    const char *from = g->values;
    for (size_t s = 0; to && s < g->n; s++) {
        char *image = to + s * plane * nchannels * nbytes;
        for (size_t a = 0; a < outer; a++)
            for (size_t b = 0; b < inner; b++, from += nbytes)
                memcpy(image + (b * outer + a) * nbytes, from, nbytes);
    }
    return to;
}

/* Hands the images to the question, in the layout of their type. */
static int hand_over(gathering *g)
{
    amkd_question *question = g->question;
    const int floats = g->served->floats;
    if ((g->layout == PLANES) != floats) {
        void *other = transpose(g);
        if (!other)
            return -1;
        free(g->values);
        g->values = other;
    }
    void *values = g->values;
    g->values = NULL;
    if (floats)
        return amkd_question_take_planes(question, g->served, values, g->n);
    question->block = values;
    question->pixels = values;
    question->n = g->n;
    return 0;
}

static int read_request(gathering *g, const amkd_skeleton *skeleton)
{
    const json_t *instances = json_object_get(skeleton->root, "instances");
    const json_t *inputs = json_object_get(skeleton->root, "inputs");
    const json_t *signature = json_object_get(skeleton->root, "signature_name");
    const char *name = json_string_value(signature);
    if (signature && (!name || (*name && strcmp(name, "serving_default") != 0)))
        return amkd_fail("\"signature_name\" is not \"serving_default\"");
    if (!instances == !inputs)
        return amkd_fail("expected either \"instances\" or \"inputs\"");
    g->question->columns = !instances;
    g->question->noutputs = 1;
    g->question->outputs[0].kind = AMKD_OUTPUT_PROBS;
    if (instances ? gather_rows(g, skeleton, instances)
                  : gather_columns(g, skeleton, inputs))
        return amkd_fail_in(instances ? "\"instances\"" : "\"inputs\"");
    return hand_over(g);
}

int amkd_tfserving_parse(amkd_question *question, const amkd_served *served,
                         const char *body, size_t nbytes)
{
    amkd_skeleton skeleton;
    *question = (amkd_question){0};
    if (amkd_skeleton_parse(&skeleton, body, nbytes))
        return -1;
    gathering g = {.question = question, .served = served};
    const int rc = read_request(&g, &skeleton);
    free(g.values);
    amkd_skeleton_clear(&skeleton);
    if (rc)
        amkd_question_clear(question);
    return rc;
}

void amkd_tfserving_answer(amkd_bytes *answer, const amkd_served *served,
                           const amkd_question *question, const amkd_outputs *outputs)
{
    const float *probs = outputs->values[AMKD_OUTPUT_PROBS];
    amkd_bytes_format(answer, "{\"%s\":[", question->columns ? "outputs" : "predictions");
    for (size_t s = 0; s < question->n; s++) {
        if (s)
            amkd_bytes_add(answer, ",", 1);
        amkd_bytes_floats(answer, probs + s * served->nclasses, served->nclasses);
    }
    amkd_bytes_format(answer, "]}");
}

void amkd_tfserving_status(amkd_bytes *answer, const amkd_served *served)
{
    amkd_bytes_format(answer, "{\"model_version_status\":[{\"version\":");
    amkd_bytes_quote(answer, served->version);
    amkd_bytes_format(answer, ",\"state\":\"AVAILABLE\",\"status\":{\"error_code\":"
                              "\"OK\",\"error_message\":\"\"}}]}");
}

static void add_tensor(amkd_bytes *answer, const char *name, const char *dtype,
                       const size_t *shape, size_t ndim)
{
    amkd_bytes_format(answer,
                      "{\"%s\":{\"dtype\":\"%s\",\"tensor_shape\":{\"dim\":[{\"size\":"
                      "\"-1\",\"name\":\"\"}",
                      name, dtype);
    for (size_t d = 0; d < ndim; d++)
        amkd_bytes_format(answer, ",{\"size\":\"%zu\",\"name\":\"\"}", shape[d]);
    amkd_bytes_format(answer, "],\"unknown_rank\":false},\"name\":\"%s:0\"}}", name);
}

void amkd_tfserving_metadata(amkd_bytes *answer, const amkd_served *served)
{
    const amkd_shape in = served->in;
    amkd_bytes_format(answer, "{\"model_spec\":{\"name\":");
    amkd_bytes_quote(answer, served->name);
    amkd_bytes_format(answer, ",\"signature_name\":\"\",\"version\":");
    amkd_bytes_quote(answer, served->version);
    amkd_bytes_format(answer, "},\"metadata\":{\"signature_def\":{\"signature_def\":{"
                              "\"serving_default\":{\"inputs\":");
    add_tensor(answer, AMKD_INPUT_NAME, served->floats ? "DT_FLOAT" : "DT_UINT8",
               (size_t[]){in.height, in.width, in.channels}, 3);
    amkd_bytes_format(answer, ",\"outputs\":");
    add_tensor(answer, amkd_output_names[AMKD_OUTPUT_PROBS], "DT_FLOAT",
               (size_t[]){served->nclasses}, 1);
    amkd_bytes_format(answer, ",\"method_name\":\"tensorflow/serving/predict\"}}}}}");
}
