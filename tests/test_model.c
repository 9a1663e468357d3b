/* Models as files: what is saved comes back, and no truncation or lie is loaded. */
#include "base/error.h"
#include "net/model.h"
#include "scratch.h"
#include <math.h>

static const char path[] = "m.safetensors";

static amkd_model *new_model(const char *text, amkd_shape in)
{
    amkd_graph graph;
    amkd_model *model;
    ck_assert_msg(!amkd_graph_parse(&graph, text, in, 0), "%s", amkd_error());
    ck_assert_int_eq(amkd_model_init(&model, &graph, 3), 0);
    amkd_graph_clear(&graph);
    return model;
}

static void save(const amkd_model *model)
{
    ck_assert_msg(!amkd_model_save(model, path), "%s", amkd_error());
}

static void expect_refused(const char *message)
{
    amkd_model *model;
    ck_assert_int_eq(amkd_model_load(&model, path), -1);
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "expected '%s' in: %s", message,
                  amkd_error());
    ck_assert_msg(strstr(amkd_error(), path) != NULL, "no path in: %s", amkd_error());
}

/* Writes length, header and nfloats ones. */
static void write_file(const char *header, size_t nfloats)
{
    uint64_t length = strlen(header);
    char *bytes = malloc(8 + length + 4 * nfloats);
    const float one = 1;
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < nfloats; i++)
        memcpy(bytes + 8 + length + 4 * i, &one, 4);
    put_file(path, bytes, 8 + length + 4 * nfloats);
    free(bytes);
}

START_TEST(a_model_comes_back_as_it_was_saved)
{
    amkd_model *model = new_model("conv 3 k3 s2 p1 | relu | fc 5", (amkd_shape){2, 7, 9});
    model->mean[0] = 0.1F;
    model->mean[1] = -1.0F / 3;
    model->std[0] = 1e-7F;
    model->class_names = json_pack("[s, s, s, s, s]", "a", "b\"c", "ü", "", "e");
    model->provenance = json_pack("[{s:s}]", "tool", "amkd-train");
    save(model);
    amkd_model *again;
    ck_assert_msg(!amkd_model_load(&again, path), "%s", amkd_error());
    ck_assert_str_eq(again->graph.text, model->graph.text);
    ck_assert_uint_eq(again->graph.nparameters, model->graph.nparameters);
    ck_assert_mem_eq(again->parameters, model->parameters,
                     model->graph.nparameters * sizeof(float));
    ck_assert_mem_eq(again->mean, model->mean, sizeof model->mean);
    ck_assert_mem_eq(again->std, model->std, sizeof model->std);
    ck_assert(json_equal(again->class_names, model->class_names));
    ck_assert(json_equal(again->provenance, model->provenance));
    amkd_model_free(again);
    amkd_model_free(model);
}
END_TEST

START_TEST(a_temperature_comes_back_and_stands_only_where_there_is_one)
{
    uint8_t *bytes;
    size_t nbytes;
    amkd_beginning begun;
    amkd_model *model = new_model("fc 2", (amkd_shape){1, 2, 1}), *again, *fresh;
    ck_assert(model->temperature == 1);
    save(model);
    bytes = get_file(path, &nbytes);
    ck_assert_ptr_null(memmem(bytes, nbytes, "temperature", 11));
    free(bytes);
    model->temperature = 1.0F / 3;
    save(model);
    ck_assert_msg(!amkd_model_load(&again, path), "%s", amkd_error());
    ck_assert(again->temperature == model->temperature);
    char *remark = amkd_model_remark(again);
    ck_assert_str_eq(remark, "probabilities are taken at temperature 0.333333");
    free(remark);
    /* Weights that are to be trained leave it behind. */
    fresh = new_model("fc 2", (amkd_shape){1, 2, 1});
    ck_assert_msg(!amkd_model_begin(fresh, path, "fc 2", &begun), "%s", amkd_error());
    ck_assert_mem_eq(fresh->parameters, model->parameters, 6 * sizeof(float));
    ck_assert(fresh->temperature == 1);
    amkd_model_free(fresh);
    amkd_model_free(again);
    amkd_model_free(model);
}
END_TEST

START_TEST(a_temperature_that_is_none_is_refused)
{
    static const char *const values[] = {"0", "-1", "nan", "inf", "1,2", "", "1e99"};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        char header[256];
        snprintf(header, sizeof header,
                 "{\"__metadata__\":{\"amkd.arch\":\"fc 2\",\"amkd.input\":\"1x1x1\","
                 "\"amkd.mean\":\"0\",\"amkd.std\":\"1\","
                 "\"amkd.temperature\":\"%s\"}}",
                 values[v]);
        write_file(header, 0);
        expect_refused("amkd.temperature is ");
    }
}
END_TEST

