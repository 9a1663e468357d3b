/* BGZF blocks, and their threaded reader and writer. */
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "scratch.h"
#include "stream/bgzf.h"
#include "stream/bgzf_reader.h"
#include "stream/bgzf_writer.h"
#include <fcntl.h>

static uint8_t plain[AMKD_BGZF_MAX_NBYTES], block[AMKD_BGZF_MAX_NBYTES];
static uint8_t again[AMKD_BGZF_MAX_NBYTES];

/* Bytes of few values, which compress, or of all, which do not. */
static void fill(uint8_t *bytes, size_t nbytes, unsigned nvalues)
{
    for (size_t i = 0; i < nbytes; i++)
        bytes[i] = (uint8_t)(amkd_random_u64(nvalues, 1, i) % nvalues);
}

/* Rows of two numbers, i < j, as all pairs of images in turn. */
static void fill_pairs(uint8_t *bytes, size_t nbytes)
{
    enum { NIMAGES = 2000 };
    uint32_t pair[2] = {0, 1};
    for (size_t b = 0; b < nbytes; b += sizeof pair) {
        memcpy(bytes + b, pair, nbytes - b < sizeof pair ? nbytes - b : sizeof pair);
        if (++pair[1] == NIMAGES)
            pair[1] = ++pair[0] + 1;
    }
}

START_TEST(block_comes_back)
{
    static const size_t sizes[] = {1, 2, 997, 65279, AMKD_BGZF_FILL_NBYTES};
    amkd_bgzf_encoder *encoder;
    amkd_bgzf_decoder *decoder;
    ck_assert_int_eq(amkd_bgzf_encoder_new(&encoder), 0);
    ck_assert_int_eq(amkd_bgzf_decoder_new(&decoder), 0);
    for (unsigned nvalues = 1; nvalues <= 256; nvalues *= 16) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            size_t nblock, nagain;
            fill(plain, sizes[s], nvalues);
            ck_assert_int_eq(amkd_bgzf_encode(encoder, block, &nblock, plain, sizes[s]),
                             0);
            ck_assert_uint_le(nblock, sizeof block);
            ck_assert_int_eq(amkd_bgzf_block_nbytes(block), (int)nblock);
            ck_assert_int_eq(amkd_bgzf_decode(decoder, again, &nagain, block, nblock), 0);
            ck_assert_uint_eq(nagain, sizes[s]);
            ck_assert_mem_eq(plain, again, nagain);
        }
    }
    amkd_bgzf_encoder_free(encoder);
    amkd_bgzf_decoder_free(decoder);
}
END_TEST

START_TEST(block_of_all_pairs_is_a_fifth)
{
    amkd_bgzf_encoder *encoder;
    size_t nblock;
    ck_assert_int_eq(amkd_bgzf_encoder_new(&encoder), 0);
    fill_pairs(plain, AMKD_BGZF_FILL_NBYTES);
    ck_assert_int_eq(
        amkd_bgzf_encode(encoder, block, &nblock, plain, AMKD_BGZF_FILL_NBYTES), 0);
    ck_assert_uint_le(nblock, AMKD_BGZF_FILL_NBYTES * 21 / 100);
    amkd_bgzf_encoder_free(encoder);
}
END_TEST

START_TEST(end_of_file_block_is_that_of_the_specification)
{
    static const char expected[] =
        "\037\213\010\4\0\0\0\0\0\377\6\0\102\103\2\0\033\0\3\0"
        "\0\0\0\0\0\0\0\0";
    ck_assert_mem_eq(amkd_bgzf_eof, expected, 28);
    ck_assert(amkd_bgzf_is_eof(amkd_bgzf_eof, 28));
}
END_TEST

static void save(const char *name, const uint8_t *bytes, size_t nbytes, size_t nthreads)
{
    amkd_output *output;
    amkd_bgzf_writer *writer;
    ck_assert_int_eq(amkd_output_open(&output, name), 0);
    ck_assert_int_eq(amkd_bgzf_writer_open(&writer, output, nthreads), 0);
    for (size_t done = 0, n; done < nbytes; done += n) {
        n = nbytes - done < 10007 ? nbytes - done : 10007;
        ck_assert_int_eq(amkd_bgzf_writer_write(writer, bytes + done, n), 0);
    }
    ck_assert_int_eq(amkd_bgzf_writer_finish(writer), 0);
    amkd_bgzf_writer_free(writer);
    ck_assert_int_eq(amkd_output_commit(output), 0);
}

