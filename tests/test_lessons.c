/* Lessons: what a step shows and what the assistant says of it, against views made on the
 * host and the predictor; the loss of those that teach against its formula. */
#include "data/mix.h"
#include "lessons.h"
#include "ops/loss.h"
#include "steps/learn/lessons.h"

/* What a step shows, as pixels in floats, [BATCH][channel][y][x]; returns how many. */
static size_t expect_planes(float *planes, const amkd_train_options *options,
                            uint64_t step)
{
    uint32_t rows[BATCH];
    uint8_t seen[BATCH][NPIXELS], means[CHANNELS];
    float mu[BATCH];
    amkd_order order;
    ck_ok(amkd_order_new(&order, NIMAGES, BATCH, SEED));
    const size_t count = amkd_order_count(&order, step);
    amkd_order_step(&order, rows, step);
    for (size_t n = 0; n < count; n++) {
        const uint8_t *image = dataset.images->pixels + rows[n] * NPIXELS;
        amkd_view view;
        memcpy(seen[n], image, NPIXELS);
        const uint64_t epoch = step / order.epoch_nsteps;
        if (!options->views || (options->nviews && epoch % options->nviews == 0))
            continue;
        amkd_view_draw(&view, options->views, SIDE, SIDE, rows[n],
                       options->nviews ? epoch % options->nviews - 1 : epoch);
        amkd_view_means(means, image, SIDE * SIDE, CHANNELS);
        amkd_view_apply(seen[n], &view, options->views, image, means, SIDE, SIDE,
                        CHANNELS);
    }
    for (size_t n = 0; n < count; n++)
        mu[n] = 1;
    if (options->mixup > 0)
        amkd_order_shares(&order, mu, options->mixup, step);
    for (size_t n = 0; n < count; n++)
        for (size_t p = 0; p < NPIXELS; p++) {
            const size_t at = p % (SIDE * SIDE) * CHANNELS + p / (SIDE * SIDE);
            const float own = seen[n][at], next = seen[(n + 1) % count][at];
            planes[n * NPIXELS + p] = (mu[n] * own + (1 - mu[n]) * next) / 255;
        }
    amkd_order_clear(&order);
    return count;
}

/* A network's input of the feed's step, in the layout of expect_planes. */
static void read_step(float *planes, float *answers, float *teaching, amkd_feed *feed,
                      uint64_t step)
{
    const size_t nlanes = device->nlanes;
    const size_t nblocks = (BATCH + nlanes - 1) / nlanes;
    const size_t nbytes = nblocks * nlanes * NPIXELS * sizeof(float);
    float *x = malloc(nbytes);
    cl_mem input;
    amkd_step_targets p;
    ck_ok(amkd_buffer_new(&input, device, CL_MEM_READ_WRITE, nbytes, NULL));
    ck_ok(feed->teach(feed, &p, step));
    ck_ok(feed->load(feed, input, 0, p.count));
    ck_ok(amkd_buffer_read(device, x, input, 0, nbytes));
    for (size_t n = 0; n < p.count; n++) {
        uint32_t row;
        ck_ok(amkd_buffer_read(device, &row, p.order, (p.first + n) * sizeof row,
                               sizeof row));
        ck_ok(amkd_buffer_read(device, answers + n * CLASSES, p.targets,
                               row * CLASSES * sizeof *answers,
                               CLASSES * sizeof *answers));
    }
    ck_assert_int_eq(p.teaching != NULL, teaching != NULL);
    if (teaching)
        ck_ok(amkd_buffer_read(device, teaching, p.teaching, 0,
                               p.count * sizeof *teaching));
    for (size_t n = 0; n < p.count; n++)
        for (size_t q = 0; q < NPIXELS; q++) {
            const size_t channel = q / (SIDE * SIDE);
            const float lane = x[(n / nlanes * NPIXELS + q) * nlanes + n % nlanes];
            planes[n * NPIXELS + q] =
                lane * student->std[channel] + student->mean[channel];
        }
    amkd_buffer_free(input);
    free(x);
}

