/* Runs of a report grouped into methods: their names, families and levels. */
#include "report/methods.h"
#include "scratch.h"

/* A run of these parameters, "key value" in turn. */
static amkd_run run_of(const char *seed, size_t nimages, const char *const *parameters)
{
    amkd_run run = {.nimages = nimages, .nrounds = 2, .parameters = json_object()};
    snprintf(run.seed, sizeof run.seed, "%s", seed);
    for (; *parameters; parameters += 2)
        json_object_set_new(run.parameters, parameters[0], json_string(parameters[1]));
    static amkd_round rounds[2];
    run.rounds = rounds;
    return run;
}

static void free_runs(amkd_run *runs, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        free(runs[r].dir);
        json_decref(runs[r].parameters);
    }
}

START_TEST(methods_are_named_by_what_tells_them_apart)
{
    static const char *const c2[] = {"amkd-score --by",
                                     "c2",
                                     "amkd-score --lambda",
                                     "0.3:0.7:11",
                                     "amkd-pool --pairs",
                                     "1000",
                                     "amkd-train --steps",
                                     "60",
                                     "run images",
                                     "60",
                                     NULL};
    static const char *const random[] = {"amkd-score --by",
                                         "random",
                                         "amkd-score --lambda",
                                         "0.5",
                                         "amkd-pool --pairs",
                                         "1000",
                                         "amkd-train --steps",
                                         "60",
                                         "run images",
                                         "60",
                                         NULL};
    static const char *const few[] = {"amkd-score --by",
                                      "c2",
                                      "amkd-score --lambda",
                                      "0.3:0.7:11",
                                      "amkd-train --steps",
                                      "60",
                                      "run images",
                                      "40",
                                      NULL};
    static const char *const fewer[] = {"amkd-score --by",
                                        "c2",
                                        "amkd-score --lambda",
                                        "0.3:0.7:11",
                                        "amkd-pool --pairs",
                                        "400",
                                        "amkd-train --steps",
                                        "60",
                                        "run images",
                                        "30",
                                        NULL};
    static const char *const long_c2[] = {"amkd-score --by",
                                          "c2",
                                          "amkd-score --lambda",
                                          "0.3:0.7:11",
                                          "amkd-pool --pairs",
                                          "1000",
                                          "amkd-train --steps",
                                          "90",
                                          "run images",
                                          "60",
                                          NULL};
    amkd_run runs[] = {run_of("1", 60, c2),      run_of("1", 60, random),
                       run_of("2", 60, c2),      run_of("1", 40, few),
                       run_of("1", 60, long_c2), run_of("1", 30, fewer)};
    const size_t nruns = sizeof runs / sizeof *runs;
    for (size_t r = 0; r < nruns; r++)
        runs[r].dir = strdup(r % 2 ? "b/seed-1" : "amkd-run");
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, nruns), 0);
    ck_assert_uint_eq(methods.n, 5);
    ck_assert_uint_eq(methods.methods[0].nruns, 2);
    ck_assert_str_eq(methods.methods[0].name, "c2, steps=60, 60 images");
    ck_assert_str_eq(methods.methods[1].name, "random, steps=60, 60 images");
    ck_assert_str_eq(methods.methods[2].name, "c2, steps=60, 40 images");
    ck_assert_str_eq(methods.methods[3].name, "c2, steps=90, 60 images");
    /* All pairs of fewer images, and a smaller pool, are no other method. */
    ck_assert_uint_eq(methods.methods[2].family, methods.methods[0].family);
    ck_assert_uint_eq(methods.methods[4].family, methods.methods[0].family);
    ck_assert_uint_ne(methods.methods[1].family, methods.methods[0].family);
    ck_assert_uint_ne(methods.methods[3].family, methods.methods[0].family);
    amkd_methods_clear(&methods);
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 1), 0);
    ck_assert_str_eq(methods.methods[0].name, "");
    amkd_methods_clear(&methods);
    free_runs(runs, nruns);
}
END_TEST

START_TEST(levels_have_assistants_where_no_student_is)
{
    static const char *const none[] = {"run images", "60", NULL};
    amkd_run run = run_of("1", 60, none);
    amkd_round rounds[] = {
        {.total = 30,
         .assistant = {.known = 1, .success = 0.75, .teacher = {.accuracy = 0.9}}},
        {.total = 50,
         .student = {.known = 1, .success = 0.5, .teacher = {.accuracy = 0.9}},
         .assistant = {.known = 1, .success = 0.875, .teacher = {.accuracy = 0.9}},
         .held_out = {.n = 9, .agreement = 0.5, .low = 0.25, .high = 0.625}}};
    run.dir = strdup("x");
    run.rounds = rounds;
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, &run, 1), 0);
    const amkd_level *levels = methods.methods[0].levels;
    ck_assert_uint_eq(methods.methods[0].nlevels, 2);
    ck_assert(!levels[0].success.n && levels[0].assistant_success.mean == 0.75);
    ck_assert(levels[0].teacher_accuracy.n == 1 && !levels[0].held_out.n);
    ck_assert(levels[1].success.mean == 0.5 && levels[1].assistant_success.mean == 0.875);
    ck_assert(levels[1].teacher_accuracy.n == 1 && levels[1].held_out_low.mean == 0.25);
    ck_assert_ptr_eq(amkd_run_measured(&run), &rounds[1]);
    run.nrounds = 1;
    ck_assert_ptr_null(amkd_run_measured(&run));
    ck_assert_ptr_eq(amkd_run_teacher(&run), &rounds[0].assistant.teacher);
    amkd_methods_clear(&methods);
    free(run.dir);
    json_decref(run.parameters);
}
END_TEST