/* Reads the file to its end. Returns the number of bytes or -1. */
static ssize_t load(const char *name, uint8_t *bytes, size_t size, size_t nthreads)
{
    amkd_bgzf_reader *reader;
    static uint8_t part[9973];
    int fd = open(name, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(amkd_bgzf_reader_open(&reader, fd, name, nthreads), 0);
    size_t done = 0;
    ssize_t n;
    while ((n = amkd_bgzf_reader_read(reader, part, sizeof part)) > 0) {
        ck_assert_uint_le(done + (size_t)n, size);
        memcpy(bytes + done, part, (size_t)n);
        done += (size_t)n;
    }
    amkd_bgzf_reader_close(reader);
    close(fd);
    return n < 0 ? -1 : (ssize_t)done;
}

START_TEST(any_number_of_threads_gives_equal_bytes)
{
    enum { SIZE = 3000017 };
    uint8_t *bytes = malloc(SIZE), *back = malloc(SIZE);
    fill(bytes, SIZE, 11);
    fill_pairs(bytes, SIZE / 2);
    save("expected", bytes, SIZE, 0);
    size_t nexpected, nfound;
    uint8_t *expected = get_file("expected", &nexpected);
    static const size_t threads[] = {0, 1, 2, 5, 100};
    for (size_t i = 0; i < 5; i++) {
        save("found", bytes, SIZE, threads[i]);
        uint8_t *found = get_file("found", &nfound);
        ck_assert_uint_eq(nfound, nexpected);
        ck_assert_mem_eq(found, expected, nfound);
        free(found);
        memset(back, 0, SIZE);
        ck_assert_int_eq(load("expected", back, SIZE, threads[i]), SIZE);
        ck_assert_mem_eq(back, bytes, SIZE);
    }
    free(expected);
    free(bytes);
    free(back);
}
END_TEST

/* Expects the file that holds these bytes to be refused with this in the message. */
static void refuse(const uint8_t *bytes, size_t nbytes, const char *message)
{
    static uint8_t back[1 << 18];
    put_file("bad", bytes, nbytes);
    for (size_t nthreads = 0; nthreads < 3; nthreads++) {
        ck_assert_int_eq(load("bad", back, sizeof back, nthreads), -1);
        ck_assert_msg(strstr(amkd_error(), message), "expected '%s' in '%s'", message,
                      amkd_error());
        ck_assert_ptr_nonnull(strstr(amkd_error(), "'bad'"));
    }
}

START_TEST(reader_refuses_what_is_not_a_whole_file)
{
    static uint8_t large[70000];
    fill(large, sizeof large, 5);
    save("whole", large, sizeof large, 0);
    size_t n;
    uint8_t *whole = get_file("whole", &n);
    uint8_t *file = calloc(2 * n + 64, 1);
    memcpy(file, whole, n);
    refuse(file, 0, "empty");
    refuse(file, 1, "cut short");
    refuse(file, 17, "cut short");
    refuse(file, n / 2, "cut short");
    refuse(file, n - 28, "no end-of-file block");
    refuse(file, n - 1, "cut short");
    refuse(file, n + 1, "trailing bytes");
    memcpy(file + n, whole, n);
    refuse(file, 2 * n, "trailing bytes");
    memcpy(file + n, amkd_bgzf_eof, 28);
    refuse(file, n + 28, "trailing bytes");
    refuse((const uint8_t *)"plain text, not a stream", 24, "not a BGZF block");
    refuse((const uint8_t *)"text", 4, "not a BGZF block");
    /* An empty block that is not the end-of-file block: as stored data. */
    static const uint8_t empty[] = "\037\213\010\4\0\0\0\0\0\377\6\0\102\103\2\0\037\0"
                                   "\1\0\0\377\377\0\0\0\0\0\0\0\0";
    memcpy(file, empty, sizeof empty);
    memcpy(file + 32, amkd_bgzf_eof, 28);
    refuse(file, 60, "holds 0 bytes");
    free(file);
    free(whole);
    scratch_clear();
}
END_TEST

START_TEST(reader_refuses_blocks_that_lie)
{
    fill(plain, 500, 7);
    save("whole", plain, 500, 0);
    size_t n;
    uint8_t *file = get_file("whole", &n);
    size_t nblock = n - 28;
    file[nblock - 8] ^= 1;
    refuse(file, n, "checksum");
    file[nblock - 8] ^= 1;
    file[nblock - 4]++;
    refuse(file, n, "end before");
    file[nblock - 4] -= 2;
    refuse(file, n, "damaged");
    file[nblock - 4]++;
    file[nblock - 1] = 0x7f;
    refuse(file, n, "expected 1..65536");
    file[nblock - 1] = 0;
    file[16] = 5;
    file[17] = 0;
    refuse(file, n, "too small");
    free(file);
    scratch_clear();
}
END_TEST

START_TEST(reader_gives_all_bytes_before_the_damage)
{
    enum { SIZE = 3 * AMKD_BGZF_FILL_NBYTES };
    uint8_t *bytes = malloc(SIZE), *back = malloc(SIZE);
    fill(bytes, SIZE, 3);
    save("file", bytes, SIZE, 0);
    size_t n;
    uint8_t *file = get_file("file", &n);
    file[n - 28 - 8] ^= 1;
    put_file("file", file, n);
    for (size_t nthreads = 0; nthreads < 4; nthreads++) {
        amkd_bgzf_reader *reader;
        int fd = open("file", O_RDONLY);
        ck_assert_int_eq(amkd_bgzf_reader_open(&reader, fd, "file", nthreads), 0);
        ck_assert_int_eq(amkd_bgzf_reader_read(reader, back, SIZE / 3 * 2), SIZE / 3 * 2);
        ck_assert_mem_eq(back, bytes, SIZE / 3 * 2);
        ck_assert_int_eq(amkd_bgzf_reader_read(reader, back, 1), -1);
        ck_assert_int_eq(amkd_bgzf_reader_read(reader, back, 1), -1);
        amkd_bgzf_reader_close(reader);
        close(fd);
    }
    free(file);
    free(bytes);
    free(back);
    scratch_clear();
}
END_TEST

START_TEST(reader_closed_early_stops)
{
    enum { SIZE = 4000000 };
    uint8_t *bytes = malloc(SIZE);
    fill(bytes, SIZE, 9);
    save("file", bytes, SIZE, 2);
    free(bytes);
    for (size_t nread = 0; nread < 2; nread++) {
        amkd_bgzf_reader *reader;
        int fd = open("file", O_RDONLY);
        ck_assert_int_eq(amkd_bgzf_reader_open(&reader, fd, "file", 3), 0);
        ck_assert_int_eq(amkd_bgzf_reader_read(reader, plain, nread), (int)nread);
        amkd_bgzf_reader_close(reader);
        close(fd);
    }
    scratch_clear();
}
END_TEST

/* A thread waits for more of a pipe whose writer is silent: closing must not hang. */
START_TEST(reader_closed_before_a_silent_pipe_stops)
{
    fill(plain, 100, 9);
    save("file", plain, 100, 0);
    size_t n;
    uint8_t *file = get_file("file", &n);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], file, n - 28), (int)n - 28);
    amkd_bgzf_reader *reader;
    ck_assert_int_eq(amkd_bgzf_reader_open(&reader, ends[0], "pipe", 2), 0);
    ck_assert_int_eq(amkd_bgzf_reader_read(reader, again, 100), 100);
    amkd_bgzf_reader_close(reader);
    close(ends[0]);
    close(ends[1]);
    free(file);
    scratch_clear();
}
END_TEST

