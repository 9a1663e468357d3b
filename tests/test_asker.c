/* The asker over a teacher whose attempts end as a script says: what is tried again, what
 * counts as spent, and that no answer is lost. */
#include "base/clock.h"
#include "base/error.h"
#include "scratch.h"
#include "teacher/asker.h"
#include "teacher/backend.h"
#include <math.h>

enum { NIMAGES = 40, NPIXELS = 4, NCLASSES = 2, CAPACITY = 3, MOST = 64 };

/* What becomes of attempt number a: 'a' answered, 'u' unsent, 'd' doubtful, 'r' refused,
 * 'n' answered with what is no number, 'w' with what is no probabilities, 'm' so for the
 * second and third image alone, 'x' with what cannot be read, 'b' the backend breaks;
 * answered beyond the script's end. */
static struct {
    const char *script;
    size_t nattempts;
    size_t nimages; /* in attempts that were processed */
    size_t nunder_way, most_under_way;
    size_t nbroken;
    struct {
        uint64_t ticket;
        const uint8_t *pixels;
        size_t n;
        char end;
    } under_way[CAPACITY];
    float values[MOST * NCLASSES];
} fake;

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    (void)backend;
    const char end =
        fake.nattempts < strlen(fake.script) ? fake.script[fake.nattempts] : 'a';
    fake.nattempts++;
    fake.nimages += strchr("abdmnwx", end) ? n : 0;
    ck_assert_uint_lt(fake.nunder_way, CAPACITY);
    fake.under_way[fake.nunder_way].ticket = ticket;
    fake.under_way[fake.nunder_way].pixels = pixels;
    fake.under_way[fake.nunder_way].n = n;
    fake.under_way[fake.nunder_way].end = end;
    if (++fake.nunder_way > fake.most_under_way)
        fake.most_under_way = fake.nunder_way;
    return 0;
}

/* The latest attempt ends first. */
static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    (void)backend;
    if (!fake.nunder_way || (timeout <= 0 && fake.nunder_way < 2))
        return 0;
    const size_t at = --fake.nunder_way;
    const char end = fake.under_way[at].end;
    fake.nbroken += end == 'b';
    if (end == 'b')
        return amkd_fail("broken");
    *reply = (amkd_reply){.ticket = fake.under_way[at].ticket,
                          .status = end == 'r'             ? 404
                                    : end == 't'           ? 0
                                    : strchr("amnwx", end) ? 200
                                                           : 503,
                          .outcome = end == 'u'                 ? AMKD_UNSENT
                                     : end == 'd'               ? AMKD_DOUBTFUL
                                     : end == 'r' || end == 't' ? AMKD_REFUSED
                                     : end == 'x'               ? AMKD_UNREADABLE
                                                                : AMKD_ANSWERED,
                          .retry_after = -1,
                          .values = fake.values,
                          .n = fake.under_way[at].n,
                          .nvalues = NCLASSES,
                          .message = "as the script says"};
    for (size_t s = 0; s < reply->n; s++) {
        const float p = fake.under_way[at].pixels[s * NPIXELS] / 255.0f;
        const int wrong = end == 'w' || (end == 'm' && s == 2);
        const int none = end == 'n' || (end == 'm' && s == 1);
        fake.values[s * NCLASSES] = none ? INFINITY : p;
        fake.values[s * NCLASSES + 1] = wrong ? 3 : 1 - p;
    }
    return 1;
}

typedef struct asking {
    amkd_teacher *teacher;
    amkd_journal *journal;
    amkd_asker *asker;
    amkd_asker_counts counts;
    size_t nreported;
    uint64_t noffered;
} asking;

static int report(void *context, size_t n)
{
    asking *a = context;
    a->nreported += n;
    return 0;
}

static const amkd_asker_options usual = {.batch = 4,
                                         .image_nbytes = NPIXELS,
                                         .rule = {.kind = AMKD_PROBS},
                                         .retry = {.max_retries = 3,
                                                   .max_paid = 3,
                                                   .delay = 0.001,
                                                   .max_delay = 0.01,
                                                   .ncodes = 2,
                                                   .codes = {0, 503}}};

