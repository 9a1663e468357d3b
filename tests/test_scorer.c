/* Several scorers on one source: what they add together, and how one's failure ends all.
 */
#include "scratch.h"
#include "steps/select/scorer.h"
#include "sweep_students.h"

enum { NSCORERS = 3, NLAMBDAS = 3, REPEATS = 40 };
static const float lambdas[NLAMBDAS] = {0.2F, 0.5F, 0.9F};

static amkd_device *devices[NSCORERS];

/* Takes few pairs at once. */
static void open_sweep(amkd_scorer *scorer, amkd_device *device, const student *s,
                       int every)
{
    static const amkd_noise none;
    const amkd_scorer_sweep options = {.sweep = {.lambdas = lambdas,
                                                 .nlambdas = NLAMBDAS,
                                                 .every = every,
                                                 .max_pairs = 7},
                                       .student = "student",
                                       .noise = &none,
                                       .ndevices = 2};
    ck_assert_msg(!amkd_scorer_open_sweep(scorer, device, s->model, &s->images, &options),
                  "%s", amkd_error());
}

/* With devices of their own, all the same one. */
static void open_scorers(amkd_scorer *scorers, const student *s, int every)
{
    for (size_t d = 0; d < NSCORERS; d++) {
        devices[d] = open_device(NULL);
        open_sweep(&scorers[d], devices[d], s, every);
    }
}

static void close_scorers(amkd_scorer *scorers)
{
    for (size_t d = 0; d < NSCORERS; d++) {
        amkd_scorer_close(&scorers[d]);
        amkd_device_close(devices[d]);
    }
}

static amkd_selection *open_output(const char *path, uint64_t k)
{
    amkd_header header = {0};
    amkd_selection *selection;
    const amkd_selection_options options = {.k = k, .nimages = NIMAGES, .output = path};
    ck_assert(!amkd_picks_header(&header));
    ck_assert_msg(!amkd_selection_open(&selection, &header, &options), "%s",
                  amkd_error());
    amkd_header_clear(&header);
    return selection;
}

/* All pairs of the images, time and again: without k each time counts. */
static size_t repeat_pairs(amkd_pair *pairs)
{
    const size_t n = draw_pairs(pairs);
    for (size_t r = 1; r < REPEATS; r++)
        memcpy(pairs + r * n, pairs, n * sizeof *pairs);
    return REPEATS * n;
}

/* Stops at until, if it is not 0, and goes on, until all are scored. */
static uint64_t score(const char *path, amkd_scorer *scorers, size_t nscorers, uint64_t k,
                      double until)
{
    static amkd_pair pairs[REPEATS * NIMAGES * NIMAGES];
    amkd_candidates candidates;
    amkd_candidates_of_pairs(&candidates, pairs, repeat_pairs(pairs));
    const amkd_scorer_job job = {.candidates = &candidates,
                                 .selection = open_output(path, k),
                                 .ordered = !k,
                                 .until = until};
    uint64_t npicks, nmixes = 0;
    int rc, nstops = 0;
    while ((rc = amkd_scorer_run(scorers, nscorers, &job)) == 1)
        nstops++;
    ck_assert_msg(!rc, "%s", amkd_error());
    ck_assert(until > 0 ? nstops > 3 : !nstops);
    ck_assert_msg(!amkd_selection_close(job.selection, &npicks, 0), "%s", amkd_error());
    for (size_t d = 0; d < nscorers; d++) {
        nmixes += scorers[d].nmixes;
        scorers[d].nmixes = 0;
    }
    ck_assert_uint_eq(nmixes, candidates.n * NLAMBDAS);
    return npicks;
}

static void check_same(const char *path, const char *other)
{
    size_t nbytes, nothers;
    uint8_t *bytes = get_file(path, &nbytes), *others = get_file(other, &nothers);
    ck_assert_uint_eq(nbytes, nothers);
    ck_assert_mem_eq(bytes, others, nbytes);
    free(bytes);
    free(others);
}

