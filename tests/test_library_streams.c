/* Streams read and labels written by libamkd. */
#include "data/images_load.h"
#include "library.h"
#include "steps/learn/answers.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"

/* -------------------------------------------------------------------- streams read -- */

static void expect_images(const char *path, int labeled, size_t batch)
{
    amkd_stream *s;
    size_t height, width, channels, row = 0;
    ssize_t n;
    const char *set;
    uint64_t nrows;
    uint8_t *pixels = the_pixels(), *got = malloc(batch * SIZE);
    int32_t *labels = malloc(batch * sizeof *labels);
    ck_assert_int_eq(amkd_stream_open(&s, path), 0);
    ck_assert_str_eq(amkd_stream_kind(s), "images");
    amkd_stream_shape(s, &height, &width, &channels);
    ck_assert(height == HEIGHT && width == WIDTH && channels == CHANNELS);
    ck_assert_uint_eq(amkd_stream_nclasses(s), labeled ? NCLASSES : 0);
    ck_assert_int_eq(amkd_stream_image_set(s, 0, &set, &nrows), 0);
    ck_assert_ptr_null(amkd_stream_class_name(s, NCLASSES));
    if (labeled)
        ck_assert_str_eq(amkd_stream_class_name(s, 2), names[2]);
    else
        ck_assert_ptr_null(amkd_stream_class_name(s, 0));
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, 1), -1);
    expect_error("holds images, expected labels");
    while ((n = amkd_stream_read_images(s, got, row % 2 ? NULL : labels, batch)) > 0) {
        ck_assert(n == (ssize_t)batch || row + (size_t)n == NIMAGES);
        ck_assert_mem_eq(got, pixels + row * SIZE, (size_t)n * SIZE);
        for (size_t r = 0; row % 2 == 0 && r < (size_t)n; r++)
            ck_assert_int_eq(labels[r], labeled ? (int32_t)((row + r) % NCLASSES) : -1);
        row += (size_t)n;
    }
    ck_assert_int_eq(n, 0);
    ck_assert_uint_eq(row, NIMAGES);
    amkd_stream_close(s);
    free(pixels);
    free(got);
    free(labels);
}

START_TEST(images_are_read_in_any_batch_with_and_without_labels)
{
    put_images("labeled.amkd", 1);
    put_images("unlabeled.amkd", 0);
    for (size_t batch = 1; batch < 10000; batch = batch * 5 + 2) {
        expect_images("labeled.amkd", 1, batch);
        expect_images("unlabeled.amkd", 0, batch);
    }
    amkd_stream_close(NULL);
}
END_TEST