/* Asks about n images of different pixels as the script says; returns as finish. */
static int ask(asking *a, size_t n, const char *script, amkd_asker_options options)
{
    const amkd_teacher_options teacher_options = {.shape = {1, 2, 2}, .dtype = "uint8"};
    memset(&fake, 0, sizeof fake);
    fake.script = script;
    *a = (asking){0};
    ck_assert_int_eq(amkd_teacher_open(&a->teacher, "exec:cat", &teacher_options), 0);
    amkd_backend *backend = amkd_teacher_backend(a->teacher);
    backend->submit = submit;
    backend->wait = wait_for;
    backend->capacity = CAPACITY;
    options.answered = report;
    options.context = a;
    ck_assert_int_eq(amkd_journal_open(&a->journal, NULL, "script"), 0);
    if (options.budget)
        options.budget->journal = a->journal;
    ck_assert_int_eq(amkd_asker_new(&a->asker, a->teacher, a->journal, &options), 0);
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        const uint8_t pixels[NPIXELS] = {(uint8_t)i, 1, 2, 3};
        const amkd_question_key q =
            amkd_journal_question(a->journal, pixels, sizeof pixels);
        ck_assert_int_eq(amkd_journal_claim(a->journal, q), 1);
        rc = amkd_asker_add(a->asker, q, pixels);
        a->noffered++;
    }
    rc = amkd_asker_finish(a->asker);
    a->counts = amkd_asker_count(a->asker);
    return rc;
}

static void close_all(asking *a)
{
    amkd_asker_free(a->asker);
    ck_assert_int_eq(amkd_journal_close(a->journal), 0);
    amkd_teacher_close(a->teacher);
}

/* How many of the n images the journal answers, each with its own answer. */
static size_t count_answers(const asking *a, size_t n)
{
    size_t nanswers = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t pixels[NPIXELS] = {(uint8_t)i, 1, 2, 3};
        const float *values = amkd_journal_find(
            a->journal, amkd_journal_question(a->journal, pixels, sizeof pixels));
        if (!values)
            continue;
        ck_assert_float_eq(values[0], (uint8_t)i / 255.0f);
        nanswers++;
    }
    return nanswers;
}

START_TEST(asker_has_every_image_answered_once)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES + 1, "", usual), 0);
    ck_assert_uint_eq(count_answers(&a, NIMAGES + 1), NIMAGES + 1);
    ck_assert_uint_eq(fake.nattempts, 11);
    ck_assert_uint_eq(fake.nimages, NIMAGES + 1);
    ck_assert_uint_gt(fake.most_under_way, 1);
    ck_assert_uint_eq(a.nreported, NIMAGES + 1);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), NIMAGES + 1);
    close_all(&a);
}
END_TEST

START_TEST(asker_tries_again_and_counts_what_is_doubtful_as_spent)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "audduaadauuu", usual), 0);
    ck_assert_uint_eq(count_answers(&a, NIMAGES), NIMAGES);
    ck_assert_uint_eq(amkd_journal_nanswers(a.journal), NIMAGES);
    ck_assert_uint_eq(a.counts.retries, 8);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), NIMAGES + 3 * 4);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), fake.nimages);
    close_all(&a);
}
END_TEST

START_TEST(asker_never_passes_its_budget)
{
    static const char *const scripts[] = {"", "dddaadd", "uudauduau", "ddxd"};
    for (uint64_t limit = 1; limit <= 30; limit += 3)
        for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++) {
            asking a;
            amkd_asker_options options = usual;
            amkd_budget budget = {.limit = limit + 5, .before = 5};
            options.budget = &budget;
            options.retry.max_retries = options.retry.max_paid = 100;
            options.retry.codes[1] = 200;
            options.retry.codes[2] = 503;
            options.retry.ncodes = 3;
            ck_assert_msg(ask(&a, NIMAGES, scripts[s], options) == 0, "%s", amkd_error());
            ck_assert_uint_eq(fake.nimages, limit);
            ck_assert_uint_eq(amkd_journal_spent(a.journal), limit);
            ck_assert_uint_eq(amkd_budget_room(&budget), 0);
            ck_assert_uint_eq(amkd_budget_promised(&budget), limit - a.counts.answered);
            ck_assert_uint_eq(count_answers(&a, NIMAGES), a.counts.answered);
            ck_assert_uint_eq(a.noffered, a.counts.answered + budget.nleft);
            close_all(&a);
        }
}
END_TEST