START_TEST(a_model_of_many_channels_keeps_the_scale_of_each)
{
    amkd_model *model = new_model("fc 2", (amkd_shape){64, 1, 2}), *again;
    for (size_t c = 0; c < 64; c++) {
        model->mean[c] = (float)c / 7;
        model->std[c] = 1 + (float)c / 3;
    }
    save(model);
    ck_assert_msg(!amkd_model_load(&again, path), "%s", amkd_error());
    ck_assert_uint_eq(again->graph.in.channels, 64);
    ck_assert_mem_eq(again->mean, model->mean, sizeof model->mean);
    ck_assert_mem_eq(again->std, model->std, sizeof model->std);
    amkd_model_free(again);
    amkd_model_free(model);
}
END_TEST

START_TEST(equal_models_are_equal_bytes)
{
    uint8_t *bytes[2];
    size_t nbytes[2];
    for (int run = 0; run < 2; run++) {
        amkd_model *model = new_model("fc 7 | relu | fc 3", (amkd_shape){1, 2, 2});
        save(model);
        amkd_model_free(model);
        bytes[run] = get_file(path, &nbytes[run]);
    }
    ck_assert_uint_eq(nbytes[0], nbytes[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], nbytes[0]);
    /* The header ends at a multiple of 8, as readers that map the file want. */
    ck_assert_uint_eq(bytes[0][0] % 8, 0);
    free(bytes[0]);
    free(bytes[1]);
}
END_TEST

START_TEST(fresh_weights_fill_their_interval_and_depend_on_the_seed)
{
    amkd_graph graph;
    amkd_model *a, *b;
    ck_assert_int_eq(amkd_graph_parse(&graph, "lenet5", (amkd_shape){1, 28, 28}, 10), 0);
    ck_assert_int_eq(amkd_model_init(&a, &graph, 1), 0);
    ck_assert_int_eq(amkd_model_init(&b, &graph, 2), 0);
    const amkd_layer *conv = &graph.layers[3];
    float bound = 1 / sqrtf(6 * 25), highest = 0, sum = 0;
    for (size_t w = 0; w < conv->parameters[0].n; w++) {
        float value = a->parameters[conv->parameters[0].offset + w];
        highest = fmaxf(highest, fabsf(value));
        sum += value;
        ck_assert_float_ne(value, b->parameters[conv->parameters[0].offset + w]);
    }
    ck_assert_float_le(highest, bound);
    ck_assert_float_ge(highest, 0.98F * bound);
    ck_assert_float_le(fabsf(sum / (float)conv->parameters[0].n), 0.1F * bound);
    amkd_graph_clear(&graph);
    amkd_model_free(a);
    amkd_model_free(b);
}
END_TEST

START_TEST(a_file_cut_short_anywhere_is_refused)
{
    amkd_model *model = new_model("fc 2", (amkd_shape){1, 2, 1});
    save(model);
    amkd_model_free(model);
    uint8_t *bytes;
    size_t nbytes;
    bytes = get_file(path, &nbytes);
    for (size_t length = 0; length < nbytes; length++) {
        put_file(path, bytes, length);
        expect_refused("");
    }
    bytes[nbytes] = 0;
    put_file(path, bytes, nbytes + 1);
    expect_refused("1 bytes behind the last tensor");
    free(bytes);
}
END_TEST

START_TEST(a_flipped_bit_is_refused_or_still_a_model)
{
    amkd_model *model = new_model("conv 2 k2", (amkd_shape){1, 2, 2});
    save(model);
    amkd_model_free(model);
    uint8_t *bytes;
    size_t nbytes;
    bytes = get_file(path, &nbytes);
    for (size_t bit = 0; bit < 8 * nbytes; bit++) {
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1 << bit % 8));
        put_file(path, bytes, nbytes);
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1 << bit % 8));
        if (amkd_model_load(&model, path))
            continue;
        for (size_t p = 0; p < model->graph.nparameters; p++)
            ck_assert(isfinite(model->parameters[p]));
        amkd_model_free(model);
    }
    free(bytes);
}
END_TEST

#define WEIGHT "\"1.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}"
#define BIAS "\"1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]}"
#define INPUT "\"amkd.input\":\"1x2x1\""
#define SCALE "\"amkd.mean\":\"0\",\"amkd.std\":\"1\""
#define ARCH "\"amkd.arch\":\"fc 2\""

