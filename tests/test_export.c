/* Models as files for other programs, by the examples of all kinds of layers: the C file,
 * compiled, computes what the float64 reference does. With AMKD_KEEP=DIRECTORY the
 * examples are written there as ONNX, with images and answers, for test_export.sh.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "export/export.h"
#include "export/scratch.h"
#include "graph/reference.h"
#include "layers/kinds.h"
#include "net/fold.h"
#include "scratch.h"
#include <dlfcn.h>
#include <math.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

/* Beside the examples of the kinds: values with several readers, sums in place. */
static const amkd_example more[] = {
    {"conv 3 k3 p1 nobias | bn | relu | residual( ; relu | conv 3 k1 ; ) | leaky 0.3 | "
     "fc 4",
     {2, 5, 4}},
    {"conv 4 k1 | residual( bn | tanh ; sigmoid ) | flatten | residual( relu ; relu ) | "
     "fc 3",
     {1, 3, 4}},
    {"conv 4 k3 p1 g2 | relu6 | concat( ; conv 3 k1 | scale( avgpool all ) ; avgpool 3 "
     "s1 "
     "p1 ) | conv 5 k4",
     {2, 4, 4}},
    {"conv 6 k3 s2 same nobias | bn e0.01 | hardswish | maxpool 3 s2 same | gelu | "
     "avgpool 2 s1 same | flatten | dropout 0.5 | fc 7 nobias | bn | silu | fc 3 nobias",
     {3, 11, 14}},
    {"images: gelu | probabilities: conv 3 k1 | relu6 | logits: conv 4 k5", {2, 5, 5}},
};
enum { NMORE = sizeof more / sizeof *more };

/* Example number n of all; 0 behind the last. */
static int example(const amkd_example **e, size_t n)
{
    const amkd_kind *kind;
    *e = more;
    if (n < NMORE) {
        *e += n;
        return 1;
    }
    n -= NMORE;
    for (size_t k = 0; (kind = amkd_kind_number(k)); k++)
        for (*e = kind->examples; (*e)->text; ++*e)
            if (!n--)
                return 1;
    return 0;
}

/* A model with all its parameters at random, variances among them. */
static amkd_model *new_model(const amkd_example *e)
{
    amkd_graph graph;
    amkd_model *model;
    ck_ok(amkd_graph_parse(&graph, e->text, e->in, 0));
    ck_ok(amkd_model_init(&model, &graph, 7));
    for (size_t p = 0; p < graph.nparameters; p++)
        model->parameters[p] =
            (float)(p < graph.ntrained ? 0.4 * amkd_random_normal(7, 1, p)
                                       : 0.5 + amkd_random_uniform(7, 2, p));
    for (size_t c = 0; c < e->in.channels; c++) {
        model->mean[c] = 0.4F + 0.1F * (float)c;
        model->std[c] = 0.3F + 0.1F * (float)c;
    }
    model->temperature = 1.7F;
    model->provenance = json_pack("[{s:s}]", "tool", "*/ /* x");
    amkd_graph_clear(&graph);
    return model;
}

/* pixels[height][width][channels] */
static uint8_t *new_pixels(amkd_shape in)
{
    uint8_t *pixels = malloc(amkd_shape_size(in));
    for (size_t i = 0; i < amkd_shape_size(in); i++)
        pixels[i] = (uint8_t)amkd_random_u64(7, 3, i);
    return pixels;
}

/* What the reference makes of them. */
static double *expected_values(const amkd_model *model, const uint8_t *pixels, int logits)
{
    const amkd_shape in = model->graph.in;
    const size_t n = in.height * in.width;
    amkd_reference *reference;
    double *input = malloc(n * in.channels * sizeof *input);
    double *out = malloc(model->graph.nclasses * sizeof *out);
    for (size_t i = 0; i < n * in.channels; i++)
        input[i] =
            (pixels[i % n * in.channels + i / n] / 255.0 - (double)model->mean[i / n]) /
            (double)model->std[i / n];
    ck_ok(amkd_reference_new(&reference, &model->graph, model->parameters, 1));
    amkd_reference_forward(reference, out, input);
    for (size_t k = 0; k < model->graph.nclasses && !logits; k++)
        out[k] /= (double)model->temperature;
    if (!logits)
        amkd_reference_softmax(out, out, model->graph.nclasses);
    amkd_reference_free(reference);
    free(input);
    return out;
}

/* How an example is exported. */
typedef struct variant {
    const char *name;
    int keep_norms, logits, int8;
} variant;

static const variant variants[] = {
    {"plain", 0, 0, 0}, {"norms", 1, 1, 0}, {"small", 0, 1, 1}};
