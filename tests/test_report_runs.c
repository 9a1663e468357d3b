/* What amkd-report reads of a run: times, commands, agreement held out, parameters. */
#include "base/error.h"
#include "report/run.h"
#include "scratch.h"
#include <math.h>

START_TEST(times_of_a_target_made_again_count_once)
{
    amkd_times times = {0};
    static const char good[] = "amkd-score\ta\t10\t20\namkd-score\tb\t15\t25.5\n"
                               "amkd-train\tc\t30\t40\namkd-train\tc\t50\t51\n";
    put_file("times.tsv", good, strlen(good));
    ck_assert_int_eq(amkd_times_read(&times, "times.tsv"), 0);
    ck_assert_uint_eq(times.n, 2);
    ck_assert_str_eq(times.tools[0].tool, "amkd-score");
    ck_assert(fabs(times.tools[0].seconds - 15.5) < 1e-9);
    ck_assert(fabs(times.tools[1].seconds - 1) < 1e-9);
    free(times.tools);
    times = (amkd_times){0};
    ck_assert_int_eq(amkd_times_read(&times, "missing.tsv"), 0);
    ck_assert_uint_eq(times.n, 0);
    static const char *const bad[] = {"amkd-score\ta\t10\n", "amkd-score\ta\t10\t9\n",
                                      "amkd-score\ta\tx\t9\n", "t\ta\t1\t2\t3\n",
                                      "t\ta\t1\tnan\n"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        put_file("times.tsv", bad[k], strlen(bad[k]));
        ck_assert_int_eq(amkd_times_read(&times, "times.tsv"), -1);
        ck_assert_msg(strstr(amkd_error(), "line 1"), "%s", amkd_error());
    }
}
END_TEST

START_TEST(options_of_commands_are_found_by_their_whole_name)
{
    json_t *command = json_pack("[s, s, s, s, s]", "amkd-train", "--seeds=3", "--seed=7",
                                "--warm", "x.amkd");
    ck_assert_str_eq(amkd_command_option(command, "seed"), "7");
    ck_assert_str_eq(amkd_command_option(command, "warm"), "");
    ck_assert_ptr_null(amkd_command_option(command, "see"));
    json_t *parameters = json_object();
    json_t *made = json_pack("[{s:s, s:O}]", "tool", "amkd-train", "command", command);
    ck_assert_int_eq(amkd_parameters_add(parameters, made, NULL, NULL), 0);
    ck_assert_uint_eq(json_object_size(parameters), 2);
    ck_assert_str_eq(json_string_value(json_object_get(parameters, "amkd-train --seeds")),
                     "3");
    json_decref(parameters);
    json_decref(made);
    json_decref(command);
}
END_TEST

/* What a command of one option leaves among the parameters: "key=value", or "". */
static void leaves(const char *tool, const char *option, const char *expected)
{
    json_t *parameters = json_object(), *value;
    json_t *made = json_pack("[{s:s, s:[s, s]}]", "tool", tool, "command", tool, option);
    char found[128] = "";
    const char *key;
    ck_assert_int_eq(amkd_parameters_add(parameters, made, NULL, NULL), 0);
    json_object_foreach (parameters, key, value)
        snprintf(found, sizeof found, "%s=%s", key, json_string_value(value));
    ck_assert_str_eq(found, expected);
    json_decref(parameters);
    json_decref(made);
}

START_TEST(places_are_no_parameters)
{
    leaves("amkd-train", "--assistant=a/round-3/assistant.safetensors",
           "amkd-train --assistant=");
    leaves("amkd-train", "--augment=--shift 0.05", "amkd-train --augment=--shift 0.05");
    leaves("amkd-score", "--student=a/round-3/assistant.safetensors",
           "amkd-score scorer=assistant");
    leaves("amkd-score", "--student=student.safetensors", "amkd-score scorer=student");
    leaves("amkd-score", "--exclude=a/held-out/labels.amkd", "");
}
END_TEST

/* A round whose answers have such a history: amkd-pool and amkd-score with these words.
 */
static amkd_round round_of(size_t number, const char *pool, const char *set,
                           const char *student)
{
    amkd_round round = {.number = number};
    round.provenance = json_pack("[{s:s, s:[s, s, s]}, {s:s, s:[s, s]}]", "tool",
                                 "amkd-pool", "command", "amkd-pool", pool, set, "tool",
                                 "amkd-score", "command", "amkd-score", student);
    return round;
}

