/* Streams: what is written comes back, and nothing damaged passes for whole. */
#include "base/error.h"
#include "scratch.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <signal.h>
#include <sys/resource.h>

static void pairs_header(amkd_header *header, long long promised)
{
    ck_assert_int_eq(amkd_pairs_header(header), 0);
    if (promised >= 0)
        json_object_set_new(header->more, "rows", json_integer(promised));
}

/* Writes nrows pairs (row, row + 1); the result of closing. */
static int save_pairs(const char *name, size_t nrows, long long promised)
{
    amkd_header header;
    amkd_writer *writer;
    pairs_header(&header, promised);
    ck_assert_int_eq(amkd_writer_open(&writer, name, &header, 0), 0);
    amkd_header_clear(&header);
    for (size_t i = 0; i < nrows; i++) {
        amkd_pair pair = {(uint32_t)i, (uint32_t)i + 1};
        if (amkd_writer_write(writer, &pair, 1)) {
            amkd_writer_discard(writer);
            return -1;
        }
    }
    return amkd_writer_close(writer);
}

/* Reads pairs to the end. Returns how many, all of them right, or -1. */
static int load_pairs(const char *name)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, name, "pairs", 0))
        return -1;
    void *rows;
    size_t nrows;
    int result = amkd_reader_read_all(reader, &rows, &nrows);
    amkd_reader_close(reader);
    if (result)
        return -1;
    const amkd_pair *pairs = rows;
    for (size_t i = 0; i < nrows; i++) {
        ck_assert_uint_eq(pairs[i].i, i);
        ck_assert_uint_eq(pairs[i].j, i + 1);
    }
    free(rows);
    return (int)nrows;
}

static void refuse(const char *name, const char *message)
{
    ck_assert_int_eq(load_pairs(name), -1);
    ck_assert_msg(strstr(amkd_error(), message), "expected '%s' in '%s'", message,
                  amkd_error());
    ck_assert_msg(strstr(amkd_error(), name), "expected '%s' in '%s'", name,
                  amkd_error());
}

START_TEST(rows_come_back)
{
    static const size_t sizes[] = {0, 1, 2, 997, 8159, 8160, 8161, 100003};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        ck_assert_int_eq(save_pairs("file", sizes[s], -1), 0);
        ck_assert_int_eq(load_pairs("file"), (int)sizes[s]);
        ck_assert_int_eq(save_pairs("file", sizes[s], (long long)sizes[s]), 0);
        ck_assert_int_eq(load_pairs("file"), (int)sizes[s]);
    }
    scratch_clear();
}
END_TEST

START_TEST(rows_larger_than_a_block_come_back)
{
    enum { NITEMS = 50021, NROWS = 7 };
    const size_t shape = NITEMS;
    amkd_header header;
    ck_assert_int_eq(amkd_header_init(&header, "images"), 0);
    ck_assert_int_eq(amkd_header_add(&header, "x", "<f4", &shape, 1), 0);
    float *rows = malloc(NROWS * NITEMS * sizeof *rows);
    for (size_t i = 0; i < NROWS * NITEMS; i++)
        rows[i] = (float)(i * i % 10007);
    for (size_t nthreads = 0; nthreads < 4; nthreads++) {
        amkd_writer *writer;
        amkd_reader *reader;
        ck_assert_int_eq(amkd_writer_open(&writer, "file", &header, nthreads), 0);
        ck_assert_int_eq(amkd_writer_write(writer, rows, 3), 0);
        ck_assert_int_eq(amkd_writer_write(writer, rows + 3 * NITEMS, NROWS - 3), 0);
        ck_assert_int_eq(amkd_writer_close(writer), 0);
        float *back = malloc(5 * NITEMS * sizeof *back);
        ck_assert_int_eq(amkd_reader_open(&reader, "file", NULL, nthreads), 0);
        ck_assert_int_eq(amkd_reader_read(reader, back, 5), 5);
        ck_assert_mem_eq(back, rows, 5 * NITEMS * sizeof *rows);
        ck_assert_uint_eq(amkd_reader_row(reader), 5);
        ck_assert_int_eq(amkd_reader_read(reader, back, 5), 2);
        ck_assert_mem_eq(back, rows + 5 * NITEMS, 2 * NITEMS * sizeof *rows);
        ck_assert_int_eq(amkd_reader_read(reader, back, 5), 0);
        amkd_reader_close(reader);
        free(back);
    }
    amkd_header_clear(&header);
    free(rows);
    scratch_clear();
}
END_TEST

START_TEST(reader_rejects_a_stream_cut_short_anywhere)
{
    ck_assert_int_eq(save_pairs("whole", 100, -1), 0);
    size_t n;
    uint8_t *bytes = get_file("whole", &n);
    for (size_t length = 0; length < n; length++) {
        put_file("cut", bytes, length);
        ck_assert_int_eq(load_pairs("cut"), -1);
        ck_assert(strstr(amkd_error(), "cut short") || strstr(amkd_error(), "empty"));
    }
    free(bytes);
    scratch_clear();
}
END_TEST

START_TEST(reader_rejects_every_flipped_bit_or_reads_the_same)
{
    ck_assert_int_eq(save_pairs("whole", 100, -1), 0);
    size_t n, nsame = 0;
    uint8_t *bytes = get_file("whole", &n);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put_file("flipped", bytes, n);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int nrows = load_pairs("flipped");
        ck_assert(nrows == -1 || nrows == 100);
        nsame += nrows == 100;
    }
    /* Bits behind the end of the compressed data, up to the next byte, mean nothing. */
    ck_assert_uint_le(nsame, 7);
    free(bytes);
    scratch_clear();
}
END_TEST

