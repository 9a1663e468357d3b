/* Weights of other programs: by their names they become a model, and what does not fit is
 * said all at once. */
#include "base/error.h"
#include "base/memory.h"
#include "net/model.h"
#include "net/model_weights.h"
#include "net/published.h"
#include "net/weight_names.h"
#include "scratch.h"
#include <math.h>

static const char path[] = "w.safetensors";
static const amkd_shape cifar = {3, 32, 32};

static amkd_model *new_model(const char *text, amkd_shape in, size_t nclasses)
{
    amkd_graph graph;
    amkd_model *model;
    ck_assert_msg(!amkd_graph_parse(&graph, text, in, nclasses), "%s", amkd_error());
    ck_assert_int_eq(amkd_model_init(&model, &graph, 3), 0);
    amkd_graph_clear(&graph);
    return model;
}

/* A file of somebody else's is gathered here. */
typedef struct writing {
    amkd_tensors tensors;
    size_t way;
} writing;

static int add(void *context, const amkd_tensor *tensor)
{
    writing *w = context;
    amkd_tensor *added = &w->tensors.tensors[w->tensors.n++];
    *added = *tensor;
    ck_assert_int_eq(amkd_weight_name(added->name, w->way, tensor->name), 1);
    return 0;
}

/* The tensors of a model in one way of names, with room for more. */
static writing begin_file(const amkd_model *model, size_t way)
{
    enum { ROOM = 512 };
    writing w = {.way = way};
    w.tensors.tensors = amkd_alloc(ROOM, sizeof *w.tensors.tensors);
    ck_assert_ptr_nonnull(w.tensors.tensors);
    ck_assert_int_eq(amkd_model_for_parameters(model, add, &w), 0);
    return w;
}

static void end_file(writing *w)
{
    ck_assert_msg(!amkd_tensors_write(&w->tensors, path), "%s", amkd_error());
    amkd_tensors_clear(&w->tensors);
}

static amkd_tensor *find(writing *w, const char *name)
{
    for (size_t t = 0; t < w->tensors.n; t++)
        if (!strcmp(w->tensors.tensors[t].name, name))
            return &w->tensors.tensors[t];
    ck_abort_msg("no tensor %s", name);
    return NULL;
}

static void expect_refused(const char *spec, const char *message)
{
    amkd_model *model;
    ck_assert_int_eq(amkd_model_load(&model, spec), -1);
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "expected '%s' in: %s", message,
                  amkd_error());
}

START_TEST(every_way_of_names_gives_the_same_model)
{
    static const char spec[] =
        "w.safetensors,arch=resnet8,mean=0.5:0.4:0.3,std=0.25:1:2,input=3x32x32";
    char name[AMKD_WEIGHT_NBYTES];
    amkd_model *model = new_model("resnet8", cifar, 7), *again;
    for (size_t way = 0; amkd_weight_name(name, way, ""); way++) {
        writing w = begin_file(model, way);
        end_file(&w);
        ck_assert_msg(!amkd_model_load(&again, spec), "%s", amkd_error());
        ck_assert_uint_eq(again->graph.nclasses, 7);
        ck_assert_str_eq(again->graph.text, model->graph.text);
        ck_assert_mem_eq(again->parameters, model->parameters,
                         model->graph.nparameters * sizeof(float));
        ck_assert_float_eq(again->mean[1], 0.4F);
        ck_assert_float_eq(again->std[2], 2);
        ck_assert_ptr_null(amkd_model_remark(again));
        amkd_model_free(again);
    }
    amkd_model_free(model);
}
END_TEST

