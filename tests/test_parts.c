/* How the samples of a step are dealt out to the members of a team. */
#include "base/error.h"
#include "steps/learn/parts.h"
#include "team/team_threads.h"
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

enum { MOST = 300 };

typedef struct dealing {
    size_t batch, micro, count;
    int times[MOST]; /* how often a sample was dealt out */
    pthread_mutex_t lock;
    size_t nfaults;
} dealing;

/* A member's stretch begins with a slice's block, and counts its samples. */
static int is_sound(const amkd_parts *parts, const amkd_member_part *part)
{
    const amkd_batch_share *share = &part->share;
    const size_t first = share->first_slice * share->slice_nblocks;
    return share->first_block == (first < share->nblocks ? first : share->nblocks) &&
           part->nblocks <= share->nslices * share->slice_nblocks &&
           part->count <= part->nblocks * parts->nlanes &&
           part->count + parts->nlanes > part->nblocks * parts->nlanes;
}

static int deal(void *context, amkd_team *team)
{
    dealing *d = context;
    const amkd_device device = {.vector_width = 16, .nlanes = 16};
    const amkd_train_options options = {.micro_batch = d->micro, .team = team};
    const amkd_parts parts = amkd_parts_of(&device, &options, d->batch);
    unsigned char seen[MOST];
    amkd_parts_mark(&parts, seen, d->count, 0);
    pthread_mutex_lock(&d->lock);
    for (size_t p = 0; p < amkd_parts_count(&parts, d->count); p++) {
        const amkd_member_part part = amkd_parts_find(&parts, p, d->count);
        d->nfaults += !is_sound(&parts, &part);
        for (size_t n = part.from; n < part.from + part.count; n++) {
            d->times[n]++;
            d->nfaults += !seen[n];
        }
    }
    pthread_mutex_unlock(&d->lock);
    return 0;
}

START_TEST(each_sample_is_dealt_out_once)
{
    static const size_t sizes[][3] = {{100, 0, 100},  {100, 0, 30},  {100, 0, 1},
                                      {130, 70, 130}, {130, 70, 71}, {300, 64, 299},
                                      {64, 0, 64},    {65, 0, 65}};
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++)
        for (size_t size = 1; size <= 4; size++) {
            dealing d = {.batch = sizes[c][0],
                         .micro = sizes[c][1],
                         .count = sizes[c][2],
                         .lock = PTHREAD_MUTEX_INITIALIZER};
            ck_assert_int_eq(amkd_team_threads(size, deal, &d), 0);
            ck_assert_uint_eq(d.nfaults, 0);
            for (size_t n = 0; n < MOST; n++)
                ck_assert_int_eq(d.times[n], n < d.count);
        }
}
END_TEST

/* With mixup a member needs the sample behind its last one, too. */
static int mark(void *context, amkd_team *team)
{
    unsigned char *seen = context;
    const amkd_device device = {.vector_width = 16, .nlanes = 16};
    const amkd_train_options options = {.team = team};
    const amkd_parts parts = amkd_parts_of(&device, &options, 64);
    amkd_parts_mark(&parts, seen + 64 * amkd_team_rank(team), 64, 1);
    return 0;
}

START_TEST(what_is_mixed_with_a_members_samples_is_marked)
{
    unsigned char seen[2][64];
    ck_assert_int_eq(amkd_team_threads(2, mark, seen), 0);
    for (size_t n = 0; n < 64; n++) {
        ck_assert_int_eq(seen[0][n], n <= 32);
        ck_assert_int_eq(seen[1][n], n >= 32 || n == 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parts");
    TCase *tcase = tcase_create("parts");
    tcase_add_test(tcase, each_sample_is_dealt_out_once);
    tcase_add_test(tcase, what_is_mixed_with_a_members_samples_is_marked);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