START_TEST(asker_gives_up_and_keeps_what_is_under_way)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "aaraa", usual), -1);
    ck_assert_msg(strstr(amkd_error(), "teacher 'exec:cat': as the script says") != NULL,
                  "%s", amkd_error());
    ck_assert_uint_eq(fake.nattempts, 1 + CAPACITY);
    ck_assert_uint_eq(count_answers(&a, NIMAGES), CAPACITY * 4);
    close_all(&a);
    ck_assert_int_eq(ask(&a, NIMAGES, "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", usual), -1);
    ck_assert_msg(strstr(amkd_error(), "attempt 4: as the script says") != NULL, "%s",
                  amkd_error());
    ck_assert_uint_eq(amkd_journal_spent(a.journal), 0);
    close_all(&a);
}
END_TEST

START_TEST(asker_keeps_answers_of_another_kind_and_buys_no_more)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "aaawwwwwwwwwwww", usual), -1);
    ck_assert_msg(strstr(amkd_error(), "do --labels and --answer tell") != NULL, "%s",
                  amkd_error());
    ck_assert_uint_le(fake.nattempts, 3 + CAPACITY);
    ck_assert_uint_eq(count_answers(&a, NIMAGES), fake.nimages);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), fake.nimages);
    close_all(&a);
}
END_TEST

/* Whatever is wrong with all of a teacher's answers. */
START_TEST(asker_buys_one_batch_alone_until_an_answer_could_be_used)
{
    static const char *const scripts[][2] = {
        {"xxxxxxxx", "x"}, {"nnnnnnnn", "n"}, {"wwwwwwww", "w"}, {"uuxxxxxx", "uux"}};
    for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++) {
        asking a;
        ck_assert_int_eq(ask(&a, NIMAGES, scripts[s][0], usual), -1);
        ck_assert_uint_eq(fake.nattempts, strlen(scripts[s][1]));
        ck_assert_uint_eq(fake.nimages, 4);
        ck_assert_uint_eq(amkd_journal_spent(a.journal), 4);
        close_all(&a);
    }
    /* The one that failed goes again, and no other meanwhile. */
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "udda", usual), 0);
    ck_assert_uint_eq(a.counts.retries, 3);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), NIMAGES + 2 * 4);
    close_all(&a);
    ck_assert_int_eq(ask(&a, NIMAGES, "uudddddddddd", usual), -1);
    ck_assert_uint_eq(fake.nattempts, 4);
    ck_assert_uint_eq(fake.most_under_way, 1);
    close_all(&a);
}
END_TEST

START_TEST(asker_keeps_the_good_answers_beside_a_bad_one)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "aam", usual), -1);
    ck_assert_msg(
        strstr(amkd_error(),
               "answer 1 of 4: class 0: NaN, infinite or null is not a number") != NULL,
        "%s", amkd_error());
    /* The third is of another kind and kept, the second is none and to be asked again. */
    ck_assert_uint_eq(count_answers(&a, NIMAGES), fake.nimages - 1);
    ck_assert_uint_eq(a.counts.answered, fake.nimages - 2);
    ck_assert_uint_eq(a.nreported, fake.nimages - 2);
    ck_assert_uint_eq(a.counts.retries, 0);
    ck_assert_uint_le(fake.nattempts, 2 * CAPACITY);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), fake.nimages);
    close_all(&a);
    ck_assert_int_eq(ask(&a, 4, "n", usual), -1); /* none of all four is kept */
    ck_assert_uint_eq(fake.nattempts, 1);
    ck_assert_uint_eq(count_answers(&a, 4), 0);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), 4);
    close_all(&a);
}
END_TEST

START_TEST(asker_pays_for_a_request_no_more_often_than_it_may)
{
    asking a;
    amkd_asker_options options = usual;
    options.retry.max_retries = 10;
    for (uint64_t paid = 0; paid < 3; paid++) {
        options.retry.max_paid = paid;
        ck_assert_int_eq(ask(&a, NIMAGES, "uduuduuduud", options), -1);
        ck_assert_msg(strstr(amkd_error(), "--retry-paid") != NULL, "%s", amkd_error());
        ck_assert_uint_eq(fake.nimages, 4 * (paid + 1));
        ck_assert_uint_eq(amkd_journal_spent(a.journal), 4 * (paid + 1));
        close_all(&a);
    }
    options.retry.max_paid = 0; /* what surely cost nothing is made again as ever */
    ck_assert_int_eq(ask(&a, NIMAGES, "uuuuuuuuuu", options), 0);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), NIMAGES);
    close_all(&a);
}
END_TEST