START_TEST(modules_have_the_names_of_each_program)
{
    static const struct {
        size_t way;
        const char *ours, *theirs;
    } cases[] = {
        {0, "layer1.0.conv1.weight", "layer1.0.conv1.weight"},
        {1, "fc.bias", "module.fc.bias"},
        {3, "fc.bias", "module.linear.bias"},
        {3, "layer2.0.bn1.running_mean", "module.layer2.0.bn1.running_mean"},
        {4, "layer2.0.downsample.1.weight", "layer2.0.shortcut.1.weight"},
        {6, "features.0.1.running_var", "bn1.running_var"},
        {6, "features.1.conv.1.weight", "blocks.0.0.conv_pw.weight"},
        {6, "features.2.conv.0.0.weight", "blocks.1.0.conv_pw.weight"},
        {6, "features.10.conv.1.1.bias", "blocks.3.3.bn2.bias"},
        {7, "features.17.conv.3.bias", "module.blocks.6.0.bn3.bias"},
        {6, "features.18.0.weight", "conv_head.weight"},
        {6, "classifier.1.weight", "classifier.weight"},
        {8, "conv_stem.weight", "_conv_stem.weight"},
        {8, "bn2.bias", "_bn1.bias"},
        {8, "blocks.0.0.bn2.bias", "_blocks.0._bn2.bias"},
        {8, "blocks.5.3.bn2.bias", "_blocks.14._bn1.bias"},
        {8, "blocks.6.0.conv_pwl.weight", "_blocks.15._project_conv.weight"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char name[AMKD_WEIGHT_NBYTES];
        ck_assert_int_eq(amkd_weight_name(name, cases[c].way, cases[c].ours), 1);
        ck_assert_str_eq(name, cases[c].theirs);
    }
}
END_TEST

START_TEST(all_tensors_that_do_not_fit_are_listed)
{
    amkd_model *model = new_model("resnet8", cifar, 7);
    float other[16] = {0};
    writing w = begin_file(model, 0);
    strcpy(find(&w, "conv1.weight")->name, "first.weight");
    find(&w, "layer1.0.conv2.weight")->shape[0] = 8;
    find(&w, "bn1.bias")->data = other;
    other[3] = NAN;
    end_file(&w);
    static const char spec[] = "w.safetensors,arch=resnet8,mean=0:0:0,std=1:1:1";
    expect_refused(spec,
                   "'w.safetensors': 4 tensors do not fit: 1 that the network has not, "
                   "1 of the network that are missing, 1 of other shapes, 1 of "
                   "other types or with bad values:\n  tensor '");
    expect_refused(spec, "tensor 'conv1.weight' is missing");
    expect_refused(spec, "tensor 'first.weight': the architecture has no such parameter");
    expect_refused(spec, "tensor 'layer1.0.conv2.weight': its shape is 8x16x3x3, that of "
                         "the architecture is 16x16x3x3");
    expect_refused(spec, "tensor 'bn1.bias': value 3 is nan, expected finite numbers");
    amkd_model_free(model);
}
END_TEST

START_TEST(a_variance_is_not_below_0)
{
    amkd_model *model = new_model("resnet8", cifar, 7);
    float other[16] = {0};
    writing w = begin_file(model, 0);
    find(&w, "bn1.running_var")->data = other;
    other[3] = -1;
    end_file(&w);
    expect_refused("w.safetensors,arch=resnet8,mean=0:0:0,std=1:1:1",
                   "tensor 'bn1.running_var': value 3 is -1, expected 0 or more");
    amkd_model_free(model);
}
END_TEST

START_TEST(a_surplus_block_of_a_larger_network_is_not_ignored)
{
    amkd_model *model = new_model("resnet20", cifar, 7), *smaller;
    amkd_beginning begun;
    ck_assert_int_eq(amkd_model_save(model, path), 0);
    smaller = new_model("resnet8", cifar, 7);
    ck_assert_int_eq(amkd_model_begin(smaller, path, "resnet8", &begun), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "is asked for"));
    writing w = begin_file(model, 0);
    end_file(&w);
    ck_assert_int_eq(amkd_model_begin(smaller, path, "resnet8", &begun), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "tensor 'layer1.2.conv1.weight': the "
                                               "architecture has no such parameter"));
    amkd_model_free(model);
    amkd_model_free(smaller);
}
END_TEST

START_TEST(a_network_that_is_another_is_told_by_its_first_other_layer)
{
    static const char text[] = "conv 4 k3 | relu | maxpool 2 | fc 3";
    const struct {
        const char *text, *message;
    } cases[] = {
        {"conv 4 k3 | relu | maxpool 3 | fc 3",
         "'w.safetensors': holds another network: its layer 3 is '2: maxpool 2', but '2: "
         "maxpool 3' is asked for"},
        {"conv 4 k3 | relu | maxpool 2 | x: fc 3",
         "its layer 5 is '4: fc 3', but 'x: fc"},
        {"conv 4 k3 | relu | maxpool 2 | fc 4 | relu | fc 3", "its layer 5 is '4: fc 3'"},
        {"conv 4 k3 | relu | maxpool 2 | fc 3 | fc 3",
         "it has 5 layers, but 6 are asked for"},
    };
    amkd_model *model = new_model(text, cifar, 3);
    ck_assert_int_eq(amkd_model_save(model, path), 0);
    amkd_model_free(model);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_beginning begun;
        model = new_model(cases[c].text, cifar, 3);
        ck_assert_int_eq(amkd_model_begin(model, path, cases[c].text, &begun), -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL, "%s", amkd_error());
        ck_assert_uint_lt(strlen(amkd_error()), 200);
        amkd_model_free(model);
    }
}
END_TEST