enum { NVARIANTS = sizeof variants / sizeof *variants };

/* The weights as 8 bits have them: a scale a row, whole numbers up to 127. */
static void round_weights(amkd_model *model)
{
    for (size_t l = 0; l < model->graph.nlayers; l++) {
        const amkd_layer *layer = &model->graph.layers[l];
        const amkd_parameter *weight = &layer->parameters[0];
        if (!layer->kind->give_bias)
            continue;
        const size_t width = weight->n / weight->dims[0];
        for (size_t row = 0; row < weight->dims[0]; row++) {
            float *values = model->parameters + weight->offset + row * width, most = 0;
            for (size_t i = 0; i < width; i++)
                most = fmaxf(most, fabsf(values[i]));
            for (size_t i = 0; i < width; i++)
                values[i] = rintf(values[i] / (most / 127)) * (most / 127);
        }
    }
}

static void export_c(size_t n, const variant *v)
{
    const amkd_example *e;
    example(&e, n);
    amkd_model *model = new_model(e);
    char name[64], path[80];
    snprintf(name, sizeof name, "%s%zu", v->name, n);
    snprintf(path, sizeof path, "%s.c", name);
    const amkd_export_plan plan = {.output = path,
                                   .name = name,
                                   .keep_norms = v->keep_norms,
                                   .logits = v->logits,
                                   .int8 = v->int8};
    amkd_export_counts counts;
    ck_ok(amkd_export_c99(&counts, model, &plan));
    amkd_model_free(model);
}

typedef void predict(float *values, const unsigned char *pixels, float *scratch);

/* Calls example n of the library, in a scratch that has no first values and an end. */
static void expect_same(void *library, size_t n, const variant *v)
{
    const amkd_example *e;
    example(&e, n);
    amkd_model *model = new_model(e), *rounded;
    char name[64];
    snprintf(name, sizeof name, "%s%zu_predict", v->name, n);
    predict *call;
    *(void **)&call = dlsym(library, name);
    ck_assert_msg(call != NULL, "%s", dlerror());

    ck_ok(amkd_model_fold(&rounded, model));
    if (v->int8)
        round_weights(rounded);
    amkd_scratch plan = {0};
    ck_ok(amkd_scratch_plan(&plan, v->keep_norms ? &model->graph : &rounded->graph));
    const size_t nclasses = model->graph.nclasses, nscratch = plan.n;
    float *scratch_memory = malloc((nscratch + 4) * sizeof(float));
    float *got = malloc(nclasses * sizeof *got);
    memset(scratch_memory, 0xff, (nscratch + 4) * sizeof(float)); /* not numbers */
    uint8_t *pixels = new_pixels(e->in);
    double *expected = expected_values(v->int8 ? rounded : model, pixels, v->logits);
    call(got, pixels, scratch_memory);
    for (size_t k = 0; k < nclasses; k++)
        ck_assert_msg(fabs(got[k] - expected[k]) <= 1e-5 * (1 + fabs(expected[k])),
                      "%s, '%s': value %zu is %.9g, the reference %.9g", name, e->text, k,
                      (double)got[k], expected[k]);
    for (size_t i = nscratch; i < nscratch + 4; i++)
        ck_assert_msg(isnan(scratch_memory[i]), "%s, '%s': wrote past its scratch", name,
                      e->text);
    amkd_scratch_clear(&plan);
    free(scratch_memory);
    free(got);
    free(pixels);
    free(expected);
    amkd_model_free(rounded);
    amkd_model_free(model);
}

START_TEST(the_c_file_of_every_kind_of_layer_computes_what_the_reference_does)
{
    const amkd_example *e;
    for (size_t n = 0; example(&e, n); n++)
        for (size_t v = 0; v < NVARIANTS; v++)
            export_c(n, &variants[v]);
    ck_assert_int_eq(system("cc -std=c99 -Wall -Wextra -Werror "
                            "-pedantic -O0 -shared -fPIC -o library.so *.c -lm"),
                     0);
    char path[128];
    snprintf(path, sizeof path, "%s/library.so", scratch);
    void *library = dlopen(path, RTLD_NOW);
    ck_assert_msg(library != NULL, "%s", dlerror());
    for (size_t n = 0; example(&e, n); n++)
        for (size_t v = 0; v < NVARIANTS; v++)
            expect_same(library, n, &variants[v]);
    dlclose(library);
}
END_TEST