START_TEST(asker_does_not_wait_for_a_backend_that_broke)
{
    asking a;
    ck_assert_int_eq(ask(&a, NIMAGES, "aab", usual), -1);
    ck_assert_msg(strstr(amkd_error(), "teacher 'exec:cat': broken") != NULL, "%s",
                  amkd_error());
    ck_assert_uint_eq(fake.nbroken, 1);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), fake.nimages);
    close_all(&a);
}
END_TEST

START_TEST(asker_counts_a_no_as_nothing_spent_and_what_it_cannot_read_as_spent)
{
    asking a;
    for (size_t s = 0; s < 2; s++) {
        ck_assert_int_eq(ask(&a, 4, s ? "r" : "t", usual), -1);
        ck_assert_uint_eq(fake.nattempts, 1);
        ck_assert_uint_eq(amkd_journal_spent(a.journal), 0);
        close_all(&a);
    }
    ck_assert_int_eq(ask(&a, 4, "x", usual), -1);
    ck_assert_uint_eq(fake.nattempts, 1);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), 4);
    close_all(&a);
}
END_TEST

START_TEST(asker_tries_a_no_again_where_the_rules_name_it)
{
    asking a;
    amkd_asker_options options = usual;
    options.retry.codes[0] = 404;
    ck_assert_int_eq(ask(&a, 4, "rr", options), 0);
    ck_assert_uint_eq(fake.nattempts, 3);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), 4);
    close_all(&a);
}
END_TEST

START_TEST(asker_asks_again_for_what_it_cannot_read_where_the_rules_name_it)
{
    asking a;
    amkd_asker_options options = usual;
    options.retry.codes[0] = 200;
    ck_assert_int_eq(ask(&a, 4, "xxx", options), 0);
    ck_assert_uint_eq(fake.nattempts, 4);
    ck_assert_uint_eq(amkd_journal_spent(a.journal), 4 * 4);
    close_all(&a);
    options.retry.max_paid = 1;
    ck_assert_int_eq(ask(&a, 4, "xxx", options), -1);
    ck_assert_uint_eq(fake.nattempts, 2);
    close_all(&a);
}
END_TEST

START_TEST(asker_keeps_to_its_rate)
{
    asking a;
    amkd_asker_options options = usual;
    options.rate = 200;
    const double start = amkd_now();
    ck_assert_int_eq(ask(&a, NIMAGES, "", options), 0);
    /* The last batch goes when those before it have used their time. */
    ck_assert_double_ge(amkd_now() - start, (NIMAGES - 4) / 200.0);
    ck_assert_uint_eq(count_answers(&a, NIMAGES), NIMAGES);
    close_all(&a);
}
END_TEST

START_TEST(asker_spreads_a_rate_over_the_second)
{
    asking a;
    amkd_asker_options options = usual;
    options.batch = MOST;
    options.rate = 100;
    const double start = amkd_now();
    ck_assert_int_eq(ask(&a, NIMAGES, "", options), 0);
    ck_assert_uint_eq(fake.nattempts, NIMAGES / 10);
    ck_assert_double_ge(amkd_now() - start, (NIMAGES - 10) / 100.0);
    close_all(&a);
    options.rate = 0.5;
    ck_assert_int_eq(ask(&a, 1, "", options), 0);
    ck_assert_uint_eq(fake.nattempts, 1);
    close_all(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("asker");
    TCase *tests = tcase_create("asker");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, asker_has_every_image_answered_once);
    tcase_add_test(tests, asker_tries_again_and_counts_what_is_doubtful_as_spent);
    tcase_add_test(tests, asker_never_passes_its_budget);
    tcase_add_test(tests, asker_gives_up_and_keeps_what_is_under_way);
    tcase_add_test(tests, asker_keeps_answers_of_another_kind_and_buys_no_more);
    tcase_add_test(tests, asker_buys_one_batch_alone_until_an_answer_could_be_used);
    tcase_add_test(tests, asker_pays_for_a_request_no_more_often_than_it_may);
    tcase_add_test(tests, asker_keeps_the_good_answers_beside_a_bad_one);
    tcase_add_test(tests, asker_does_not_wait_for_a_backend_that_broke);
    tcase_add_test(tests,
                   asker_counts_a_no_as_nothing_spent_and_what_it_cannot_read_as_spent);
    tcase_add_test(tests, asker_tries_a_no_again_where_the_rules_name_it);
    tcase_add_test(tests,
                   asker_asks_again_for_what_it_cannot_read_where_the_rules_name_it);
    tcase_add_test(tests, asker_keeps_to_its_rate);
    tcase_add_test(tests, asker_spreads_a_rate_over_the_second);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
