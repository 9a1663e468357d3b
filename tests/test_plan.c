/* Choosing between ways by timing them, and what is remembered of it. */
#include "base/clock.h"
#include "base/error.h"
#include "device/plan.h"
#include "scratch.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

static amkd_device *device;

static void open_device(void)
{
    char pocl[512]; /* PoCL's own cache stays where it is: CLBlast compiles for long */
    const char *home = getenv("HOME");
    snprintf(pocl, sizeof pocl, "%s/.cache/pocl/kcache", home ? home : "/tmp");
    setenv("POCL_CACHE_DIR", pocl, 0);
    setenv("XDG_CACHE_HOME", scratch, 1);
    setenv("AMKD_VECTOR_WIDTH", "1", 1); /* as on a GPU, where products are planned */
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
    ck_assert_int_eq(system("rm -r amkd"), 0); /* the plans and programs kept */
}

/* Takes the place of the library's clock, so that a way may take any time. */
static double slept;

double amkd_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return slept + (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Work that leaves a value in a copy of the result after a while. */
typedef struct work {
    cl_mem result;
    float value;
    long time_ms;
    int fails, idles; /* idles: leaves nothing */
    size_t copy;
    int nruns;
} work;

static int run(void *context)
{
    work *w = context;
    w->nruns++;
    if (w->fails)
        return amkd_fail("not on this device");
    slept += 1e-3 * (double)w->time_ms;
    return w->idles ? 0 : amkd_buffer_write(device, w->result, &w->value, 4 * w->copy, 4);
}

enum { FIRST, SECOND, THIRD, FOURTH, FIFTH, NWORKS };
enum { NCOPIES = 2 };

static work works[NWORKS];
static cl_mem result;
static const amkd_sample expected = {.at = 0, .value = 1.00005};
static amkd_result all;

/* A plan whose ways are the first of works, named "0", "1", ... */
static amkd_plan plan_of(const char *what, size_t nways)
{
    amkd_plan plan = {.work = strdup(what), .flops = 1, .nways = nways};
    for (size_t w = 0; w < nways; w++) {
        snprintf(plan.ways[w].name, sizeof plan.ways[w].name, "%zu", w);
        plan.ways[w].run = run;
        plan.ways[w].context = &works[w];
        works[w].result = result;
        works[w].nruns = 0;
    }
    return plan;
}

/* Recalls, or else measures for so many seconds; what the way's fate is in the end. */
static amkd_fate fate_of(const char *what, size_t nways, size_t way, double seconds)
{
    amkd_plan plan = plan_of(what, nways);
    if (!amkd_plan_recall(&plan, device))
        ck_ok(amkd_plan_measure(&plan, device, &all, amkd_now() + seconds));
    const amkd_fate fate = plan.ways[way].fate;
    ck_assert_int_eq(fate == AMKD_FATE_CHOSEN, plan.chosen == way);
    amkd_plan_clear(&plan);
    return fate;
}

static void open_work(void)
{
    open_device();
    ck_ok(amkd_buffer_new(&result, device, CL_MEM_READ_WRITE, NCOPIES * sizeof(float),
                          NULL));
    all = (amkd_result){result, 1, NCOPIES, &expected, 1};
}

static void close_work(void)
{
    amkd_buffer_free(result);
    close_device();
}

START_TEST(the_fastest_right_way_is_chosen_and_remembered)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1.1f};
    works[THIRD] = (work){.fails = 1};
    works[FOURTH] = (work){.value = 1.0001f, .time_ms = 1};
    works[FIFTH] = (work){.idles = 1};
    ck_assert_int_eq(fate_of("a test", 5, FOURTH, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(works[SECOND].nruns, 1);
    ck_assert_int_eq(works[THIRD].nruns, 1);
    ck_assert_int_eq(fate_of("a test", 5, FIRST, 60), AMKD_FATE_SLOWER);
    ck_assert_int_eq(fate_of("a test", 5, SECOND, 60), AMKD_FATE_WRONG);
    ck_assert_int_eq(fate_of("a test", 5, THIRD, 60), AMKD_FATE_FAILED);
    ck_assert_int_eq(fate_of("a test", 5, FOURTH, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("a test", 5, FIFTH, 60), AMKD_FATE_WRONG);
    for (int w = 0; w < NWORKS; w++)
        ck_assert_int_eq(works[w].nruns, 0);
    ck_assert_int_eq(fate_of("another test", 1, FIRST, 60), AMKD_FATE_CHOSEN);
}
END_TEST

START_TEST(what_is_spread_over_copies_otherwise_is_the_same_result)
{
    works[FIRST] = (work){.value = 1, .time_ms = 24};
    works[SECOND] = (work){.value = 1, .copy = 1};
    ck_assert_int_eq(fate_of("copies", 2, SECOND, 60), AMKD_FATE_CHOSEN);
}
END_TEST

START_TEST(a_way_that_leaves_no_number_is_wrong_and_its_plan_is_remembered)
{
    works[FIRST] = (work){.value = 1, .time_ms = 24};
    works[SECOND] = (work){.value = INFINITY};
    works[THIRD] = (work){.value = NAN};
    ck_assert_int_eq(fate_of("no numbers", 3, SECOND, 60), AMKD_FATE_WRONG);
    ck_assert_int_eq(fate_of("no numbers", 3, THIRD, 60), AMKD_FATE_WRONG);
    ck_assert_int_eq(works[SECOND].nruns, 0);
}
END_TEST

START_TEST(a_way_far_from_float64_is_wrong_though_it_is_near_the_first)
{
    works[FIRST] = (work){.value = 1, .time_ms = 24};
    works[SECOND] = (work){.value = 1.0005f};
    works[THIRD] = (work){.value = 1.0001f};
    ck_assert_int_eq(fate_of("errors", 3, SECOND, 60), AMKD_FATE_WRONG);
    for (int recalled = 0; recalled < 2; recalled++) {
        amkd_plan plan = plan_of(recalled ? "errors" : "errors again", 3);
        if (recalled)
            ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
        else
            ck_ok(amkd_plan_measure(&plan, device, &all, amkd_now() + 60));
        ck_assert_double_eq_tol(plan.ways[FIRST].error, 0.5e-4, 1e-6);
        ck_assert_double_eq_tol(plan.ways[SECOND].error, 4.5e-4, 1e-6);
        ck_assert_double_eq_tol(plan.ways[THIRD].error, 0.5e-4, 1e-6);
        amkd_plan_clear(&plan);
    }
}
END_TEST

START_TEST(other_bits_must_win_clearly_and_the_same_bits_just_win)
{
    works[FIRST] = (work){.value = 1, .time_ms = 24};
    works[SECOND] = (work){.value = 1.0001f, .time_ms = 20};
    works[THIRD] = (work){.value = 1, .time_ms = 20};
    ck_assert_int_eq(fate_of("other bits", 2, FIRST, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("the same bits", 3, THIRD, 60), AMKD_FATE_CHOSEN);
    works[SECOND].time_ms = 16;
    works[THIRD].time_ms = 14; /* has other bits than the second, which is chosen */
    ck_assert_int_eq(fate_of("clearly", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("back", 3, SECOND, 60), AMKD_FATE_CHOSEN);
    works[SECOND] = (work){.value = 1, .time_ms = 24};
    ck_assert_int_eq(fate_of("a tie", 2, FIRST, 60), AMKD_FATE_CHOSEN);
}
END_TEST

START_TEST(what_there_was_no_time_for_is_timed_by_a_later_run)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1, .time_ms = 1};
    ck_assert_int_eq(fate_of("in time", 2, FIRST, 0), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(works[SECOND].nruns, 0);
    amkd_plan plan = plan_of("in time", 2);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNKNOWN);
    amkd_plan_clear(&plan);
    ck_assert_int_eq(fate_of("in time", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    plan = plan_of("in time", 2);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    amkd_plan_clear(&plan);
}
END_TEST

/* The library's clock of days, moved. */
static time_t moved;

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec + moved;
    return now.tv_sec + moved;
}

START_TEST(what_failed_is_tried_again_after_a_day)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1, .time_ms = 1, .fails = 1};
    ck_assert_int_eq(fate_of("a full device", 2, SECOND, 60), AMKD_FATE_FAILED);
    works[SECOND].fails = 0; /* there is memory again */
    moved = 23 * 60 * 60;
    ck_assert_int_eq(fate_of("a full device", 2, SECOND, 60), AMKD_FATE_FAILED);
    ck_assert_int_eq(works[SECOND].nruns, 0);
    moved = 25 * 60 * 60;
    ck_assert_int_eq(fate_of("a full device", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    moved = 0;
}
END_TEST

START_TEST(plans_of_other_drivers_sources_and_ways_are_not_recalled)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1, .time_ms = 1};
    ck_assert_int_eq(fate_of("before", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    amkd_plan plan = plan_of("before", 2);
    plan.sources[1] = "another kernel";
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    plan.sources[1] = NULL;
    plan.others = (const char *const[]){"kernels", "of another way", NULL};
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    plan.others = NULL;
    device->driver[0] ^= 1;
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    device->driver[0] ^= 1;
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    strcpy(plan.ways[SECOND].name, "unheard of");
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    amkd_plan_clear(&plan);
}
END_TEST

START_TEST(ways_not_for_the_device_are_neither_run_nor_waited_for)
{
    works[FIRST] = (work){.value = 1};
    amkd_plan plan = plan_of("unfit", 2);
    plan.ways[SECOND].run = NULL;
    ck_ok(amkd_plan_measure(&plan, device, &all, amkd_now() + 60));
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNFIT);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNFIT);
    amkd_plan_clear(&plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_add_unchecked_fixture(tests, open_work, close_work);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_fastest_right_way_is_chosen_and_remembered);
    tcase_add_test(tests, what_is_spread_over_copies_otherwise_is_the_same_result);
    tcase_add_test(tests,
                   a_way_that_leaves_no_number_is_wrong_and_its_plan_is_remembered);
    tcase_add_test(tests, a_way_far_from_float64_is_wrong_though_it_is_near_the_first);
    tcase_add_test(tests, other_bits_must_win_clearly_and_the_same_bits_just_win);
    tcase_add_test(tests, what_there_was_no_time_for_is_timed_by_a_later_run);
    tcase_add_test(tests, what_failed_is_tried_again_after_a_day);
    tcase_add_test(tests, plans_of_other_drivers_sources_and_ways_are_not_recalled);
    tcase_add_test(tests, ways_not_for_the_device_are_neither_run_nor_waited_for);
    suite_add_tcase(suite, tests);
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* a device does not survive a fork */
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