START_TEST(reader_rejects_trailing_bytes)
{
    ck_assert_int_eq(save_pairs("whole", 10, -1), 0);
    size_t n;
    uint8_t *bytes = get_file("whole", &n);
    bytes[n] = 0;
    put_file("more", bytes, n + 1);
    refuse("more", "trailing bytes");
    free(bytes);
    scratch_clear();
}
END_TEST

START_TEST(reader_says_which_kind_it_found)
{
    amkd_header header;
    amkd_writer *writer;
    ck_assert_int_eq(amkd_labels_header(&header, 10), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "file", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    refuse("file", "a stream of labels, expected pairs");
    refuse("missing", "No such file or directory");
    scratch_clear();
}
END_TEST

START_TEST(writer_keeps_to_the_row_count_it_promised)
{
    ck_assert_int_eq(save_pairs("file", 10, 11), -1);
    ck_assert_ptr_nonnull(
        strstr(amkd_error(), "10 rows written, the header promises 11"));
    ck_assert_int_eq(save_pairs("file", 10, 9), -1);
    ck_assert_int_eq(scratch_clear(), 0); /* no file is left */
}
END_TEST

START_TEST(reader_reads_one_row_at_a_time)
{
    ck_assert_int_eq(save_pairs("file", 20000, 20000), 0);
    for (size_t nthreads = 0; nthreads < 3; nthreads++) {
        amkd_reader *reader;
        amkd_pair pair;
        ck_assert_int_eq(amkd_reader_open(&reader, "file", "pairs", nthreads), 0);
        ck_assert_str_eq(amkd_reader_name(reader), "file");
        ck_assert_str_eq(amkd_reader_header(reader)->kind, "pairs");
        for (uint32_t i = 0; i < 20000; i++) {
            ck_assert_uint_eq(amkd_reader_row(reader), i);
            ck_assert_int_eq(amkd_reader_read(reader, &pair, 1), 1);
            ck_assert_uint_eq(pair.i, i);
        }
        ck_assert_int_eq(amkd_reader_read(reader, &pair, 1), 0);
        ck_assert_int_eq(amkd_reader_read(reader, &pair, 1), 0);
        amkd_reader_close(reader);
    }
    scratch_clear();
}
END_TEST

START_TEST(writer_leaves_no_file_when_discarded_or_failed)
{
    amkd_header header;
    amkd_writer *writer;
    pairs_header(&header, -1);
    ck_assert_int_eq(amkd_writer_open(&writer, "file", &header, 2), 0);
    ck_assert_int_eq(amkd_writer_write(writer, &(amkd_pair){1, 2}, 1), 0);
    amkd_writer_discard(writer);
    ck_assert_int_eq(scratch_clear(), 0);
    for (size_t nthreads = 0; nthreads < 2; nthreads++) {
        ck_assert_int_eq(amkd_writer_open(&writer, "/dev/full", &header, nthreads), 0);
        ck_assert_int_eq(amkd_writer_write(writer, &(amkd_pair){1, 2}, 1), 0);
        ck_assert_int_eq(amkd_writer_flush(writer), -1);
        ck_assert_str_eq(amkd_error(), "'/dev/full': No space left on device");
        ck_assert_int_eq(amkd_writer_close(writer), -1);
    }
    amkd_header_clear(&header);
}
END_TEST

/* The disk is full for one write and has room again for the next. */
START_TEST(writer_that_lost_rows_never_ends_the_stream)
{
    amkd_header header;
    amkd_writer *writer;
    struct rlimit before, tight;
    pairs_header(&header, -1);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 50;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(amkd_writer_open(&writer, "file", &header, 0), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    ck_assert_int_eq(amkd_writer_write(writer, &(amkd_pair){1, 2}, 1), 0);
    ck_assert_int_eq(amkd_writer_flush(writer), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_str_eq(amkd_error(), "'file': File too large");
    ck_assert_int_eq(amkd_writer_write(writer, &(amkd_pair){1, 2}, 1), -1);
    ck_assert_int_eq(amkd_writer_close(writer), -1);
    ck_assert_int_eq(scratch_clear(), 0);
    amkd_header_clear(&header);
}
END_TEST

START_TEST(stream_goes_through_a_pipe)
{
    ck_assert_int_eq(save_pairs("file", 30000, -1), 0);
    FILE *pipe = popen("cat file", "r");
    int saved = dup(0);
    dup2(fileno(pipe), 0);
    ck_assert_int_eq(load_pairs("-"), 30000);
    dup2(saved, 0);
    close(saved);
    pclose(pipe);
    scratch_clear();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tests = tcase_create("stream");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, rows_come_back);
    tcase_add_test(tests, rows_larger_than_a_block_come_back);
    tcase_add_test(tests, reader_rejects_a_stream_cut_short_anywhere);
    tcase_add_test(tests, reader_rejects_every_flipped_bit_or_reads_the_same);
    tcase_add_test(tests, reader_rejects_trailing_bytes);
    tcase_add_test(tests, reader_says_which_kind_it_found);
    tcase_add_test(tests, writer_keeps_to_the_row_count_it_promised);
    tcase_add_test(tests, reader_reads_one_row_at_a_time);
    tcase_add_test(tests, writer_leaves_no_file_when_discarded_or_failed);
    tcase_add_test(tests, writer_that_lost_rows_never_ends_the_stream);
    tcase_add_test(tests, stream_goes_through_a_pipe);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
