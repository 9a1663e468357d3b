/* The memory of a training, and the micro-batches that fit into less. */
#include "quarters.h"
#include "steps/learn/train_room.h"

static amkd_graph graph;
static amkd_device small; /* never opened */
static const amkd_train_data data = {.n = 1000, .nimages = 1000};

static void set_up(void)
{
    ck_ok(amkd_graph_parse(&graph,
                           "conv 16 k3 p1 | bn | relu | conv 16 k3 p1 | relu | maxpool 2 "
                           "| fc classes",
                           (amkd_shape){1, SIDE, SIDE}, CLASSES));
    small = (amkd_device){.name = "small",
                          .type = CL_DEVICE_TYPE_GPU,
                          .global_nbytes = (cl_ulong)1 << 34,
                          .max_buffer_nbytes = (cl_ulong)1 << 34,
                          .vector_width = 1,
                          .nlanes = 16};
}

static void tear_down(void)
{
    amkd_graph_clear(&graph);
}

static amkd_train_room room_of(const amkd_train_options *options)
{
    amkd_train_room room;
    ck_ok(amkd_train_room_find(&room, &small, &graph, options, &data));
    return room;
}

START_TEST(a_training_that_fits_has_no_micro_batches)
{
    amkd_train_options options = make_options();
    int chosen;
    options.batch = 256;
    options.memory_nbytes = room_of(&options).nbytes;
    ck_ok(amkd_train_fit(&options, &chosen, &small, &graph, &data));
    ck_assert(!chosen && !options.micro_batch);
}
END_TEST

START_TEST(the_largest_micro_batch_that_fits_is_chosen)
{
    amkd_train_options options = make_options();
    int chosen;
    options.batch = 256;
    const amkd_train_room whole = room_of(&options);
    options.memory_nbytes = whole.nbytes - 1;
    ck_ok(amkd_train_fit(&options, &chosen, &small, &graph, &data));
    ck_assert(chosen && options.micro_batch < 256);
    for (uint64_t n = 16; n < 256; n += 16) {
        amkd_train_options parts = options;
        parts.micro_batch = n;
        parts.memory_nbytes = 0;
        parts.memory_nbytes = room_of(&parts).nbytes;
        parts.micro_batch = 0;
        ck_ok(amkd_train_fit(&parts, &chosen, &small, &graph, &data));
        ck_assert_uint_eq(parts.micro_batch, n);
    }
}
END_TEST

START_TEST(a_single_buffer_may_be_what_does_not_fit)
{
    amkd_train_options options = make_options();
    int chosen;
    options.batch = 256;
    small.max_buffer_nbytes = room_of(&options).largest / 4;
    ck_ok(amkd_train_fit(&options, &chosen, &small, &graph, &data));
    ck_assert(chosen);
    ck_assert_uint_eq(options.micro_batch, 64);
    options.micro_batch = 128;
    ck_assert_int_eq(amkd_train_fit(&options, &chosen, &small, &graph, &data), -1);
    ck_assert_msg(strstr(amkd_error(), "in a single buffer") != NULL, "%s", amkd_error());
    ck_assert_msg(strstr(amkd_error(), "--micro-batch 64 would fit") != NULL, "%s",
                  amkd_error());
}
END_TEST

START_TEST(what_cannot_fit_at_all_is_refused)
{
    amkd_train_options options = make_options();
    int chosen;
    options.memory_nbytes = 100000;
    ck_assert_int_eq(amkd_train_fit(&options, &chosen, &small, &graph, &data), -1);
    ck_assert_msg(strstr(amkd_error(), "a smaller network") != NULL, "%s", amkd_error());
    ck_assert_msg(strstr(amkd_error(), "--memory is 97.66 KiB") != NULL, "%s",
                  amkd_error());
    options.memory_nbytes = 0;
    small.global_nbytes = 100000;
    ck_assert_int_eq(amkd_train_fit(&options, &chosen, &small, &graph, &data), -1);
    ck_assert_msg(strstr(amkd_error(), "'small' has 97.66 KiB") != NULL, "%s",
                  amkd_error());
}
END_TEST

START_TEST(images_beyond_a_buffer_are_in_a_window)
{
    amkd_train_options options = make_options();
    const uint64_t image_nbytes = SIDE * SIDE;
    const amkd_train_data many = {.n = 100000, .nimages = 100000};
    amkd_train_room room;
    small.max_buffer_nbytes = 50000 * image_nbytes;
    ck_ok(amkd_train_room_find(&room, &small, &graph, &options, &many));
    ck_assert_uint_le(room.largest, small.max_buffer_nbytes);
    const amkd_view_options views = {.seed = 1};
    options.views = &views;
    small.max_buffer_nbytes = (64 << 20) + 1;
    ck_ok(amkd_train_room_find(&room, &small, &graph, &options,
                               &(amkd_train_data){.n = 2000000, .nimages = 2000000}));
    ck_assert_uint_le(room.largest, small.max_buffer_nbytes);
}
END_TEST

/* Each line of the sum by the buffers that it stands for. */
START_TEST(room_is_the_sum_of_what_the_buffers_take)
{
    amkd_train_options options = make_options();
    options.batch = 64;
    const amkd_train_room whole = room_of(&options);
    const uint64_t trained = graph.ntrained * sizeof(float);
    ck_assert_uint_eq(whole.optimizer, 2 * trained);
    ck_assert_uint_eq(whole.weights, 8 * trained + graph.nparameters * sizeof(float));
    ck_assert_uint_eq(whole.host, 0);
    options.optimizer.average = 0.9;
    options.micro_batch = 16;
    const amkd_train_room parts = room_of(&options);
    ck_assert_uint_eq(parts.optimizer, 4 * trained);
    ck_assert_uint_eq(4 * parts.values, whole.values);
    ck_assert_uint_ge(parts.data, 1000 * (SIDE * SIDE + CLASSES * sizeof(float)));
    small.type = CL_DEVICE_TYPE_CPU;
    ck_assert_uint_eq(room_of(&options).host,
                      3 * graph.nparameters * sizeof(float) + 3 * trained);
    const amkd_train_room sum = room_of(&options);
    ck_assert_uint_eq(sum.nbytes, sum.values + sum.weights + sum.optimizer + sum.data +
                                      sum.others + sum.host);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train_room");
    TCase *tests = tcase_create("rooms");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_training_that_fits_has_no_micro_batches);
    tcase_add_test(tests, the_largest_micro_batch_that_fits_is_chosen);
    tcase_add_test(tests, a_single_buffer_may_be_what_does_not_fit);
    tcase_add_test(tests, what_cannot_fit_at_all_is_refused);
    tcase_add_test(tests, images_beyond_a_buffer_are_in_a_window);
    tcase_add_test(tests, room_is_the_sum_of_what_the_buffers_take);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