START_TEST(writer_fails_on_a_full_disk)
{
    for (size_t nthreads = 0; nthreads < 3; nthreads++) {
        amkd_output *output;
        amkd_bgzf_writer *writer;
        ck_assert_int_eq(amkd_output_open(&output, "/dev/full"), 0);
        ck_assert_int_eq(amkd_bgzf_writer_open(&writer, output, nthreads), 0);
        fill(plain, sizeof plain, 256);
        int result = 0;
        for (int i = 0; i < 50 && !result; i++)
            result = amkd_bgzf_writer_write(writer, plain, sizeof plain);
        ck_assert_int_eq(result, -1);
        ck_assert_str_eq(amkd_error(), "'/dev/full': No space left on device");
        amkd_bgzf_writer_free(writer);
        amkd_output_discard(output);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bgzf");
    TCase *tests = tcase_create("bgzf");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, block_comes_back);
    tcase_add_test(tests, block_of_all_pairs_is_a_fifth);
    tcase_add_test(tests, end_of_file_block_is_that_of_the_specification);
    tcase_add_test(tests, any_number_of_threads_gives_equal_bytes);
    tcase_add_test(tests, reader_refuses_what_is_not_a_whole_file);
    tcase_add_test(tests, reader_refuses_blocks_that_lie);
    tcase_add_test(tests, reader_gives_all_bytes_before_the_damage);
    tcase_add_test(tests, reader_closed_early_stops);
    tcase_add_test(tests, reader_closed_before_a_silent_pipe_stops);
    tcase_add_test(tests, writer_fails_on_a_full_disk);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
