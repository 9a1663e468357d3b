/* Questions and answers as a library: what is checked before the first question, what is
 * never asked twice, and that the teacher sees the mixed pixels. The worker is this
 * program run again. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_writer.h"
#include "data/mix.h"
#include "data/npy.h"
#include "device/device.h"
#include "scratch.h"
#include "steps/ask/query.h"
#include "steps/ask/questions.h"
#include "stream/stream.h"
#include <math.h>

enum { N = 11, SIDE = 3, SIZE = SIDE * SIDE, NCLASSES = 2 };

static char teacher[4200];
static json_t *command;

/* The worker: class 0 has the share of the image's last byte in 255. Each image asked
 * adds a byte to the file "asked". */
static int work(void)
{
    static char head[256];
    amkd_npy npy;
    size_t nhead;
    while (fread(head, 1, 128, stdin) == 128 &&
           amkd_npy_parse(&npy, &nhead, head, 128) == 1) {
        uint8_t *pixels = malloc(npy.nbytes);
        float *p = malloc(npy.shape[0] * NCLASSES * sizeof *p);
        const size_t shape[] = {npy.shape[0], NCLASSES};
        char *answer;
        FILE *asked = fopen("asked", "ab");
        if (!asked || fread(pixels, 1, npy.nbytes, stdin) != npy.nbytes ||
            amkd_npy_print(&answer, &nhead, "<f4", shape, 2))
            return 9;
        for (size_t s = 0; s < shape[0]; s++) {
            p[s * NCLASSES] = pixels[s * SIZE + SIZE - 1] / 255.0f;
            p[s * NCLASSES + 1] = 1 - p[s * NCLASSES];
        }
        fwrite(pixels, 1, shape[0], asked);
        fclose(asked);
        fwrite(answer, 1, nhead, stdout);
        fwrite(p, sizeof *p, shape[0] * NCLASSES, stdout);
        fflush(stdout);
        free(answer);
        free(pixels);
        free(p);
    }
    return 0;
}

static size_t nasked(void)
{
    struct stat status;
    return stat("asked", &status) ? 0 : (size_t)status.st_size;
}

/* Images of chance; what is in the header of a stream that speaks of them. */
static amkd_images *make_images(amkd_header *refers, uint64_t seed)
{
    amkd_images *images, *loaded;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&images, N, SIDE, SIDE, 1, 0), 0);
    for (size_t b = 0; b < N * SIZE; b++)
        images->pixels[b] = (uint8_t)((b + seed) * 73);
    ck_assert_int_eq(amkd_images_header(&header, SIDE, SIDE, 1, 0, NULL), 0);
    ck_assert_int_eq(amkd_images_save(images, "real.amkd", &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(images);
    ck_assert_int_eq(amkd_images_load(&loaded, "real.amkd", 0), 0);
    if (refers) {
        ck_assert_int_eq(amkd_picks_header(refers), 0);
        ck_assert_int_eq(amkd_images_put_refs(refers, loaded), 0);
    }
    return loaded;
}

static void write_picks(amkd_header *header, const amkd_pick *picks, size_t n)
{
    amkd_writer *writer;
    ck_assert_int_eq(amkd_writer_open(&writer, "picks.amkd", header, 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, picks, n), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
}

static amkd_query_options options_of(const char *input)
{
    return (amkd_query_options){.teacher = teacher,
                                .input = input,
                                .output = "labels.amkd",
                                .batch = 4,
                                .dtype = "uint8",
                                .timeout = 20,
                                .quiet = 1,
                                .command = command};
}

static void assert_refused(const amkd_query_options *options, const char *message)
{
    amkd_query_counts counts;
    remove("labels.amkd");
    remove("asked");
    ck_assert_int_eq(amkd_query_write(&counts, options), -1);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "said '%s'", amkd_error());
    ck_assert_uint_eq(nasked(), 0);
    ck_assert_int_ne(access("labels.amkd", F_OK), 0);
}

START_TEST(bad_picks_are_refused_before_anything_is_asked)
{
    const struct {
        amkd_pick pick;
        const char *message;
    } cases[] = {
        {{0, 1, 1.25f, 0}, "'picks.amkd': row 2: lambda 1.25 is outside [0, 1]"},
        {{0, 1, NAN, 0}, "is outside [0, 1]"},
        {{0, N, 0.5f, 0}, "row 2: j = 11 is outside the image sets, which hold 11"},
        {{N, 0, 0.5f, 0}, "row 2: i = 11 is above j = 0"},
        {{0, 1, 0.5f, NAN}, "row 2: score nan, expected a finite number"},
    };
    amkd_header header;
    amkd_images_free(make_images(&header, 0));
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const amkd_pick picks[] = {{0, 1, 0.5f, 0}, {0, 2, 0.5f, 0}, cases[c].pick};
        write_picks(&header, picks, 3);
        const amkd_query_options options = options_of("picks.amkd");
        assert_refused(&options, cases[c].message);
    }
    amkd_header_clear(&header);
}
END_TEST