/* The sentence stands only where the other stem's weights would really do. */
START_TEST(weights_of_the_other_stem_are_told_what_they_fit)
{
    static const char by_text[] =
        "They fit the text that 'amkd-train --summary -a resnet18 "
        "--input 3x224x224 --classes 7' prints last";
    const amkd_shape large = {3, 224, 224};
    amkd_beginning begun;
    amkd_model *model = new_model("resnet18", cifar, 7), *small;
    writing w = begin_file(model, 0);
    end_file(&w);
    expect_refused("w.safetensors,arch=resnet18",
                   "They fit ',arch=resnet18,input=3x32x32'");
    amkd_model_free(model);
    model = new_model("resnet18", large, 7);
    w = begin_file(model, 0);
    end_file(&w);
    expect_refused("w.safetensors,arch=resnet18,input=3x32x32", by_text);
    small = new_model("resnet18", cifar, 7);
    for (int own = 0; own < 2; own++) {
        ck_assert_int_eq(amkd_model_begin(small, path, "resnet18", &begun), -1);
        ck_assert_msg(strstr(amkd_error(), by_text) != NULL, "%s", amkd_error());
        ck_assert_int_eq(amkd_model_save(model, path), 0);
    }
    w = begin_file(model, 0);
    find(&w, "layer1.0.conv1.weight")->shape[0] = 32;
    end_file(&w);
    ck_assert_int_eq(amkd_model_begin(small, path, "resnet18", &begun), -1);
    ck_assert_ptr_null(strstr(amkd_error(), "They fit"));
    amkd_model_free(model);
    amkd_model_free(small);
}
END_TEST

/* Floats of the last layer, behind which there is only state. */
static size_t head_begin(const amkd_model *model)
{
    return model->graph.layers[model->graph.nlayers - 1].parameters[0].offset;
}

START_TEST(a_head_for_other_classes_starts_afresh_and_the_rest_is_taken)
{
    for (int own = 0; own < 2; own++) {
        amkd_model *source = new_model("resnet8", cifar, 7), *model;
        amkd_beginning begun;
        for (size_t p = 0; p < source->graph.nparameters; p++)
            source->parameters[p] = (float)p;
        source->mean[0] = 0.25F;
        source->class_names =
            json_pack("[s, s, s, s, s, s, s]", "a", "b", "c", "d", "e", "f", "g");
        if (own)
            ck_assert_int_eq(amkd_model_save(source, path), 0);
        else {
            writing w = begin_file(source, 3);
            end_file(&w);
        }
        model = new_model("resnet8", cifar, 4);
        const size_t n = head_begin(model);
        float *fresh = amkd_alloc(model->graph.ntrained, sizeof *fresh);
        memcpy(fresh, model->parameters, model->graph.ntrained * sizeof *fresh);
        ck_assert_msg(!amkd_model_begin(model, path, "resnet8", &begun), "%s",
                      amkd_error());
        ck_assert_int_eq(begun.fresh_head, 1);
        ck_assert_int_eq(begun.has_scales, own);
        ck_assert_float_eq(model->mean[0], own ? 0.25F : 0);
        ck_assert_ptr_null(model->class_names);
        ck_assert_mem_eq(model->parameters, source->parameters, n * sizeof *fresh);
        ck_assert_mem_eq(model->parameters + n, fresh + n,
                         (model->graph.ntrained - n) * sizeof *fresh);
        ck_assert_mem_eq(model->parameters + model->graph.ntrained,
                         source->parameters + source->graph.ntrained,
                         (model->graph.nparameters - model->graph.ntrained) *
                             sizeof *fresh);
        free(fresh);
        amkd_model_free(model);
        model = new_model("resnet8", cifar, 7);
        ck_assert_int_eq(amkd_model_begin(model, path, "resnet8", &begun), 0);
        ck_assert_int_eq(begun.fresh_head, 0);
        amkd_model_free(model);
        amkd_model_free(source);
    }
}
END_TEST

