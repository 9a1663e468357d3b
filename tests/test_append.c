/* Rows added to a stream file, after a clean end and after crashes of every kind. */
#include "base/error.h"
#include "scratch.h"
#include "stream/bgzf.h"
#include "stream/preamble.h"
#include "stream/rows.h"
#include "stream/stream.h"

enum { NROWS = 61, NCLASSES = 3 };

typedef struct label {
    amkd_label_key key;
    float p[NCLASSES];
} label;

static label make_label(uint64_t row)
{
    uint32_t n = (uint32_t)row;
    return (label){{n, n * n, 0.5f}, {(float)n, (float)n / 7, 1}};
}

/* Adds rows, numbered on from those there. Returns how many there were, or -1. */
static int append_rows(const char *name, size_t nmore)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t nrows;
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    int result = amkd_writer_append(&writer, name, &header, &nrows);
    amkd_header_clear(&header);
    if (result)
        return -1;
    for (size_t i = 0; i < nmore; i++) {
        label row = make_label(nrows + i);
        ck_assert_int_eq(amkd_writer_write(writer, &row, 1), 0);
    }
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    return (int)nrows;
}

/* Reads to the end. Returns how many rows, all of them right, or -1. */
static int load_rows(const char *name)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, name, "labels", 0))
        return -1;
    void *rows;
    size_t nrows;
    int result = amkd_reader_read_all(reader, &rows, &nrows);
    amkd_reader_close(reader);
    if (result)
        return -1;
    for (size_t i = 0; i < nrows; i++) {
        label expected = make_label(i);
        ck_assert_mem_eq((label *)rows + i, &expected, sizeof expected);
    }
    free(rows);
    return (int)nrows;
}

enum { NBLOCKS = 7, PREAMBLE = 128 };

/* Where the blocks end: inside the preamble, at its end, inside rows, at a row's end. */
static const size_t plain_ends[NBLOCKS] = {
    50,
    PREAMBLE,
    PREAMBLE + 10,
    PREAMBLE + 3 * sizeof(label),
    PREAMBLE + 20 * sizeof(label) + 1,
    PREAMBLE + 20 * sizeof(label) + 2,
    PREAMBLE + NROWS * sizeof(label),
};

static void make_plain(char *plain)
{
    amkd_header header;
    char *preamble;
    size_t nbytes;
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    ck_assert_int_eq(amkd_preamble_make(&preamble, &nbytes, &header), 0);
    amkd_header_clear(&header);
    ck_assert_uint_eq(nbytes, PREAMBLE);
    memcpy(plain, preamble, nbytes);
    free(preamble);
    for (size_t i = 0; i < NROWS; i++) {
        label row = make_label(i);
        memcpy(plain + PREAMBLE + i * sizeof row, &row, sizeof row);
    }
}

/* Writes "whole" in these blocks; file_ends: where each of them ends there. */
static void save_blocks(size_t *file_ends)
{
    static char plain[PREAMBLE + NROWS * sizeof(label)];
    static uint8_t block[AMKD_BGZF_MAX_NBYTES];
    make_plain(plain);
    amkd_bgzf_encoder *encoder;
    ck_assert_int_eq(amkd_bgzf_encoder_new(&encoder), 0);
    FILE *file = fopen("whole", "wb");
    for (size_t i = 0, begin = 0, end = 0; i < NBLOCKS; begin = plain_ends[i++]) {
        size_t nbytes;
        ck_assert_int_eq(amkd_bgzf_encode(encoder, block, &nbytes,
                                          (uint8_t *)plain + begin,
                                          plain_ends[i] - begin),
                         0);
        ck_assert_uint_eq(fwrite(block, 1, nbytes, file), nbytes);
        file_ends[i] = end += nbytes;
    }
    fwrite(amkd_bgzf_eof, 1, sizeof amkd_bgzf_eof, file);
    ck_assert_int_eq(fclose(file), 0);
    amkd_bgzf_encoder_free(encoder);
}

