/* amkd_score on streams that no tool writes, and the parsing of lambdas. */
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "scratch.h"
#include "steps/ask/asked.h"
#include "steps/select/lambdas.h"
#include "steps/select/score.h"
#include "stream/stream.h"

enum { NIMAGES = 5 };

static void write_stream(const char *path, const amkd_header *header, const void *rows,
                         size_t nrows)
{
    amkd_writer *writer;
    ck_assert_msg(!amkd_writer_open(&writer, path, header, 0), "%s", amkd_error());
    ck_assert(!amkd_writer_write(writer, rows, nrows));
    ck_assert(!amkd_writer_close(writer));
}

/* Five images of 2 x 2 at images.amkd, and pairs of them at pairs.amkd. */
static void write_pairs(const amkd_pair *pairs, size_t n)
{
    uint8_t pixels[NIMAGES][4];
    scratch_clear();
    for (size_t p = 0; p < sizeof pixels; p++)
        pixels[p / 4][p % 4] = (uint8_t)(p * 37 + p / 4);
    amkd_header header = {0};
    ck_assert(!amkd_images_header(&header, 2, 2, 1, 0, NULL));
    write_stream("images.amkd", &header, pixels, NIMAGES);
    amkd_header_clear(&header);

    amkd_images *images;
    ck_assert(!amkd_images_load(&images, "images.amkd", 0));
    ck_assert(!amkd_pairs_header(&header));
    ck_assert(!amkd_images_put_refs(&header, images));
    write_stream("pairs.amkd", &header, pairs, n);
    amkd_header_clear(&header);
    amkd_images_free(images);
}

static int score(amkd_score_by by, uint64_t k)
{
    static const double half = 0.5;
    json_t *command = json_pack("[s]", "amkd-score");
    const amkd_score_options options = {.pairs = "pairs.amkd",
                                        .student = "student.safetensors",
                                        .by = by,
                                        .lambdas = &half,
                                        .nlambdas = 1,
                                        .k = k,
                                        .output = "picks.amkd",
                                        .quiet = 1,
                                        .command = command};
    amkd_score_counts counts;
    const int rc = amkd_score(&counts, &options);
    json_decref(command);
    return rc;
}

START_TEST(a_pair_that_is_none_is_refused_with_its_row)
{
    static const struct {
        amkd_pair pair;
        const char *message;
    } cases[] = {
        {{3, 1}, "'pairs.amkd': row 2: pair (3, 1), expected"},
        {{2, 2}, "'pairs.amkd': row 2: pair (2, 2), expected"},
        {{1, NIMAGES}, "'pairs.amkd': row 2: pair (1, 5), expected"},
    };
    write_pairs((amkd_pair[]){{0, 1}, {0, 4}, cases[_i].pair, {1, 2}}, 4);
    ck_assert_int_eq(score(AMKD_BY_RANDOM, 0), -1);
    ck_assert_msg(strstr(amkd_error(), cases[_i].message) != NULL, "%s", amkd_error());
    ck_assert_int_ne(access("picks.amkd", F_OK), 0);
}
END_TEST

START_TEST(a_pair_that_comes_twice_is_picked_once)
{
    amkd_reader *reader;
    amkd_pick *picks;
    size_t n;
    write_pairs((amkd_pair[]){{0, 1}, {0, 4}, {0, 1}, {1, 2}, {0, 4}}, 5);
    ck_assert_msg(!score(AMKD_BY_RANDOM, 3), "%s", amkd_error());
    ck_assert(!amkd_reader_open(&reader, "picks.amkd", "picks", 0));
    ck_assert(!amkd_reader_read_all(reader, (void **)&picks, &n));
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_ne(picks[0].j, picks[1].j);
    ck_assert_uint_ne(picks[1].j, picks[2].j);
    ck_assert_uint_ne(picks[0].j, picks[2].j);
    free(picks);
    amkd_reader_close(reader);

    ck_assert_int_eq(score(AMKD_BY_RANDOM, 4), -1);
    ck_assert_str_eq(amkd_error(), "cannot pick 4: the pool has 3 candidates");
}
END_TEST

/* A student of the images, which tells two classes apart. */
static void write_student(float even, float odd)
{
    amkd_graph graph;
    amkd_model *model;
    ck_assert(!amkd_graph_parse(&graph, "fc 3 | fc 2", (amkd_shape){1, 2, 2}, 0));
    ck_assert(!amkd_model_init(&model, &graph, 1));
    for (size_t p = 0; p < graph.nparameters; p++)
        model->parameters[p] = p % 2 ? odd : even;
    ck_assert(!amkd_model_save(model, "student.safetensors"));
    amkd_model_free(model);
    amkd_graph_clear(&graph);
}

START_TEST(a_student_whose_sums_overflow_is_refused)
{
    write_pairs((amkd_pair[]){{0, 1}}, 1);
    write_student(3e38F, -2e38F);
    ck_assert_int_eq(score(AMKD_BY_C2, 0), -1);
    ck_assert_str_eq(amkd_error(),
                     "'student.safetensors': the score of pair (0, 1) is not a number: "
                     "the student's sums overflow");
    ck_assert_int_ne(access("picks.amkd", F_OK), 0);
}
END_TEST