START_TEST(values_share_memory_when_one_is_no_longer_needed)
{
    static const struct {
        const char *text;
        size_t n; /* floats, of images of 2x4x4 */
    } cases[] = {
        {"flatten | fc 3", 32},
        {"flatten | relu | tanh | fc 3", 32},        /* in place */
        {"conv 5 k1 | relu | fc 3", 32 + 80},        /* both ends of the convolution */
        {"conv 5 k1 | conv 1 k1 | fc 3", 32 + 80},   /* the third where the first was */
        {"residual( conv 2 k1 | relu ) | fc 3", 64}, /* the sum over its first input */
        {"conv 2 k1 | residual( relu ; relu ) | fc 3", 64},
        {"conv 2 k1 | concat( ; relu ) | fc 3", 32 + 32 + 64},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph;
        amkd_scratch plan = {0};
        ck_ok(amkd_graph_parse(&graph, cases[c].text, (amkd_shape){2, 4, 4}, 0));
        ck_ok(amkd_scratch_plan(&plan, &graph));
        ck_assert_msg(plan.n == cases[c].n, "'%s': %zu floats, expected %zu",
                      cases[c].text, plan.n, cases[c].n);
        amkd_scratch_clear(&plan);
        amkd_graph_clear(&graph);
    }
}
END_TEST

START_TEST(weights_that_folding_takes_beyond_float32_are_refused)
{
    const amkd_example e = {"conv 2 k1 nobias | bn | fc 2", {1, 2, 2}};
    amkd_model *model = new_model(&e);
    const amkd_layer *norm = &model->graph.layers[1];
    model->parameters[model->graph.layers[0].parameters[0].offset] = 1e30F;
    model->parameters[norm->parameters[0].offset] = 1e30F;
    amkd_export_plan plan = {.output = "out", .name = "x"};
    amkd_export_counts counts;
    ck_assert_int_eq(amkd_export_c99(&counts, model, &plan), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "--no-fold"));
    ck_assert_int_eq(amkd_export_onnx(&counts, model, &plan), -1);
    ck_assert_int_eq(access("out", F_OK), -1);
    plan.keep_norms = 1;
    ck_ok(amkd_export_onnx(&counts, model, &plan));
    amkd_model_free(model);
}
END_TEST

static void print_values(FILE *file, const amkd_model *model, const uint8_t *pixels,
                         int logits)
{
    double *values = expected_values(model, pixels, logits);
    for (size_t k = 0; k < model->graph.nclasses; k++)
        fprintf(file, "%.17g ", values[k]);
    fprintf(file, "\n");
    free(values);
}

/* Example n as ONNX, of bytes and probabilities, and with its norms, of floats and
 * logits; a line of pixels, one of probabilities, one of logits. */
static void keep(const char *directory, size_t n, FILE *images, FILE *answers)
{
    const amkd_example *e;
    example(&e, n);
    amkd_model *model = new_model(e);
    uint8_t *pixels = new_pixels(e->in);
    for (int norms = 0; norms < 2; norms++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%zu%s.onnx", directory, n, norms ? "-norms" : "");
        const amkd_export_plan plan = {.output = path,
                                       .name = "x",
                                       .keep_norms = norms,
                                       .logits = norms,
                                       .uint8 = !norms};
        amkd_export_counts counts;
        ck_ok(amkd_export_onnx(&counts, model, &plan));
        print_values(answers, model, pixels, norms);
    }
    for (size_t i = 0; i < amkd_shape_size(e->in); i++)
        fprintf(images, "%d ", pixels[i]);
    fprintf(images, "\n");
    amkd_model_free(model);
    free(pixels);
}

START_TEST(examples_are_kept_as_onnx)
{
    const char *directory = getenv("AMKD_KEEP");
    const amkd_example *e;
    char path[1024];
    snprintf(path, sizeof path, "%s/images", directory);
    FILE *images = fopen(path, "w");
    snprintf(path, sizeof path, "%s/answers", directory);
    FILE *answers = fopen(path, "w");
    ck_assert(images && answers);
    for (size_t n = 0; example(&e, n); n++)
        keep(directory, n, images, answers);
    ck_assert_int_eq(fclose(images) | fclose(answers), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export");
    TCase *tests = tcase_create("export");
    tcase_set_timeout(tests, 300);
    if (getenv("AMKD_KEEP")) {
        tcase_add_test(tests, examples_are_kept_as_onnx);
    } else {
        tcase_add_test(
            tests, the_c_file_of_every_kind_of_layer_computes_what_the_reference_does);
        tcase_add_test(tests, values_share_memory_when_one_is_no_longer_needed);
        tcase_add_test(tests, weights_that_folding_takes_beyond_float32_are_refused);
    }
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
