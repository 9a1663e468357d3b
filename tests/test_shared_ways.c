/* Networks that run their layers as another one does. */
#include "layers/layers.h"
#include "net/network_plan.h"
#include "ops/op_internal.h"
#include "ops/op_plan.h"
#include "ops/winograd.h"
#include "team/team_threads.h"
#include <stdio.h>
#include <unistd.h>

static amkd_graph graph;
static amkd_network *networks[2];
static const char *another; /* way than its own of the convolution */

/* A convolution that Winograd's way is reckoned for, by this way. */
static void plan(amkd_network **network, const char *way)
{
    char path[] = "/tmp/ways-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    for (const char *const *pass =
             (const char *const[]){"forward", "backward weights", "backward data", NULL};
         *pass; pass++)
        fprintf(file, "%s %s: conv 32 *\n", *pass, way);
    ck_assert(!fclose(file) && !setenv("AMKD_WAYS", path, 1));
    ck_ok(amkd_network_new(network, device, &graph, 2, 1));
    ck_ok(amkd_network_plan(*network, 0, NULL, NULL));
    ck_assert(!unlink(path) && !unsetenv("AMKD_WAYS"));
}

/* What a device has no room for is no way of it. */
static int has_winograd(const amkd_op *op)
{
    int fits = 1;
    for (amkd_pass pass = 0; pass < AMKD_NPASSES; pass++)
        fits = fits && amkd_winograd_fits(device, &op->shape, pass);
    return fits;
}

static void open_networks(void)
{
    open_device();
    ck_ok(amkd_graph_parse(&graph, "conv 16 k3 p1 | relu | conv 32 k3 p1 | relu | fc 2",
                           (amkd_shape){2, 16, 16}, 2));
    plan(&networks[1], "own");
    another = has_winograd(amkd_network_op(networks[1], 1)) ? "winograd" : "own";
    plan(&networks[0], another);
}

/* Passes of the convolution: none where the device has no other way for it. */
static size_t nothers(void)
{
    return strcmp(another, "own") ? 3 : 0;
}

static void close_networks(void)
{
    amkd_network_free(networks[0]);
    amkd_network_free(networks[1]);
    amkd_graph_clear(&graph);
    close_device();
}

/* Passes that the networks run in other ways. */
static size_t count_others(void)
{
    size_t n = 0;
    for (size_t op = 0; op < amkd_network_nops(networks[0]); op++)
        for (amkd_pass pass = 0; pass < AMKD_NPASSES; pass++)
            n += strcmp(amkd_op_way(amkd_network_op(networks[0], op), pass),
                        amkd_op_way(amkd_network_op(networks[1], op), pass)) != 0;
    return n;
}

START_TEST(a_network_takes_the_ways_of_another)
{
    ck_assert_uint_eq(count_others(), nothers());
    ck_ok(amkd_network_copy_ways(networks[1], networks[0]));
    ck_assert_uint_eq(count_others(), 0);
}
END_TEST

static int share(void *context, amkd_team *team)
{
    (void)context;
    return amkd_network_share_ways(networks[amkd_team_rank(team)], team);
}

START_TEST(a_team_takes_the_ways_of_rank_0)
{
    ck_assert_uint_eq(count_others(), nothers());
    ck_ok(amkd_team_threads(2, share, NULL));
    ck_assert_uint_eq(count_others(), 0);
    ck_assert_str_eq(amkd_op_way(amkd_network_op(networks[1], 1), AMKD_FORWARD), another);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared ways");
    TCase *tcase = tcase_create("shared ways");
    tcase_add_checked_fixture(tcase, open_networks, close_networks);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_network_takes_the_ways_of_another);
    tcase_add_test(tcase, a_team_takes_the_ways_of_rank_0);
    suite_add_tcase(suite, tcase);
    return run_layer_tests(suite);
}