/* Labels of one class about the images of the pairs. */
static void write_labels(void)
{
    static const struct {
        amkd_label_key key;
        float p[1];
    } rows[] = {
        {{3, 4, 0.5F}, {1}}, {{0, 0, 1}, {1}}, {{0, 2, 0.3F}, {1}}, {{3, 4, 0.1F}, {1}}};
    amkd_reader *reader;
    ck_assert(!amkd_reader_open(&reader, "pairs.amkd", "pairs", 0));
    amkd_header header = {0};
    ck_assert(!amkd_labels_header(&header, 1));
    ck_assert(!amkd_images_copy_refs(&header, amkd_reader_header(reader)));
    write_stream("labels.amkd", &header, rows, 4);
    amkd_header_clear(&header);
    amkd_reader_close(reader);
}

START_TEST(a_student_of_other_classes_than_the_bought_answers_is_refused)
{
    static const char *const bought[] = {"labels.amkd"};
    write_pairs((amkd_pair[]){{0, 1}}, 1);
    write_labels();
    write_student(0.1F, 0.2F);
    json_t *command = json_pack("[s]", "amkd-score");
    const amkd_score_options options = {.bought = bought,
                                        .nbought = 1,
                                        .student = "student.safetensors",
                                        .by = AMKD_BY_C2,
                                        .k = 1,
                                        .output = "picks.amkd",
                                        .quiet = 1,
                                        .command = command};
    amkd_score_counts counts;
    ck_assert_int_eq(amkd_score(&counts, &options), -1);
    ck_assert_str_eq(amkd_error(),
                     "'student.safetensors': the network has 2 classes, the data have 1");
    ck_assert_int_ne(access("picks.amkd", F_OK), 0);
    json_decref(command);
}
END_TEST

START_TEST(asked_pairs_and_real_images_are_found)
{
    write_pairs((amkd_pair[]){{0, 1}}, 1);
    write_labels();
    amkd_reader *reader;
    ck_assert(!amkd_reader_open(&reader, "pairs.amkd", "pairs", 0));
    amkd_asked asked = {0};
    const char *paths[] = {"labels.amkd", "labels.amkd"};
    ck_assert_msg(!amkd_asked_load(&asked, paths, 2, amkd_reader_header(reader), 0), "%s",
                  amkd_error());
    ck_assert_uint_eq(asked.n, 3);
    amkd_pair pairs[] = {{3, 4}, {0, 1}, {0, 2}, {2, 4}, {0, 0}, {1, 1}};
    ck_assert_uint_eq(amkd_asked_drop(&asked, pairs, 6), 3);
    ck_assert_mem_eq(pairs, ((amkd_pair[]){{0, 1}, {2, 4}, {1, 1}}), 3 * sizeof *pairs);
    amkd_asked_clear(&asked);
    amkd_reader_close(reader);
}
END_TEST

START_TEST(lambdas_are_grids_with_both_ends_or_lists)
{
    double *lambdas;
    size_t n;
    ck_assert(!amkd_lambdas_parse(&lambdas, &n, AMKD_DEFAULT_LAMBDAS));
    ck_assert_uint_eq(n, 11);
    ck_assert_double_eq(lambdas[0], 0.3);
    ck_assert_double_eq_tol(lambdas[1], 0.34, 1e-15);
    ck_assert_double_eq_tol(lambdas[9], 0.66, 1e-15);
    ck_assert_double_eq(lambdas[10], 0.7);
    free(lambdas);
    ck_assert(!amkd_lambdas_parse(&lambdas, &n, "0.9,0,1,2.5e-1"));
    ck_assert_uint_eq(n, 4);
    ck_assert_double_eq(lambdas[0], 0.9);
    ck_assert_double_eq(lambdas[3], 0.25);
    free(lambdas);
    ck_assert(!amkd_lambdas_parse(&lambdas, &n, "0.5:0.5:1"));
    ck_assert_uint_eq(n, 1);
    free(lambdas);
}
END_TEST

START_TEST(lambdas_that_are_none_are_refused)
{
    static const char *const texts[] = {
        "",        "a",     "0.5,",     ",0.5",    "0.5,,0.6", "0.5 ,0.6",  "1.01",
        "-0.1",    "nan",   "inf",      "0:1",     "0:1:",     "0:1:0",     "0:1:-2",
        "0:1:2.5", "0:1:1", "0:1:4097", "0:1:2:3", "0.5,0.5",  "0.5:0.5:2", " 0.5",
    };
    double *lambdas;
    size_t n;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_msg(amkd_lambdas_parse(&lambdas, &n, texts[t]) == -1, "'%s'", texts[t]);
        ck_assert_ptr_null(lambdas);
    }
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("score");
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, a_pair_that_is_none_is_refused_with_its_row, 0, 3);
    tcase_add_test(test, a_pair_that_comes_twice_is_picked_once);
    tcase_add_test(test, a_student_whose_sums_overflow_is_refused);
    tcase_add_test(test, a_student_of_other_classes_than_the_bought_answers_is_refused);
    tcase_add_test(test, asked_pairs_and_real_images_are_found);
    tcase_add_test(test, lambdas_are_grids_with_both_ends_or_lists);
    tcase_add_test(test, lambdas_that_are_none_are_refused);
    Suite *suite = suite_create("score");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