START_TEST(picks_of_a_shard_and_of_changed_images_are_refused)
{
    const amkd_pick pick = {0, 1, 0.5f, 0};
    const amkd_query_options options = options_of("picks.amkd");
    amkd_header header;
    amkd_images_free(make_images(&header, 0));
    write_picks(&header, &pick, 1);
    amkd_images_free(make_images(NULL, 1));
    assert_refused(&options, "real.amkd");
    amkd_images_free(make_images(NULL, 0));
    json_object_set_new(header.more, "shard",
                        json_pack("{s:i, s:i}", "index", 0, "count", 2));
    write_picks(&header, &pick, 1);
    assert_refused(&options, "holds the picks of one shard");
    amkd_header_clear(&header);
}
END_TEST

START_TEST(streams_of_other_kinds_and_empty_ones_are_refused)
{
    amkd_query_options options = options_of("picks.amkd");
    amkd_header header, labels;
    amkd_images_free(make_images(&header, 0));
    write_picks(&header, NULL, 0);
    assert_refused(&options, "there is nothing to ask");
    ck_assert_int_eq(amkd_labels_header(&labels, 3), 0);
    write_picks(&labels, NULL, 0);
    assert_refused(&options, "'picks.amkd': holds labels, expected picks or images");
    const char *const others[] = {"real.amkd"};
    options.input = "real.amkd";
    options.images = others;
    options.nimages = 1;
    assert_refused(&options, "holds images itself");
    amkd_header_clear(&header);
    amkd_header_clear(&labels);
}
END_TEST

static char *read_labels(size_t *n)
{
    amkd_reader *reader;
    void *rows;
    ck_assert_int_eq(amkd_reader_open(&reader, "labels.amkd", "labels", 0), 0);
    ck_assert_int_eq(amkd_reader_read_all(reader, &rows, n), 0);
    amkd_reader_close(reader);
    return rows;
}

/* Whether row r of the labels has this key and the probability of this byte. */
static void assert_row(const char *rows, size_t r, amkd_label_key key, uint8_t byte)
{
    float p;
    const char *row = rows + r * (sizeof key + NCLASSES * sizeof p);
    ck_assert_mem_eq(row, &key, sizeof key);
    memcpy(&p, row + sizeof key, sizeof p);
    ck_assert(p == byte / 255.0f);
}