/* k 0: every pick, in the order of the pairs. */
START_TEST(several_scorers_write_what_one_writes)
{
    const int every = _i % 2;
    const uint64_t k = _i < 2 ? 0 : 11;
    amkd_scorer scorers[NSCORERS];
    student s = new_student("conv 3 k3 | relu | fc 4", (amkd_shape){1, 6, 6});
    open_scorers(scorers, &s, every);
    const uint64_t none = score("one", scorers, 1, k, 0);
    const uint64_t nall = score("all", scorers, NSCORERS, k, 0);
    ck_assert_uint_eq(none, nall);
    ck_assert_uint_eq(
        nall, k ? k : REPEATS * NIMAGES * (NIMAGES - 1) / 2 * (every ? NLAMBDAS : 1));
    check_same("one", "all");
    close_scorers(scorers);
    free_student(&s);
}
END_TEST

/* At a time that is past: whenever each has scored once. */
START_TEST(scorers_that_stop_and_go_on_write_what_they_write_at_once)
{
    const uint64_t k = _i < 2 ? 0 : 11;
    amkd_scorer scorers[NSCORERS];
    student s = new_student("conv 3 k3 | relu | fc 4", (amkd_shape){1, 6, 6});
    open_scorers(scorers, &s, 0);
    const size_t nscorers = _i % 2 ? NSCORERS : 1;
    score("at once", scorers, nscorers, k, 0);
    score("in parts", scorers, nscorers, k, 1e-9);
    check_same("at once", "in parts");
    close_scorers(scorers);
    free_student(&s);
}
END_TEST

/* Of image 0 with itself, without end: whenever a scorer comes to start, there are pairs
 * left for it. */
static int read_endless(amkd_candidates *candidates, amkd_label_key *keys, size_t *n,
                        size_t most)
{
    (void)candidates;
    *n = most;
    memset(keys, 0, most * sizeof *keys);
    return 0;
}

/* One whose sweep takes no more, and the device is named. */
START_TEST(a_scorer_that_fails_ends_the_work_of_all)
{
    amkd_candidates endless = {.read = read_endless};
    const amkd_label_key pair = {0, 1, 0};
    amkd_scorer scorers[NSCORERS];
    student s = new_student("fc 4", (amkd_shape){1, 6, 6});
    open_scorers(scorers, &s, 0);
    amkd_selection *selection = open_output("picks", _i ? 3 : 0);
    const amkd_scorer_job job = {
        .candidates = &endless, .selection = selection, .ordered = !_i};
    ck_assert(!scorers[1].start(&scorers[1], &pair, 1, INFINITY));
    ck_assert(!scorers[1].start(&scorers[1], &pair, 1, INFINITY));
    ck_assert_int_eq(amkd_scorer_run(scorers, NSCORERS, &job), -1);
    char start[300];
    snprintf(start, sizeof start, "device %zu (%s): cannot start a sweep",
             devices[1]->index, devices[1]->name);
    ck_assert_msg(!strncmp(amkd_error(), start, strlen(start)), "%s", amkd_error());
    amkd_selection_discard(selection);
    close_scorers(scorers);
    free_student(&s);
}
END_TEST

/* One whose scores are none, found when the others may be behind later pairs already. */
START_TEST(a_scorer_that_fails_wakes_those_who_wait_for_their_turn)
{
    amkd_candidates endless = {.read = read_endless};
    amkd_scorer scorers[NSCORERS];
    student s = new_student("fc 4", (amkd_shape){1, 6, 6});
    open_scorers(scorers, &s, 0);
    for (size_t p = 0; p < s.model->graph.nparameters; p++)
        s.model->parameters[p] = 3e38F;
    amkd_scorer_close(&scorers[1]);
    open_sweep(&scorers[1], devices[1], &s, 0);
    amkd_selection *selection = open_output("picks", 0);
    const amkd_scorer_job job = {
        .candidates = &endless, .selection = selection, .ordered = 1};
    ck_assert_int_eq(amkd_scorer_run(scorers, NSCORERS, &job), -1);
    ck_assert_msg(strstr(amkd_error(), "is not a number") != NULL, "%s", amkd_error());
    amkd_selection_discard(selection);
    close_scorers(scorers);
    free_student(&s);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("scorer");
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, several_scorers_write_what_one_writes, 0, 4);
    tcase_add_loop_test(test, scorers_that_stop_and_go_on_write_what_they_write_at_once,
                        0, 4);
    tcase_add_loop_test(test, a_scorer_that_fails_ends_the_work_of_all, 0, 2);
    tcase_add_loop_test(test, a_scorer_that_fails_wakes_those_who_wait_for_their_turn, 0,
                        8);
    Suite *suite = suite_create("scorer");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