/* Against the predictor's probabilities, softened. */
static void expect_answers(const float *answers, const float *teaching,
                           const float *planes, const amkd_train_options *options,
                           size_t count)
{
    amkd_predictor *predictor;
    float probs[BATCH][CLASSES];
    const amkd_prediction wanted = {.planes = planes, .probs = probs[0]};
    ck_ok(amkd_predictor_new(&predictor, device, assistant));
    ck_ok(amkd_predictor_predict(predictor, &wanted, count));
    for (size_t n = 0; n < count; n++) {
        double sum = 0, top = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            sum += pow(probs[n][c], 1 / options->temperature);
            top = fmax(top, probs[n][c]);
        }
        for (size_t c = 0; c < CLASSES; c++)
            ck_assert_double_eq_tol(answers[n * CLASSES + c],
                                    pow(probs[n][c], 1 / options->temperature) / sum,
                                    2e-4);
        if (teaching && fabs(top - options->min_top) > 1e-4)
            ck_assert_int_eq(teaching[n] > 0, top >= options->min_top);
    }
    amkd_predictor_free(predictor);
}

static void check_steps(const amkd_train_options *options)
{
    float planes[BATCH * NPIXELS], seen[BATCH * NPIXELS], answers[BATCH * CLASSES];
    float teaching[BATCH], *flags = options->min_top > 0 ? teaching : NULL;
    amkd_feed *feed;
    size_t nsamples;
    double ntaught = 0;
    ck_ok(amkd_lessons_new(&feed, device, &dataset, student, options, 0));
    const uint64_t nsteps = feed->span_nsteps < 5 ? feed->span_nsteps : 5;
    for (uint64_t first = 0; first < 10; first += nsteps) {
        size_t expected = 0;
        ck_ok(feed->begin(feed, &nsamples, first, first + nsteps));
        for (uint64_t step = first; step < first + nsteps; step++) {
            const size_t count = expect_planes(planes, options, step);
            read_step(seen, answers, flags, feed, step);
            for (size_t p = 0; p < count * NPIXELS; p++)
                ck_assert_double_eq_tol(seen[p], planes[p], 1e-5);
            expect_answers(answers, flags, planes, options, count);
            for (size_t n = 0; n < count && flags; n++)
                ntaught += teaching[n];
            expected += count;
        }
        ck_assert_uint_eq(nsamples, expected);
    }
    if (flags) /* else it would be no test */
        ck_assert(ntaught > 5 && ntaught < 180);
    feed->free(feed);
}

START_TEST(a_step_shows_views_and_has_the_assistants_answers_about_them)
{
    amkd_train_options options = make_options();
    options.views = _i & 1 ? &views : NULL;
    options.mixup = _i & 2 ? 0.7 : 0;
    options.window = _i & 4 ? small_window : (amkd_span_images_limits){0};
    options.temperature = _i & 1 ? 4 : 1;
    options.min_top = _i & 1 ? 0.5 : 0;
    check_steps(&options);
    options.nviews = 2; /* with what is kept, and what a byte has no room for */
    check_steps(&options);
    options.kept_nbytes = 1;
    check_steps(&options);
}
END_TEST