/* Of many images there are fewer views of each: no other method, of equally many it is.
 */
START_TEST(views_that_go_by_images_are_of_one_family)
{
    static const char *const few[] = {"amkd-augment --views", "30", "run images", "60",
                                      NULL};
    static const char *const many[] = {"amkd-augment --views", "5", "run images", "90",
                                       NULL};
    static const char *const fewer[] = {"amkd-augment --views", "5", "run images", "60",
                                        NULL};
    amkd_run runs[] = {run_of("1", 60, few), run_of("1", 90, many),
                       run_of("1", 60, fewer)};
    for (size_t r = 0; r < 3; r++)
        runs[r].dir = strdup("x");
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 2), 0);
    ck_assert_uint_eq(methods.nfamilies, 1);
    amkd_methods_clear(&methods);
    amkd_run equal[] = {runs[0], runs[2]};
    ck_assert_int_eq(amkd_methods_find(&methods, equal, 2), 0);
    ck_assert_uint_eq(methods.nfamilies, 2);
    ck_assert_str_eq(methods.methods[0].name, "views=30");
    amkd_methods_clear(&methods);
    free_runs(runs, 3);
}
END_TEST

START_TEST(methods_are_named_by_their_arms)
{
    static const char *const c2[] = {"amkd-score --by", "c2", "run images", "60", NULL};
    static const char *const few[] = {"amkd-score --by", "c2", "run images", "40", NULL};
    amkd_run runs[] = {run_of("1", 60, c2), run_of("2", 60, c2), run_of("1", 60, c2),
                       run_of("1", 40, few)};
    static const char *const dirs[] = {"x/a.b/seed-1", "a.b/seed-2", "/b/seed-1",
                                       "b/seed-2"};
    for (size_t r = 0; r < 4; r++)
        runs[r].dir = strdup(dirs[r]);
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 4), 0);
    ck_assert_uint_eq(methods.n, 3);
    ck_assert_str_eq(methods.methods[0].name, "a.b");
    ck_assert_str_eq(methods.methods[0].words, "60 images");
    ck_assert_str_eq(methods.methods[1].name, "b, 60 images");
    ck_assert_str_eq(methods.methods[2].name, "b, 40 images");
    amkd_methods_clear(&methods);
    /* One elsewhere: none is. */
    static const char *const elsewhere[] = {"seed-1",    "../seed-1",  "b/seed-",
                                            "b/seed-1x", "b/seed-1/x", "b-seed-1"};
    for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++) {
        free(runs[3].dir);
        runs[3].dir = strdup(elsewhere[k]);
        ck_assert_int_eq(amkd_methods_find(&methods, runs, 4), 0);
        ck_assert_uint_eq(methods.n, 2);
        ck_assert_str_eq(methods.methods[0].name, "60 images");
        amkd_methods_clear(&methods);
    }
    free_runs(runs, 4);
}
END_TEST

START_TEST(architectures_are_cut_where_names_differ_anyway)
{
    static const char *const arch[] = {"assistant --arch", "conv 8 | relu | fc classes",
                                       "run images", "60", NULL};
    static const char *const none[] = {"run images", "60", NULL};
    static const char *const other[] = {"assistant --arch", "conv 8 | tanh | fc classes",
                                        "run images", "60", NULL};
    amkd_run runs[] = {run_of("1", 60, arch), run_of("1", 60, none),
                       run_of("1", 60, other)};
    for (size_t r = 0; r < 3; r++)
        runs[r].dir = strdup("x");
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 2), 0);
    ck_assert_str_eq(methods.methods[0].name, "assistant arch=conv 8 | ... | fc classes");
    ck_assert_str_eq(methods.methods[0].words,
                     "assistant arch=conv 8 | relu | fc classes");
    ck_assert_str_eq(methods.methods[1].name, "plain");
    amkd_methods_clear(&methods);
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 3), 0);
    ck_assert_str_eq(methods.methods[2].name,
                     "assistant arch=conv 8 | tanh | fc classes");
    amkd_methods_clear(&methods);
    free_runs(runs, 3);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("methods of a report");
    tcase_add_test(tests, methods_are_named_by_what_tells_them_apart);
    tcase_add_test(tests, levels_have_assistants_where_no_student_is);
    tcase_add_test(tests, views_that_go_by_images_are_of_one_family);
    tcase_add_test(tests, methods_are_named_by_their_arms);
    tcase_add_test(tests, architectures_are_cut_where_names_differ_anyway);
    Suite *suite = suite_create("methods of a report");
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