START_TEST(rounds_know_what_they_asked_about_and_whose_doubt_chose)
{
    static const struct {
        const char *pool, *set, *student, *asked, *scorer;
    } cases[] = {
        {"--single", "x/images.amkd", "--student=x/assistant.safetensors", "images",
         "assistant"},
        {"--single", "x/views.amkd", "--student=x/student.safetensors", "views",
         "student"},
        {"--pairs=9", "x/views.amkd", "--by=random", "mixes", "student"},
        {"--pairs=9", "x/images.amkd", "--by=random", "mixes", "student"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        amkd_round round = round_of(1, cases[k].pool, cases[k].set, cases[k].student);
        ck_assert_str_eq(amkd_round_asked(&round), cases[k].asked);
        ck_assert_str_eq(amkd_round_scorer(&round), cases[k].scorer);
        json_decref(round.provenance);
    }
    amkd_round all = {.number = 0}, lost = {.number = 1};
    ck_assert_str_eq(amkd_round_asked(&all), "images");
    ck_assert_ptr_null(amkd_round_asked(&lost));
}
END_TEST

START_TEST(agreement_held_out_is_read_with_its_interval)
{
    static const char good[] = "{\"n\": 30, \"agreement\": 0.5, "
                               "\"agreement_interval\": [0.4, 0.7]}";
    static const char *const bad[] = {
        "",
        "[]",
        "{\"n\": 30, \"agreement\": 0.5}",
        "{\"n\": 0, \"agreement\": 0.5, \"agreement_interval\": [0.4, 0.7]}",
        "{\"n\": 9, \"agreement\": -1, \"agreement_interval\": [-2, 0.7]}",
        "{\"n\": 9, \"agreement\": 0.5, \"agreement_interval\": [0.6, 0.7]}",
        "{\"n\": 9, \"agreement\": 0.5, \"agreement_interval\": [0.4, 0.7, 1]}",
        "{\"n\": 9, \"agreement\": 0.5, \"agreement_interval\": [\"0\", \"1\"]}"};
    amkd_held_out held_out = {0};
    put_file("held-out.json", good, strlen(good));
    ck_assert_int_eq(amkd_held_out_read(&held_out, "held-out.json"), 0);
    ck_assert(held_out.n == 30 && fabs(held_out.agreement - 0.5) < 1e-12);
    ck_assert(fabs(held_out.low - 0.4) < 1e-12 && fabs(held_out.high - 0.7) < 1e-12);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        held_out = (amkd_held_out){0};
        put_file("held-out.json", bad[k], strlen(bad[k]));
        ck_assert_msg(amkd_held_out_read(&held_out, "held-out.json") == -1, "%s", bad[k]);
        ck_assert_msg(!held_out.n, "%s", bad[k]);
        ck_assert_msg(strstr(amkd_error(), "held-out.json"), "%s", amkd_error());
    }
}
END_TEST

START_TEST(settled_parameters_are_read_by_line)
{
    static const char lines[] = "ASSISTANT=\nHOLDOUT=0\nTEACHER=exec:a=b \xff\nno line\n";
    char dir[] = ".";
    amkd_run run = {.dir = dir};
    ck_assert_int_eq(amkd_run_read_settled(&run), 0);
    ck_assert_ptr_null(amkd_run_settled(&run, "HOLDOUT"));
    ck_assert(amkd_run_has_assistants(&run) && amkd_run_holds_out(&run));
    put_file("parameters.txt", lines, strlen(lines));
    ck_assert_int_eq(amkd_run_read_settled(&run), 0);
    ck_assert_str_eq(amkd_run_settled(&run, "HOLDOUT"), "0");
    ck_assert_str_eq(amkd_run_settled(&run, "ASSISTANT"), "");
    ck_assert_ptr_null(amkd_run_settled(&run, "no line"));
    ck_assert(!amkd_run_has_assistants(&run) && !amkd_run_holds_out(&run));
    json_decref(run.settled);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("runs of a report");
    tcase_add_test(tests, times_of_a_target_made_again_count_once);
    tcase_add_test(tests, options_of_commands_are_found_by_their_whole_name);
    tcase_add_test(tests, places_are_no_parameters);
    tcase_add_test(tests, rounds_know_what_they_asked_about_and_whose_doubt_chose);
    tcase_add_test(tests, agreement_held_out_is_read_with_its_interval);
    tcase_add_test(tests, settled_parameters_are_read_by_line);
    Suite *suite = suite_create("runs of a report");
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