/* Whole rows in the whole blocks of the first nbytes of the file. */
static int rows_within(const size_t *file_ends, size_t nbytes)
{
    size_t nplain = 0;
    for (size_t i = 0; i < NBLOCKS; i++)
        if (file_ends[i] <= nbytes)
            nplain = plain_ends[i];
    return nplain < PREAMBLE ? 0 : (int)((nplain - PREAMBLE) / sizeof(label));
}

START_TEST(append_makes_a_missing_file)
{
    ck_assert_int_eq(append_rows("file", 5), 0);
    ck_assert_int_eq(load_rows("file"), 5);
    ck_assert_int_eq(append_rows("file", 0), 5);
    ck_assert_int_eq(load_rows("file"), 5);
    ck_assert_int_eq(append_rows("file", 10000), 5);
    ck_assert_int_eq(append_rows("file", 1), 10005);
    ck_assert_int_eq(load_rows("file"), 10006);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

START_TEST(append_goes_on_after_a_cut_at_every_byte)
{
    size_t file_ends[NBLOCKS], n;
    save_blocks(file_ends);
    ck_assert_int_eq(load_rows("whole"), NROWS);
    uint8_t *bytes = get_file("whole", &n);
    for (size_t length = 0; length <= n; length++) {
        put_file("cut", bytes, length);
        int expected = rows_within(file_ends, length);
        ck_assert_int_eq(append_rows("cut", 2), expected);
        ck_assert_int_eq(load_rows("cut"), expected + 2);
    }
    free(bytes);
    ck_assert_int_eq(scratch_clear(), 2);
}
END_TEST

START_TEST(append_goes_on_after_a_tail_of_zeros)
{
    size_t file_ends[NBLOCKS], n;
    save_blocks(file_ends);
    uint8_t *bytes = get_file("whole", &n);
    for (size_t i = 1; i < NBLOCKS; i++) {
        uint8_t *torn = calloc(n + 5000, 1);
        memcpy(torn, bytes, file_ends[i]);
        put_file("torn", torn, n + 5000);
        ck_assert_int_eq(append_rows("torn", 2), rows_within(file_ends, file_ends[i]));
        /* The second half of the block was never written. */
        size_t half = (file_ends[i - 1] + file_ends[i] - 8) / 2;
        memset(torn + half, 0, file_ends[i] - half);
        put_file("torn", torn, file_ends[i]);
        int expected = rows_within(file_ends, file_ends[i - 1]);
        ck_assert_int_eq(append_rows("torn", 2), expected);
        ck_assert_int_eq(load_rows("torn"), expected + 2);
        free(torn);
    }
    free(bytes);
    scratch_clear();
}
END_TEST

/* As a file system leaves it that made the file longer before the data came: zero from
 * every byte on, up to the length that it has, or beyond. */
START_TEST(append_goes_on_after_zeros_from_every_byte)
{
    static const size_t behind[] = {0, 700};
    size_t file_ends[NBLOCKS], n;
    save_blocks(file_ends);
    uint8_t *bytes = get_file("whole", &n);
    uint8_t *torn = malloc(n + 700);
    for (size_t from = 0; from <= n; from++)
        for (size_t b = 0; b < sizeof behind / sizeof *behind; b++) {
            memcpy(torn, bytes, from);
            memset(torn + from, 0, n + 700 - from);
            /* A block may end in zeros of its own. */
            size_t whole = from;
            while (whole < n && !bytes[whole])
                whole++;
            const int expected = rows_within(file_ends, whole);
            put_file("torn", torn, n + behind[b]);
            ck_assert_msg(append_rows("torn", 2) == expected, "from %zu: %s", from,
                          amkd_error());
            ck_assert_int_eq(load_rows("torn"), expected + 2);
        }
    free(torn);
    free(bytes);
    scratch_clear();
}
END_TEST

/* New rows overwrite the end-of-file block: of their first bytes some came to the disk,
 * of the rest only the file's new length. */
START_TEST(append_goes_on_after_zeros_behind_an_end_half_overwritten)
{
    size_t file_ends[NBLOCKS], n, nlonger;
    save_blocks(file_ends);
    uint8_t *bytes = get_file("whole", &n);
    ck_assert_int_eq(append_rows("whole", 40), NROWS);
    uint8_t *longer = get_file("whole", &nlonger);
    const size_t end = file_ends[NBLOCKS - 1];
    for (size_t came = 0; came <= sizeof amkd_bgzf_eof; came++) {
        uint8_t *torn = calloc(nlonger, 1);
        memcpy(torn, bytes, n);
        memcpy(torn + end, longer + end, came);
        put_file("torn", torn, nlonger);
        ck_assert_msg(append_rows("torn", 2) == NROWS, "after %zu: %s", came,
                      amkd_error());
        ck_assert_int_eq(load_rows("torn"), NROWS + 2);
        free(torn);
    }
    free(longer);
    free(bytes);
    scratch_clear();
}
END_TEST

/* Expects the file to be refused with this message, and left as it is. */
static void refuse(const uint8_t *bytes, size_t nbytes, const char *message)
{
    put_file("bad", bytes, nbytes);
    ck_assert_int_eq(append_rows("bad", 1), -1);
    ck_assert_msg(strstr(amkd_error(), message), "expected '%s' in '%s'", message,
                  amkd_error());
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'bad'"));
    size_t n;
    uint8_t *after = get_file("bad", &n);
    ck_assert_uint_eq(n, nbytes);
    ck_assert_mem_eq(after, bytes, n);
    free(after);
}

START_TEST(append_leaves_alone_what_is_damaged_or_foreign)
{
    size_t file_ends[NBLOCKS], n;
    save_blocks(file_ends);
    uint8_t *bytes = get_file("whole", &n);
    bytes[file_ends[3] - 8] ^= 1;
    refuse(bytes, n, "checksum");
    bytes[file_ends[3] - 8] ^= 1;
    bytes[file_ends[5]] ^= 1;
    refuse(bytes, n, "not a BGZF block");
    bytes[file_ends[5]] ^= 1;
    bytes[n] = 'x';
    refuse(bytes, n + 1, "trailing bytes");
    refuse((const uint8_t *)"notes of mine", 13, "not a BGZF block");
    memcpy(bytes + file_ends[2], amkd_bgzf_eof, 28);
    refuse(bytes, file_ends[2] + 28, "ends inside row 0");
    memcpy(bytes + file_ends[0], amkd_bgzf_eof, 28);
    refuse(bytes, file_ends[0] + 28, "ends inside its header");
    free(bytes);
    scratch_clear();
}
END_TEST

/* No byte of a block before the last may change unseen, or cost what follows. */
START_TEST(append_refuses_damage_in_every_byte_before_the_last_block)
{
    size_t file_ends[NBLOCKS], n;
    save_blocks(file_ends);
    uint8_t *bytes = get_file("whole", &n);
    for (size_t b = 0; b < file_ends[NBLOCKS - 2]; b++)
        for (int bit = 0; bit < 8; bit += 7) {
            bytes[b] ^= (uint8_t)(1 << bit);
            put_file("bad", bytes, n);
            /* A bit that packed data leave unused changes nothing. */
            if (load_rows("bad") != NROWS)
                refuse(bytes, n, "'bad'");
            bytes[b] ^= (uint8_t)(1 << bit);
        }
    free(bytes);
    scratch_clear();
}
END_TEST

START_TEST(append_needs_the_same_fields)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t nrows;
    ck_assert_int_eq(append_rows("file", 5), 0);
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES + 1), 0);
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'p' of 3 '<f4', expected 'p' of 4"));
    amkd_header_clear(&header);
    ck_assert_int_eq(amkd_pairs_header(&header), 0);
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "a stream of labels, expected pairs"));
    ck_assert_int_eq(amkd_writer_append(&writer, "/dev/null", &header, &nrows), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "regular file"));
    amkd_header_clear(&header);
    ck_assert_int_eq(load_rows("file"), 5);
    scratch_clear();
}
END_TEST