START_TEST(a_stream_cut_short_is_an_error_and_no_end)
{
    amkd_stream *s;
    size_t nbytes;
    uint8_t *pixels = malloc((size_t)NIMAGES * SIZE);
    put_images("images.amkd", 0);
    uint8_t *bytes = get_file("images.amkd", &nbytes);
    put_file("cut.amkd", bytes, nbytes - 28); /* without its end-of-file block */
    ck_assert_int_eq(amkd_stream_open(&s, "cut.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_images(s, pixels, NULL, NIMAGES + 1), -1);
    expect_error("cut.amkd");
    amkd_stream_close(s);
    ck_assert_int_eq(amkd_stream_open(&s, "nowhere.amkd"), -1);
    ck_assert_ptr_null(s);
    put_file("other", "something else", 14);
    ck_assert_int_eq(amkd_stream_open(&s, "other"), -1);
    expect_error("other");
    free(bytes);
    free(pixels);
}
END_TEST

START_TEST(a_stream_of_another_kind_is_refused)
{
    amkd_stream *s;
    amkd_header header;
    amkd_writer *writer;
    ck_assert_int_eq(amkd_pairs_header(&header), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "pairs.amkd", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    ck_assert_int_eq(amkd_stream_open(&s, "pairs.amkd"), -1);
    expect_error("'pairs.amkd': holds pairs, expected images or labels");
}
END_TEST

/* ------------------------------------------------------------------ labels written -- */

static void make_probs(float *probs, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        const float first = (float)(r % 97) / 128;
        probs[r * NCLASSES] = first;
        probs[r * NCLASSES + 1] = (1 - first) / 4;
        probs[r * NCLASSES + 2] = (1 - first) * 3 / 4;
    }
}

START_TEST(labels_are_read_as_they_were_written)
{
    amkd_labels *l;
    amkd_stream *s;
    float probs[NIMAGES * NCLASSES], got[NIMAGES * NCLASSES], lambda[2] = {0.25f, 1};
    uint32_t i[NIMAGES], gi[NIMAGES], j[2] = {9, 4}, gj[NIMAGES];
    float gl[NIMAGES];
    const uint32_t mixed[2] = {2, 4};
    const char *path;
    uint64_t nrows;
    size_t height, width, channels;
    put_images("images.amkd", 0);
    make_probs(probs, NIMAGES);
    for (uint32_t r = 0; r < NIMAGES; r++)
        i[r] = r;
    ck_assert_int_eq(amkd_labels_create(&l, "labels.amkd", "images.amkd", "an oracle",
                                        NCLASSES, names),
                     0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, 100), 0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, 0), 0);
    ck_assert_int_eq(amkd_labels_write(l, mixed, j, lambda, probs, 2), 0);
    ck_assert_int_ne(access("labels.amkd", F_OK), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);

    ck_assert_int_eq(amkd_stream_open(&s, "labels.amkd"), 0);
    ck_assert_str_eq(amkd_stream_kind(s), "labels");
    ck_assert_uint_eq(amkd_stream_nclasses(s), NCLASSES);
    ck_assert_str_eq(amkd_stream_class_name(s, 2), names[2]);
    amkd_stream_shape(s, &height, &width, &channels);
    ck_assert(height == HEIGHT && width == WIDTH && channels == CHANNELS);
    ck_assert_int_eq(amkd_stream_image_set(s, 0, &path, &nrows), 1);
    ck_assert_str_eq(path, "images.amkd");
    ck_assert_uint_eq(nrows, NIMAGES);
    ck_assert_int_eq(amkd_stream_image_set(s, 1, &path, &nrows), 0);
    ck_assert_int_eq(amkd_stream_read_images(s, NULL, NULL, 1), -1);
    ck_assert_int_eq(amkd_stream_read_labels(s, gi, gj, gl, got, 100), 100);
    ck_assert_mem_eq(gi, i, 100 * sizeof *i);
    ck_assert_mem_eq(gj, i, 100 * sizeof *i);
    ck_assert_mem_eq(got, probs, 100 * NCLASSES * sizeof *probs);
    for (size_t r = 0; r < 100; r++)
        ck_assert_float_eq(gl[r], 1);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, gj, gl, NULL, NIMAGES), 2);
    ck_assert(gj[0] == 9 && gl[0] == 0.25f && gj[1] == 4 && gl[1] == 1);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, NIMAGES), 0);
    amkd_stream_close(s);
}
END_TEST