START_TEST(the_teacher_sees_mixed_pixels_and_nothing_twice)
{
    amkd_device *device;
    if (amkd_device_open(&device, NULL)) {
        fprintf(stderr, "no device, mixed questions not tested: %s\n", amkd_error());
        return;
    }
    amkd_device_close(device);
    amkd_header header;
    amkd_images *images = make_images(&header, 0);
    const amkd_pick picks[] = {{0, 1, 0.5f, 0},  {3, 7, 0.3f, 0}, {0, 1, 0.25f, 0},
                               {3, 7, 0.3f, 1},  {9, 10, 1, 0},   {2, 10, 0.7f, 2},
                               {0, 1, 0.5f, .5f}};
    const size_t kept[] = {0, 1, 2, 4, 5};
    write_picks(&header, picks, 7);
    amkd_query_options options = options_of("picks.amkd");
    amkd_query_counts counts;
    remove("asked");
    ck_assert_msg(amkd_query_write(&counts, &options) == 0, "%s", amkd_error());
    ck_assert_uint_eq(counts.asked, 5);
    ck_assert_uint_eq(counts.known, 2);
    ck_assert_uint_eq(nasked(), 5);
    size_t n;
    char *rows = read_labels(&n);
    ck_assert_uint_eq(n, 5);
    for (size_t r = 0; r < n; r++) {
        const amkd_pick *pick = &picks[kept[r]];
        uint8_t mixed[SIZE];
        amkd_mix_u8(mixed, images->pixels + pick->i * SIZE,
                    images->pixels + pick->j * SIZE, amkd_mix_weight(pick->lambda), SIZE);
        assert_row(rows, r, (amkd_label_key){pick->i, pick->j, pick->lambda},
                   mixed[SIZE - 1]);
    }
    free(rows);
    amkd_images_free(images);
    amkd_header_clear(&header);
}
END_TEST

static void assert_real_rows(const amkd_images *images, size_t nexpected)
{
    size_t n;
    char *rows = read_labels(&n);
    ck_assert_uint_eq(n, nexpected);
    for (uint32_t r = 0; r < n; r++)
        assert_row(rows, r, (amkd_label_key){r, r, 1},
                   images->pixels[r * SIZE + SIZE - 1]);
    free(rows);
}

START_TEST(a_budget_stops_before_it_is_passed_and_counts_what_is_there)
{
    amkd_images *images = make_images(NULL, 0);
    amkd_query_options options = options_of("real.amkd");
    amkd_query_counts counts;
    remove("labels.amkd");
    remove("asked");
    options.append = 1;
    const struct {
        uint64_t budget;
        size_t asked, known, left, rows;
    } runs[] = {{6, 6, 0, 5, 6}, {6, 0, 6, 5, 6},  {5, 0, 6, 5, 6},
                {7, 1, 6, 4, 7}, {0, 4, 7, 0, 11}, {0, 0, 11, 0, 11}};
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        options.budget = runs[r].budget;
        ck_assert_msg(amkd_query_write(&counts, &options) == 0, "%s", amkd_error());
        ck_assert_uint_eq(counts.asked, runs[r].asked);
        ck_assert_uint_eq(counts.known, runs[r].known);
        ck_assert_uint_eq(counts.left, runs[r].left);
        ck_assert_uint_eq(nasked(), runs[r].rows);
        assert_real_rows(images, runs[r].rows);
    }
    amkd_images_free(images);
}
END_TEST

START_TEST(answers_are_added_to_a_file_made_without_append)
{
    amkd_images *images = make_images(NULL, 0);
    amkd_query_options options = options_of("real.amkd");
    amkd_query_counts counts;
    remove("labels.amkd");
    options.budget = 5;
    ck_assert_int_eq(amkd_query_write(&counts, &options), 0);
    options.budget = 0;
    options.append = 1;
    ck_assert_msg(amkd_query_write(&counts, &options) == 0, "%s", amkd_error());
    ck_assert_uint_eq(counts.asked, N - 5);
    assert_real_rows(images, N);
    amkd_images_free(images);
}
END_TEST