START_TEST(the_loss_of_those_that_teach_is_a_mean_over_them)
{
    enum { COUNT = 40 };
    const size_t nlanes = device->nlanes, nblocks = (COUNT + nlanes - 1) / nlanes;
    const size_t nsamples = nblocks * nlanes, n = nsamples * CLASSES;
    float *z = calloc(n, 4), *p = calloc(n, 4), *flags = calloc(nsamples, 4);
    float *gradient = calloc(n, 4), *sums[3];
    uint32_t order[COUNT];
    size_t nteaching = 0;
    for (size_t s = 0; s < COUNT; s++) {
        order[s] = (uint32_t)s;
        flags[s] = s % 3 == 1;
        nteaching += s % 3 == 1;
        p[s * CLASSES + s % CLASSES] = 1;
    }
    for (size_t i = 0; i < n; i++)
        z[i] = (float)amkd_random_normal(3, 1, i);
    amkd_loss *loss;
    cl_mem logits, targets, rows, teaching, there[4];
    ck_ok(amkd_loss_new(&loss, device, CLASSES));
    ck_ok(amkd_buffer_new(&logits, device, CL_MEM_READ_ONLY, n * 4, z));
    ck_ok(amkd_buffer_new(&targets, device, CL_MEM_READ_ONLY, n * 4, p));
    ck_ok(amkd_buffer_new(&rows, device, CL_MEM_READ_ONLY, sizeof order, order));
    ck_ok(amkd_buffer_new(&teaching, device, CL_MEM_READ_ONLY, nsamples * 4, flags));
    for (int b = 0; b < 4; b++)
        ck_ok(amkd_buffer_new(&there[b], device, CL_MEM_READ_WRITE, n * 4, gradient));
    ck_ok(amkd_loss_count_teaching(loss, teaching, COUNT, NULL));
    ck_ok(amkd_loss_run_teaching(loss, there[3], there[0], there[1], there[2], logits,
                                 targets, rows, 0, COUNT, 2, teaching, 0));
    ck_ok(amkd_buffer_read(device, gradient, there[3], 0, n * 4));
    for (int b = 0; b < 3; b++) {
        sums[b] = malloc(nsamples * 4);
        ck_ok(amkd_buffer_read(device, sums[b], there[b], 0, nsamples * 4));
    }
    for (size_t s = 0; s < nsamples; s++) {
        const float *own = z + s / nlanes * nlanes * CLASSES + s % nlanes;
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp(own[c * nlanes] / 2);
        for (size_t c = 0; c < CLASSES; c++) {
            const double q = exp(own[c * nlanes] / 2) / sum;
            const double d = 2 * (q - p[s * CLASSES + c]) / (double)nteaching;
            ck_assert_double_eq_tol(
                gradient[(s / nlanes * CLASSES + c) * nlanes + s % nlanes],
                flags[s] > 0 ? d : 0, 1e-6);
        }
        ck_assert_double_eq(sums[2][s], flags[s]);
        if (!(flags[s] > 0))
            ck_assert(sums[0][s] == 0 && sums[1][s] == 0);
        else
            ck_assert_double_gt(sums[0][s], 0);
    }
    amkd_buffer_free(logits), amkd_buffer_free(targets), amkd_buffer_free(rows);
    amkd_buffer_free(teaching);
    for (int b = 0; b < 4; b++)
        amkd_buffer_free(there[b]);
    amkd_loss_free(loss);
    free(z), free(p), free(flags), free(gradient);
    free(sums[0]), free(sums[1]), free(sums[2]);
}
END_TEST

START_TEST(views_of_labeled_images_keep_their_labels_mixed_as_they_are)
{
    amkd_train_options options = make_options();
    float planes[BATCH * NPIXELS], seen[BATCH * NPIXELS], answers[BATCH * CLASSES];
    float mu[BATCH];
    uint32_t rows[BATCH];
    size_t nsamples;
    amkd_order order;
    amkd_feed *feed;
    options.assistant = NULL;
    options.views = &views;
    options.mixup = 0.7;
    options.window = small_window;
    dataset.keys = calloc(NIMAGES, sizeof *dataset.keys);
    dataset.targets = calloc(NIMAGES * CLASSES, sizeof *dataset.targets);
    for (uint32_t i = 0; i < NIMAGES; i++) {
        dataset.keys[i] = (amkd_label_key){i, i, 1};
        dataset.targets[i * CLASSES + i % CLASSES] = 1;
    }
    ck_ok(amkd_lessons_new(&feed, device, &dataset, student, &options, 0));
    ck_ok(amkd_order_new(&order, NIMAGES, BATCH, SEED));
    ck_ok(feed->begin(feed, &nsamples, 4, 6));
    const size_t count = expect_planes(planes, &options, 5);
    read_step(seen, answers, NULL, feed, 5);
    amkd_order_step(&order, rows, 5);
    amkd_order_shares(&order, mu, options.mixup, 5);
    for (size_t p = 0; p < count * NPIXELS; p++)
        ck_assert_double_eq_tol(seen[p], planes[p], 1e-5);
    for (size_t n = 0; n < count; n++)
        for (size_t c = 0; c < CLASSES; c++) {
            const int own = rows[n] % CLASSES == c;
            const int next = rows[(n + 1) % count] % CLASSES == c;
            ck_assert_double_eq_tol(answers[n * CLASSES + c],
                                    mu[n] * (float)own + (1 - mu[n]) * (float)next, 1e-5);
        }
    feed->free(feed);
    amkd_order_clear(&order);
}
END_TEST