/* Headers over six floats of a network "fc 2" for two pixels. */
static const struct {
    const char *metadata, *tensors, *message;
} models[] = {
    {ARCH "," INPUT "," SCALE, WEIGHT "," BIAS, NULL},
    {"\"amkd.arch\":\"fc classes\"," INPUT "," SCALE
     ",\"amkd.classes\":\"[\\\"a\\\",\\\"b\\\"]\"",
     WEIGHT "," BIAS, NULL},
    {INPUT "," SCALE, WEIGHT "," BIAS, "no \"amkd.arch\" in its metadata"},
    {ARCH "," SCALE, WEIGHT "," BIAS, "no \"amkd.input\""},
    {ARCH "," INPUT ",\"amkd.std\":\"1\"", WEIGHT "," BIAS, "no \"amkd.mean\""},
    {ARCH "," INPUT ",\"amkd.mean\":\"1\"", WEIGHT "," BIAS, "no \"amkd.std\""},
    {"\"amkd.arch\":\"fc\"," INPUT "," SCALE, WEIGHT "," BIAS, "layer 1 'fc'"},
    {"\"amkd.arch\":\"fc 3\"," INPUT "," SCALE, WEIGHT "," BIAS, "'1.weight': its shape"},
    {"\"amkd.arch\":\"relu | fc 2\"," INPUT "," SCALE, WEIGHT "," BIAS,
     "tensor '2.weight' is missing"},
    {"\"amkd.arch\":\"fc 2 | fc 2\"," INPUT "," SCALE, WEIGHT "," BIAS,
     "tensor '2.weight' is missing"},
    {ARCH ",\"amkd.input\":\"1x2\"," SCALE, WEIGHT "," BIAS, "CHANNELSxHEIGHTxWIDTH"},
    {ARCH ",\"amkd.input\":\"1x2x1x\"," SCALE, WEIGHT "," BIAS, "CHANNELSxHEIGHTxWIDTH"},
    {ARCH ",\"amkd.input\":\" 1x2x1\"," SCALE, WEIGHT "," BIAS, "CHANNELSxHEIGHTxWIDTH"},
    {ARCH ",\"amkd.input\":\"1x2x99999999\"," SCALE, WEIGHT "," BIAS,
     "CHANNELSxHEIGHTxWIDTH"},
    {ARCH ",\"amkd.input\":\"0x2x1\"," SCALE, WEIGHT "," BIAS,
     "'0x2x1', expected CHANNELSxHEIGHTxWIDTH"},
    {ARCH ",\"amkd.input\":\"65x2x1\"," SCALE, WEIGHT "," BIAS, "at most 64"},
    {ARCH "," INPUT ",\"amkd.mean\":\"nan\",\"amkd.std\":\"1\"", WEIGHT "," BIAS,
     "amkd.mean is 'nan'"},
    {ARCH "," INPUT ",\"amkd.mean\":\"0,0\",\"amkd.std\":\"1\"", WEIGHT "," BIAS,
     "expected 1 finite"},
    {ARCH "," INPUT ",\"amkd.mean\":\"0\",\"amkd.std\":\"\"", WEIGHT "," BIAS,
     "amkd.std is ''"},
    {ARCH "," INPUT ",\"amkd.mean\":\"0\",\"amkd.std\":\"0\"", WEIGHT "," BIAS,
     "expected more than 0"},
    {ARCH "," INPUT ",\"amkd.mean\":\"0\",\"amkd.std\":\"-1\"", WEIGHT "," BIAS,
     "expected more than 0"},
    {ARCH "," INPUT "," SCALE ",\"amkd.classes\":\"[\\\"a\\\"]\"", WEIGHT "," BIAS,
     "2 outputs for 1 classes"},
    {ARCH "," INPUT "," SCALE ",\"amkd.classes\":\"{}\"", WEIGHT "," BIAS,
     "amkd.classes: expected a JSON array"},
    {ARCH "," INPUT "," SCALE ",\"amkd.classes\":\"[]\"", WEIGHT "," BIAS,
     "amkd.classes: expected one name"},
    {ARCH "," INPUT "," SCALE ",\"amkd.classes\":\"[1,2]\"", WEIGHT "," BIAS,
     "name 0 is not a string"},
    {ARCH "," INPUT "," SCALE ",\"amkd.provenance\":\"[\"", WEIGHT "," BIAS,
     "amkd.provenance: expected a JSON array"},
    {ARCH "," INPUT "," SCALE,
     WEIGHT ",\"bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]}",
     "tensor '1.bias' is missing"},
    {ARCH "," INPUT "," SCALE,
     WEIGHT ",\"1.bias\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[16,24]}",
     "'1.bias': its shape"},
    {ARCH "," INPUT "," SCALE,
     WEIGHT "," BIAS
            ",\"2.bias\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[24,24]"
            "}",
     "tensor '2.bias': the architecture has no such parameter"},
    {ARCH "," INPUT "," SCALE,
     WEIGHT "," BIAS ",\"0\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[24,24]}",
     "tensor '0': the architecture"},
    {ARCH "," INPUT "," SCALE,
     "\"1.weight\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}," BIAS,
     "tensor '1.weight': its dtype is I32, expected F32, F16, BF16 or F64"},
};