START_TEST(a_file_that_promises_its_rows_is_found_before_anything_is_asked)
{
    amkd_header header;
    amkd_writer *writer;
    amkd_images *images = make_images(NULL, 0);
    amkd_query_options options = options_of("real.amkd");
    amkd_query_counts counts;
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    ck_assert_int_eq(amkd_images_put_refs(&header, images), 0);
    json_object_set_new(header.more, "teacher", json_string(teacher));
    json_object_set_new(header.more, "rows", json_integer(0));
    ck_assert_int_eq(amkd_writer_open(&writer, "labels.amkd", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    options.append = 1;
    remove("asked");
    ck_assert_int_eq(amkd_query_write(&counts, &options), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'labels.amkd': its header promises"));
    ck_assert_uint_eq(nasked(), 0);
    amkd_header_clear(&header);
    amkd_images_free(images);
}
END_TEST

/* Every place a crash can cut the file at: the run goes on, and never asks again what is
 * whole in it. */
START_TEST(answers_that_a_crash_cut_short_are_continued)
{
    amkd_images *images = make_images(NULL, 0);
    amkd_query_options options = options_of("real.amkd");
    amkd_query_counts counts;
    remove("labels.amkd");
    options.append = 1;
    ck_assert_int_eq(amkd_query_write(&counts, &options), 0);
    size_t nbytes;
    uint8_t *whole = get_file("labels.amkd", &nbytes);
    size_t fewest = N;
    for (size_t cut = nbytes; cut > nbytes - 150; cut -= 7) {
        put_file("labels.amkd", whole, cut);
        ck_assert_msg(amkd_query_write(&counts, &options) == 0, "%zu of %zu: %s", cut,
                      nbytes, amkd_error());
        assert_real_rows(images, N);
        ck_assert_uint_eq(counts.asked % 4 == 3 || counts.asked == 0 || counts.asked == 7,
                          1); /* batches of 4, 4 and 3 */
        fewest = counts.known < fewest ? counts.known : fewest;
    }
    ck_assert_uint_lt(fewest, N);
    free(whole);
    amkd_images_free(images);
}
END_TEST

START_TEST(answers_of_another_teacher_or_about_other_images_are_not_added_to)
{
    amkd_images_free(make_images(NULL, 0));
    amkd_query_options options = options_of("real.amkd");
    amkd_query_counts counts;
    remove("labels.amkd");
    options.append = 1;
    ck_assert_int_eq(amkd_query_write(&counts, &options), 0);
    size_t before = nasked();
    options.teacher = "exec:false";
    ck_assert_int_eq(amkd_query_write(&counts, &options), -1);
    ck_assert_ptr_nonnull(
        strstr(amkd_error(), "'labels.amkd': holds answers of teacher "));
    options.teacher = teacher;
    amkd_images_free(make_images(NULL, 1));
    ck_assert_int_eq(amkd_query_write(&counts, &options), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'labels.amkd': "));
    ck_assert_uint_eq(nasked(), before);
}
END_TEST

START_TEST(an_output_that_cannot_be_written_is_found_before_anything_is_asked)
{
    amkd_images_free(make_images(NULL, 0));
    amkd_query_options options = options_of("real.amkd");
    options.output = "nowhere/labels.amkd";
    assert_refused(&options, "nowhere/labels.amkd");
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return work();
    char self[4096] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return 1;
    snprintf(teacher, sizeof teacher, "exec:exec '%s' worker", self);
    command = json_pack("[s]", "amkd-query");
    Suite *suite = suite_create("query");
    TCase *tests = tcase_create("query");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, bad_picks_are_refused_before_anything_is_asked);
    tcase_add_test(tests, picks_of_a_shard_and_of_changed_images_are_refused);
    tcase_add_test(tests, streams_of_other_kinds_and_empty_ones_are_refused);
    tcase_add_test(tests, the_teacher_sees_mixed_pixels_and_nothing_twice);
    tcase_add_test(tests, a_budget_stops_before_it_is_passed_and_counts_what_is_there);
    tcase_add_test(tests, answers_are_added_to_a_file_made_without_append);
    tcase_add_test(tests,
                   a_file_that_promises_its_rows_is_found_before_anything_is_asked);
    tcase_add_test(tests, answers_that_a_crash_cut_short_are_continued);
    tcase_add_test(tests,
                   answers_of_another_teacher_or_about_other_images_are_not_added_to);
    tcase_add_test(tests,
                   an_output_that_cannot_be_written_is_found_before_anything_is_asked);
    suite_add_tcase(suite, tests);
    int status = scratch_run(suite);
    json_decref(command);
    return status;
}