/* Rows of which every third is an image, the others mixes; views by the row. */
START_TEST(mixes_are_mixed_before_they_are_seen_in_views)
{
    amkd_train_options options = make_options();
    float planes[BATCH * NPIXELS], answers[BATCH * CLASSES];
    uint8_t mix[NPIXELS], seen[NPIXELS];
    const uint8_t no_means[CHANNELS] = {0};
    uint32_t rows[BATCH];
    size_t nsamples;
    amkd_order order;
    amkd_feed *feed;
    views = (amkd_view_options){.seed = SEED};
    ck_ok(amkd_view_options_parse(&views, "--shift 0.1 --flip 0.5"));
    options.assistant = NULL;
    options.views = &views;
    options.window = _i ? small_window : (amkd_span_images_limits){0};
    dataset.keys = calloc(NIMAGES, sizeof *dataset.keys);
    dataset.targets = calloc(NIMAGES * CLASSES, sizeof *dataset.targets);
    for (uint32_t r = 0; r < NIMAGES; r++) {
        const uint32_t j = r % 3 ? (7 * r + 1) % NIMAGES : r;
        dataset.keys[r] = (amkd_label_key){r, j, j == r ? 1 : 0.1F + 0.012F * (float)r};
        dataset.targets[r * CLASSES + r % CLASSES] = 1;
    }
    ck_ok(amkd_lessons_new(&feed, device, &dataset, student, &options, 0));
    ck_ok(amkd_order_new(&order, NIMAGES, BATCH, SEED));
    for (uint64_t step = 3; step < 6; step++) {
        const size_t count = amkd_order_count(&order, step);
        amkd_order_step(&order, rows, step);
        ck_ok(feed->begin(feed, &nsamples, step, step + 1));
        ck_assert_uint_eq(nsamples, count);
        read_step(planes, answers, NULL, feed, step);
        for (size_t n = 0; n < count; n++) {
            const amkd_label_key *key = &dataset.keys[rows[n]];
            amkd_view view;
            amkd_mix_u8(mix, dataset.images->pixels + key->i * NPIXELS,
                        dataset.images->pixels + key->j * NPIXELS,
                        amkd_mix_weight(key->lambda), NPIXELS);
            amkd_view_draw(&view, &views, SIDE, SIDE, rows[n], step / order.epoch_nsteps);
            amkd_view_apply(seen, &view, &views, mix, no_means, SIDE, SIDE, CHANNELS);
            for (size_t p = 0; p < NPIXELS; p++)
                ck_assert_double_eq_tol(
                    planes[n * NPIXELS + p],
                    seen[p % (SIDE * SIDE) * CHANNELS + p / (SIDE * SIDE)] / 255.0, 1e-5);
            ck_assert_double_eq(answers[n * CLASSES + rows[n] % CLASSES], 1);
        }
    }
    feed->free(feed);
    amkd_order_clear(&order);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lessons");
    TCase *tests = tcase_create("steps");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, a_step_shows_views_and_has_the_assistants_answers_about_them, 0, 8);
    tcase_add_test(tests, the_loss_of_those_that_teach_is_a_mean_over_them);
    tcase_add_test(tests, views_of_labeled_images_keep_their_labels_mixed_as_they_are);
    tcase_add_loop_test(tests, mixes_are_mixed_before_they_are_seen_in_views, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