START_TEST(append_keeps_to_the_row_count_promised)
{
    amkd_header header;
    amkd_writer *writer;
    label row = make_label(0);
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    json_object_set_new(header.more, "rows", json_integer(1));
    ck_assert_int_eq(amkd_writer_open(&writer, "file", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, &row, 1), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    uint64_t nrows;
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), 0);
    ck_assert_int_eq(amkd_writer_write(writer, &row, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "promises 1"));
    ck_assert_int_eq(amkd_writer_close(writer), -1);
    ck_assert_int_eq(load_rows("file"), 1);
    amkd_header_clear(&header);
    scratch_clear();
}
END_TEST

START_TEST(append_is_for_one_at_a_time)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t nrows;
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), 0);
    ck_assert_int_eq(append_rows("file", 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "another process"));
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    ck_assert_int_eq(append_rows("file", 1), 0);
    amkd_header_clear(&header);
    scratch_clear();
}
END_TEST

START_TEST(a_lock_comes_before_the_header)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t nrows;
    int fd;
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    for (int nbefore = 0; nbefore < 2; nbefore++) {
        ck_assert_int_eq(amkd_append_lock(&fd, "file"), 0);
        ck_assert_int_eq(append_rows("file", 1), -1);
        ck_assert_int_eq(amkd_writer_append_locked(&writer, "file", fd, &header, &nrows),
                         0);
        ck_assert_int_eq((int)nrows, nbefore);
        ck_assert_int_eq(append_rows("file", 1), -1);
        label row = make_label(nrows);
        ck_assert_int_eq(amkd_writer_write(writer, &row, 1), 0);
        ck_assert_int_eq(amkd_writer_close(writer), 0);
    }
    ck_assert_int_eq(load_rows("file"), 2);
    amkd_header_clear(&header);
    scratch_clear();
}
END_TEST