START_TEST(a_model_is_loaded_only_if_all_its_parts_agree)
{
    char header[1024];
    snprintf(header, sizeof header, "{\"__metadata__\":{%s},%s}", models[_i].metadata,
             models[_i].tensors);
    write_file(header, 6);
    if (models[_i].message) {
        expect_refused(models[_i].message);
        return;
    }
    amkd_model *model;
    ck_assert_msg(!amkd_model_load(&model, path), "%s", amkd_error());
    amkd_model_free(model);
}
END_TEST

/* As mixed precision and batch normalisation leave it: halves, a count of batches, and
 * what somebody else stored beside the network. */
START_TEST(halves_are_loaded_and_what_is_no_layers_is_ignored)
{
    static const char header[] =
        "{\"__metadata__\":{" ARCH "," INPUT "," SCALE "},"
        "\"0.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]"
        "},"
        "\"odd\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]},"
        "\"1.weight\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[9,17]},"
        "\"1.bias\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[17,33]},"
        "\"ema\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[33,35]}}";
    static const uint16_t weights[] = {0x3c00, 0xb000, 0x7bff, 0x0001};
    double biases[] = {0.1, -2};
    const float expected[] = {1, -0.125f, 65504, 0x1p-24f, 0.1f, -2};
    uint8_t file[1024] = {0};
    const uint64_t length = strlen(header);
    uint8_t *data = file + 8 + length;
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    memcpy(data + 9, weights, sizeof weights);
    memcpy(data + 17, biases, sizeof biases);
    put_file(path, file, 8 + length + 35);
    amkd_model *model;
    ck_assert_msg(!amkd_model_load(&model, path), "%s", amkd_error());
    ck_assert_mem_eq(model->parameters, expected, sizeof expected);
    ck_assert_uint_eq(model->nignored, 2);
    ck_assert_str_eq(model->ignored, "odd");
    amkd_model_free(model);
    biases[1] = -1e300;
    memcpy(data + 17, biases, sizeof biases);
    put_file(path, file, 8 + length + 35);
    expect_refused("tensor '1.bias': value 1 is -1e+300, which float32 does not hold");
    biases[1] = NAN;
    memcpy(data + 17, biases, sizeof biases);
    put_file(path, file, 8 + length + 35);
    expect_refused("tensor '1.bias': value 1 is ");
}
END_TEST

START_TEST(weights_that_are_not_finite_are_neither_saved_nor_loaded)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    remove(path);
    for (size_t v = 0; v < 3; v++) {
        amkd_model *model = new_model("fc 2", (amkd_shape){1, 2, 1});
        model->parameters[5] = values[v];
        ck_assert_int_eq(amkd_model_save(model, path), -1);
        ck_assert_ptr_nonnull(strstr(amkd_error(), "tensor '1.bias': value 1 is "));
        ck_assert_int_ne(access(path, F_OK), 0);
        model->parameters[5] = 1;
        save(model);
        amkd_model_free(model);
        uint8_t *bytes;
        size_t nbytes;
        bytes = get_file(path, &nbytes);
        memcpy(bytes + nbytes - 4, &values[v], 4);
        put_file(path, bytes, nbytes);
        free(bytes);
        expect_refused("tensor '1.bias': value 1 is ");
        remove(path);
    }
}
END_TEST

START_TEST(a_model_that_cannot_be_read_or_written_says_so)
{
    amkd_model *model;
    ck_assert_int_eq(amkd_model_load(&model, "/nonexistent/m.safetensors"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "/nonexistent/m.safetensors"));
    model = new_model("fc 2", (amkd_shape){1, 2, 1});
    ck_assert_int_eq(amkd_model_save(model, "/nonexistent/m.safetensors"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "/nonexistent/m.safetensors"));
    amkd_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tests = tcase_create("model");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_model_comes_back_as_it_was_saved);
    tcase_add_test(tests, a_temperature_comes_back_and_stands_only_where_there_is_one);
    tcase_add_test(tests, a_temperature_that_is_none_is_refused);
    tcase_add_test(tests, a_model_of_many_channels_keeps_the_scale_of_each);
    tcase_add_test(tests, equal_models_are_equal_bytes);
    tcase_add_test(tests, fresh_weights_fill_their_interval_and_depend_on_the_seed);
    tcase_add_test(tests, a_file_cut_short_anywhere_is_refused);
    tcase_add_test(tests, a_flipped_bit_is_refused_or_still_a_model);
    tcase_add_loop_test(tests, a_model_is_loaded_only_if_all_its_parts_agree, 0,
                        sizeof models / sizeof *models);
    tcase_add_test(tests, halves_are_loaded_and_what_is_no_layers_is_ignored);
    tcase_add_test(tests, weights_that_are_not_finite_are_neither_saved_nor_loaded);
    tcase_add_test(tests, a_model_that_cannot_be_read_or_written_says_so);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