START_TEST(a_count_of_batches_is_written_for_pytorch)
{
    amkd_model *model = new_model("conv 1 k1 | bn1: bn | fc 3", (amkd_shape){1, 1, 1}, 3);
    amkd_tensors tensors;
    ck_assert_int_eq(amkd_model_save(model, path), 0);
    ck_assert_int_eq(amkd_tensors_read(&tensors, path), 0);
    /* Whole numbers of 8 bytes stand at multiples of 8: first. */
    ck_assert_str_eq(tensors.tensors[0].name, "bn1.num_batches_tracked");
    ck_assert_str_eq(tensors.tensors[0].dtype, "I64");
    ck_assert_uint_eq(tensors.tensors[0].ndim, 0);
    amkd_tensors_clear(&tensors);
    amkd_model *again;
    ck_assert_msg(!amkd_model_load(&again, path), "%s", amkd_error());
    ck_assert_uint_eq(again->nignored, 0);
    ck_assert_mem_eq(again->parameters, model->parameters,
                     model->graph.nparameters * sizeof(float));
    amkd_model_free(again);
    amkd_model_free(model);
}
END_TEST

START_TEST(what_is_usual_for_a_network_stands_in_for_what_is_not_said)
{
    amkd_model *model = new_model("resnet18", (amkd_shape){3, 224, 224}, 2), *again;
    writing w = begin_file(model, 0);
    end_file(&w);
    ck_assert_msg(!amkd_model_load(&again, "w.safetensors,arch=resnet18"), "%s",
                  amkd_error());
    ck_assert_uint_eq(again->graph.in.height, 224);
    ck_assert_float_eq(again->mean[0], 0.485F);
    ck_assert_float_eq(again->std[2], 0.225F);
    char *remark = amkd_model_remark(again);
    ck_assert_str_eq(remark, "mean and deviation are those usual for the network");
    free(remark);
    amkd_model_free(again);
    amkd_model_free(model);
}
END_TEST

START_TEST(what_is_said_wrongly_of_a_file_is_refused)
{
    static const struct {
        const char *spec, *message;
    } cases[] = {
        {"w.safetensors", "no \"amkd.arch\" in its metadata"},
        {"w.safetensors,arch=resnet8", "'mean=' and 'std=' are missing"},
        {"w.safetensors,arch=resnet8,mean=0:0:0", "'std=' is missing"},
        {"w.safetensors,arch=resnet8,mean=0:0,std=1:1:1", "mean is '0:0', expected 3"},
        {"w.safetensors,arch=resnet8,mean=0:0:0,std=1:0:1", "std of channel 1 is 0"},
        {"w.safetensors,arch=fc classes", "'input=CHANNELSxHEIGHTxWIDTH' is missing"},
        {"w.safetensors,arch=resnet8,input=3x32", "input: '3x32', expected CHANNELSx"},
        {"w.safetensors,arch=resnet8,size=3", "'size=3' is none of arch, input, mean"},
        {"w.safetensors,arch=resnet8,arch=resnet20", "arch is given twice"},
        {"w.safetensors,arch=resnet9,input=3x32x32", "no network is called 'resnet9'"},
        {"w.safetensors,arch=head: fc classes,input=3x32x32",
         "tensor 'head.weight' is missing, which tells the number of classes"},
        {"own.safetensors,arch=resnet8", "the file says its network itself"},
        {"none.safetensors,arch=resnet8", "'none.safetensors'"},
    };
    amkd_model *model = new_model("resnet8", cifar, 7);
    writing w = begin_file(model, 0);
    end_file(&w);
    ck_assert_int_eq(amkd_model_save(model, "own.safetensors"), 0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        expect_refused(cases[c].spec, cases[c].message);
    amkd_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("published");
    TCase *tests = tcase_create("published");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_way_of_names_gives_the_same_model);
    tcase_add_test(tests, modules_have_the_names_of_each_program);
    tcase_add_test(tests, all_tensors_that_do_not_fit_are_listed);
    tcase_add_test(tests, a_variance_is_not_below_0);
    tcase_add_test(tests, a_surplus_block_of_a_larger_network_is_not_ignored);
    tcase_add_test(tests, a_network_that_is_another_is_told_by_its_first_other_layer);
    tcase_add_test(tests, weights_of_the_other_stem_are_told_what_they_fit);
    tcase_add_test(tests, a_head_for_other_classes_starts_afresh_and_the_rest_is_taken);
    tcase_add_test(tests, a_count_of_batches_is_written_for_pytorch);
    tcase_add_test(tests, what_is_usual_for_a_network_stands_in_for_what_is_not_said);
    tcase_add_test(tests, what_is_said_wrongly_of_a_file_is_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