START_TEST(flushed_rows_survive_a_discard)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t nrows;
    ck_assert_int_eq(append_rows("file", 5), 0);
    ck_assert_int_eq(amkd_labels_header(&header, NCLASSES), 0);
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), 0);
    amkd_writer_discard(writer);
    ck_assert_int_eq(load_rows("file"), 5); /* nothing was written: still whole */
    ck_assert_int_eq(amkd_writer_append(&writer, "file", &header, &nrows), 0);
    label row = make_label(5);
    ck_assert_int_eq(amkd_writer_write(writer, &row, 1), 0);
    ck_assert_int_eq(amkd_writer_flush(writer), 0);
    row = make_label(6);
    ck_assert_int_eq(amkd_writer_write(writer, &row, 1), 0);
    amkd_writer_discard(writer);
    ck_assert_int_eq(load_rows("file"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "cut short"));
    ck_assert_int_eq(append_rows("file", 1), 6);
    ck_assert_int_eq(load_rows("file"), 7);
    amkd_header_clear(&header);
    scratch_clear();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("append");
    TCase *tests = tcase_create("append");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, append_makes_a_missing_file);
    tcase_add_test(tests, append_goes_on_after_a_cut_at_every_byte);
    tcase_add_test(tests, append_goes_on_after_a_tail_of_zeros);
    tcase_add_test(tests, append_goes_on_after_zeros_from_every_byte);
    tcase_add_test(tests, append_goes_on_after_zeros_behind_an_end_half_overwritten);
    tcase_add_test(tests, append_refuses_damage_in_every_byte_before_the_last_block);
    tcase_add_test(tests, append_leaves_alone_what_is_damaged_or_foreign);
    tcase_add_test(tests, append_needs_the_same_fields);
    tcase_add_test(tests, append_keeps_to_the_row_count_promised);
    tcase_add_test(tests, append_is_for_one_at_a_time);
    tcase_add_test(tests, a_lock_comes_before_the_header);
    tcase_add_test(tests, flushed_rows_survive_a_discard);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