START_TEST(libcore_takes_all_labels_of_the_library)
{
    amkd_labels *l;
    amkd_images *images;
    amkd_reader *reader;
    amkd_stream *s;
    float probs[NIMAGES * NCLASSES], again[NIMAGES * NCLASSES], *got;
    uint32_t i[NIMAGES];
    put_images("images.amkd", 1);
    make_probs(probs, NIMAGES);
    for (uint32_t r = 0; r < NIMAGES; r++)
        i[r] = r;
    ck_assert_int_eq(
        amkd_labels_create(&l, "labels.amkd", "images.amkd", "an oracle", NCLASSES, NULL),
        0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, NIMAGES), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);
    ck_assert_int_eq(amkd_labels_close(NULL), 0);
    ck_assert_int_eq(
        amkd_labels_create(&l, "images.amkd", "images.amkd", "an oracle", NCLASSES, NULL),
        -1);
    ck_assert_ptr_null(l);
    ck_assert_str_eq(amkd_last_error(),
                     "'images.amkd': the labels would be written over their images");
    ck_assert_int_eq(amkd_images_load(&images, "images.amkd", 0), 0);
    ck_assert_int_eq(amkd_answers_read(&got, "labels.amkd", images, 0), 0);
    ck_assert_mem_eq(got, probs, sizeof probs);
    ck_assert_int_eq(amkd_reader_open(&reader, "labels.amkd", "labels", 0), 0);
    ck_assert_str_eq(amkd_header_teacher(amkd_reader_header(reader)), "an oracle");
    ck_assert_ptr_null(amkd_header_class_names(amkd_reader_header(reader)));
    amkd_reader_close(reader);
    ck_assert_int_eq(amkd_stream_open(&s, "labels.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, again, NIMAGES + 1),
                     NIMAGES);
    ck_assert_mem_eq(again, probs, sizeof probs);
    amkd_stream_close(s);
    amkd_images_free(images);
    free(got);
}
END_TEST

START_TEST(labels_that_no_reader_would_take_are_refused_and_none_added)
{
    amkd_labels *l;
    amkd_stream *s;
    const float probs[] = {0.5f, 0.25f, 0.25f, 0.5f, 0.25f, 0.25f};
    const float too_much[] = {0.5f, 0.25f, 0.5f}, negative[] = {-0.5f, 1, 0.5f};
    const float half = 0.5f, two = 2;
    const uint32_t zero = 0, one = 1, outside[] = {0, NIMAGES};
    put_images("images.amkd", 0);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 3, NULL), 0);
    ck_assert_int_eq(amkd_labels_write(l, outside, NULL, NULL, probs, 2), -1);
    expect_error("'out.amkd': row 1");
    ck_assert_int_eq(amkd_labels_write(l, &zero, NULL, NULL, too_much, 1), -1);
    expect_error("sum to 1.25");
    ck_assert_int_eq(amkd_labels_write(l, &zero, NULL, NULL, negative, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &one, &zero, &half, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &zero, &half, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, &two, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, NULL, probs, 1), -1);
    expect_error("come together");
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, &half, probs, 1), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);
    ck_assert_int_eq(amkd_stream_open(&s, "out.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, 9), 1);
    amkd_stream_close(s);
}
END_TEST

START_TEST(labels_that_were_discarded_or_not_begun_leave_no_file)
{
    amkd_labels *l;
    scratch_clear();
    put_images("images.amkd", 0);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 3, NULL), 0);
    amkd_labels_discard(l);
    amkd_labels_discard(NULL);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "nowhere", "t", 3, NULL), -1);
    ck_assert_ptr_null(l);
    expect_error("nowhere");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "\xff", 3, NULL),
                     -1);
    expect_error("no UTF-8");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 1,
                                        (const char *const[]){"\xff"}),
                     -1);
    expect_error("no UTF-8");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 0, NULL), -1);
    ck_assert_int_eq(amkd_labels_create(&l, "no/where", "images.amkd", "t", 3, NULL), -1);
    expect_error("no/where");
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("library streams");
    TCase *tests = tcase_create("library streams");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, images_are_read_in_any_batch_with_and_without_labels);
    tcase_add_test(tests, a_stream_cut_short_is_an_error_and_no_end);
    tcase_add_test(tests, a_stream_of_another_kind_is_refused);
    tcase_add_test(tests, labels_are_read_as_they_were_written);
    tcase_add_test(tests, libcore_takes_all_labels_of_the_library);
    tcase_add_test(tests, labels_that_no_reader_would_take_are_refused_and_none_added);
    tcase_add_test(tests, labels_that_were_discarded_or_not_begun_leave_no_file);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
