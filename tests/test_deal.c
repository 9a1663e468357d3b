/* Work that several devices share (device/deal.h), on devices that nothing runs on. */
#include "base/error.h"
#include "device/deal.h"
#include "device/device.h"
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NDEVICES = 3, MOST = 1000 };

static amkd_device devices[NDEVICES];
static amkd_device *const list[NDEVICES] = {&devices[0], &devices[1], &devices[2]};

typedef struct record {
    atomic_int busy[NDEVICES];
    atomic_int times[MOST]; /* how often each row was dealt out */
    atomic_size_t nrows[NDEVICES];
    size_t total, step, most[NDEVICES];
    size_t failing; /* the device that fails; NDEVICES: none */
    pthread_t thread;
} record;

static void name_devices(void)
{
    for (size_t d = 0; d < NDEVICES; d++) {
        devices[d].index = d + 4;
        snprintf(devices[d].name, sizeof devices[d].name, d == 1 ? "other" : "same");
    }
}

static int work(void *context, size_t device, size_t first, size_t n)
{
    record *r = context;
    r->thread = pthread_self();
    ck_assert_int_eq(atomic_fetch_add(&r->busy[device], 1), 0);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_le(first + n, r->total);
    ck_assert_uint_eq(first % r->step, 0);
    ck_assert(n % r->step == 0 || first + n == r->total);
    ck_assert_uint_le(n, r->most[device] < r->step ? r->step : r->most[device]);
    for (size_t row = first; row < first + n; row++)
        atomic_fetch_add(&r->times[row], 1);
    atomic_fetch_add(&r->nrows[device], n);
    atomic_fetch_sub(&r->busy[device], 1);
    return device == r->failing ? amkd_fail("no more") : 0;
}

static int deal_out(record *r, size_t ndevices)
{
    const amkd_deal deal = {.devices = list,
                            .ndevices = ndevices,
                            .most = r->most,
                            .step = r->step,
                            .work = work,
                            .context = r};
    return amkd_deal_out(&deal, r->total);
}

START_TEST(every_row_is_dealt_out_once_in_whole_steps)
{
    static const struct {
        size_t total, step, most[NDEVICES];
    } cases[] = {
        {0, 1, {5, 5, 5}},        {1, 16, {64, 64, 64}},     {997, 1, {1, 7, 1000}},
        {997, 16, {5, 48, 1000}}, {1000, 32, {33, 32, 999}}, {47, 16, {16, 16, 16}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t ndevices = 2; ndevices <= NDEVICES; ndevices++) {
            record r = {.total = cases[c].total, .step = cases[c].step, .failing = 9};
            memcpy(r.most, cases[c].most, sizeof r.most);
            ck_assert_int_eq(deal_out(&r, ndevices), 0);
            for (size_t row = 0; row < r.total; row++)
                ck_assert_int_eq(r.times[row], 1);
        }
}
END_TEST

START_TEST(no_device_takes_more_at_a_time_than_an_even_share)
{
    record r = {.total = 90, .step = 1, .failing = 9, .most = {30, 30, 30}};
    ck_assert_int_eq(deal_out(&r, 3), 0);
    for (size_t d = 0; d < NDEVICES; d++)
        ck_assert_uint_eq(r.nrows[d] % 30, 0);
}
END_TEST

START_TEST(one_device_has_all_at_once_in_the_callers_thread)
{
    record r = {.total = 997, .step = 16, .most = {MOST}, .failing = 9};
    ck_assert_int_eq(deal_out(&r, 1), 0);
    ck_assert_uint_eq(r.nrows[0], 997);
    ck_assert(pthread_equal(r.thread, pthread_self()));
    r.failing = 0;
    ck_assert_int_eq(deal_out(&r, 1), -1);
    ck_assert_str_eq(amkd_error(), "no more");
}
END_TEST

START_TEST(a_device_that_fails_is_named_and_ends_the_work_of_all)
{
    record r = {.total = 1000, .step = 1, .most = {1, 1, 1}, .failing = 1};
    int failed = 0;
    /* Whether device 1 gets a row at all is up to the threads. */
    for (int again = 0; again < 1000 && !failed; again++)
        failed = deal_out(&r, 3);
    ck_assert_int_eq(failed, -1);
    ck_assert_str_eq(amkd_error(), "device 5 (other): no more");
}
END_TEST

START_TEST(devices_are_said_one_by_one_and_names_once)
{
    char *text = amkd_deal_say(list, 1);
    ck_assert_str_eq(text, "same");
    free(text);
    text = amkd_deal_say(list, 3);
    ck_assert_str_eq(text, "device 4 (same), device 5 (other), device 6 (same)");
    free(text);
    text = amkd_deal_names(list, 3);
    ck_assert_str_eq(text, "same, other");
    free(text);
}
END_TEST

int main(void)
{
    name_devices();
    Suite *suite = suite_create("deal");
    TCase *tests = tcase_create("deal");
    tcase_add_test(tests, every_row_is_dealt_out_once_in_whole_steps);
    tcase_add_test(tests, no_device_takes_more_at_a_time_than_an_even_share);
    tcase_add_test(tests, one_device_has_all_at_once_in_the_callers_thread);
    tcase_add_test(tests, a_device_that_fails_is_named_and_ends_the_work_of_all);
    tcase_add_test(tests, devices_are_said_one_by_one_and_names_once);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
