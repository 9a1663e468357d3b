/* Far image sets are read right or not at all: whatever is in the index, and whatever
 * becomes of the file. */
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "data/images_writer.h"
#include "far.h"
#include "stream/stream.h"
#include <fcntl.h>

/* Loads a.amkd far and holds it against its pixels. */
static void assert_read_right(void)
{
    amkd_images *near = load("a.amkd", 0), *far = load("a.amkd", 1);
    ck_assert_str_eq(near->refs[0].digest, far->refs[0].digest);
    assert_same_pixels(near, far);
    amkd_images_free(near);
    amkd_images_free(far);
}

START_TEST(an_index_of_another_file_is_made_anew)
{
    size_t nbytes, nother;
    allow("10K");
    save_set("b.amkd", 4, 1, 0);
    uint8_t *other = get_file("b.amkd.index", &nother);
    save_set("a.amkd", 3, 1, 0);
    uint8_t *right = get_file("a.amkd.index", &nbytes);
    put_file("a.amkd.index", other, nother);
    assert_read_right();
    /* Cut, at several places, and damaged in every part. */
    const size_t cuts[] = {0, 17, 40, nbytes / 2, nbytes - 28, nbytes - 1};
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        put_file("a.amkd.index", right, cuts[c]);
        assert_read_right();
    }
    for (size_t at = 0; at < nbytes; at += 211) {
        size_t ngot;
        right[at] ^= 16;
        put_file("a.amkd.index", right, nbytes);
        right[at] ^= 16;
        assert_read_right();
        /* Where it can be taken for an index it is mended. */
        uint8_t *got = get_file("a.amkd.index", &ngot);
        ck_assert(at < 18 || (ngot == nbytes && !memcmp(got, right, nbytes)));
        free(got);
    }
    free(right);
    free(other);
}
END_TEST

/* An index of these rows of a.amkd's, with the header as it is. */
static void write_index(void (*spoil)(uint64_t *row, size_t r))
{
    amkd_reader *reader;
    amkd_writer *writer;
    void *rows;
    size_t n;
    ck_assert_int_eq(amkd_reader_open(&reader, "a.amkd.index", "index", 0), 0);
    ck_assert_int_eq(amkd_reader_read_all(reader, &rows, &n), 0);
    for (size_t r = 0; r < n; r++)
        spoil((uint64_t *)rows + 2 * r, r);
    ck_assert_int_eq(
        amkd_writer_open(&writer, "a.amkd.index", amkd_reader_header(reader), 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, rows, n), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_reader_close(reader);
    free(rows);
}

static void shift(uint64_t *row, size_t r)
{
    row[0] += r == 0;
}

static void stand(uint64_t *row, size_t r)
{
    row[0] = r == 100 ? 0 : row[0];
}

static void leave(uint64_t *row, size_t r)
{
    row[0] += r > 200 ? 1ull << 40 : 0;
}

static void forge(uint64_t *row, size_t r)
{
    row[1] += r == 45;
}

START_TEST(an_index_that_lies_is_seen_through)
{
    void (*const lies[])(uint64_t *, size_t) = {shift, stand, leave};
    for (size_t l = 0; l < 3; l++) {
        allow("10K");
        save_set("a.amkd", 3, 0, 0);
        write_index(lies[l]);
        assert_read_right();
    }
    /* What no probe meets is an error where it is read. */
    save_set("a.amkd", 3, 0, 0);
    write_index(forge);
    amkd_images *far = load("a.amkd", 1);
    uint8_t pixels[NPIXELS];
    ck_assert_int_eq(amkd_images_gather(pixels, far, &(uint32_t){44}, 1), 0);
    ck_assert_int_eq(amkd_images_gather(pixels, far, &(uint32_t){45}, 1), -1);
    assert_error("'a.amkd': image 45 is another than when its index was made");
    amkd_images_free(far);
}
END_TEST

START_TEST(what_is_no_index_stays_as_it_is)
{
    amkd_header header;
    amkd_writer *writer;
    size_t nbytes;
    save_set("a.amkd", 3, 0, 0);
    remove("a.amkd.index");
    put_file("a.amkd.index", "my notes", 8);
    assert_read_right();
    uint8_t *bytes = get_file("a.amkd.index", &nbytes);
    ck_assert_uint_eq(nbytes, 8);
    ck_assert_mem_eq(bytes, "my notes", 8);
    free(bytes);
    ck_assert_int_eq(amkd_header_init(&header, "pairs"), 0);
    ck_assert_int_eq(amkd_header_add(&header, "i", "<u4", NULL, 0), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "a.amkd.index", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    bytes = get_file("a.amkd.index", &nbytes);
    assert_read_right();
    size_t nafter;
    uint8_t *after = get_file("a.amkd.index", &nafter);
    ck_assert_uint_eq(nafter, nbytes);
    ck_assert_mem_eq(after, bytes, nbytes);
    free(bytes);
    free(after);
    /* Where none can be written. */
    remove("a.amkd.index");
    ck_assert_int_eq(mkdir("a.amkd.index", 0777), 0);
    assert_read_right();
    ck_assert_int_eq(rmdir("a.amkd.index"), 0);
}
END_TEST

START_TEST(a_file_that_is_replaced_while_it_is_read_stays_what_it_was)
{
    allow("10K");
    save_set("a.amkd", 3, 0, 0);
    amkd_images *far = load("a.amkd", 1), *same = new_set(3, 0, 0);
    save_set("a.amkd", 4, 0, 0);
    assert_same_pixels(same, far);
    remove("a.amkd");
    assert_same_pixels(same, far);
    amkd_images_free(far);
    amkd_images_free(same);
}
END_TEST

/* A set of more bytes than are ever read ahead. */
static void save_large(const char *path, uint64_t seed)
{
    enum { NLARGE = 1200 };
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, NLARGE, HEIGHT, WIDTH, 1, 0), 0);
    for (size_t p = 0; p < NLARGE * NPIXELS; p++)
        set->pixels[p] = (uint8_t)amkd_random_u64(seed, 1, p);
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, 1, 0, NULL), 0);
    ck_assert_msg(!amkd_images_save(set, path, &header, 2), "%s", amkd_error());
    amkd_header_clear(&header);
    amkd_images_free(set);
}

START_TEST(a_file_that_is_changed_in_place_while_it_is_read_is_an_error)
{
    size_t nbytes;
    uint8_t pixels[NPIXELS];
    allow("10K");
    save_large("a.amkd", 1);
    save_large("b.amkd", 2);
    uint8_t *other = get_file("b.amkd", &nbytes);
    amkd_images *far = load("a.amkd", 1);
    const int fd = open("a.amkd", O_WRONLY);
    ck_assert_int_eq(pwrite(fd, other, nbytes, 0), (ssize_t)nbytes);
    ck_assert_int_eq(amkd_images_gather(pixels, far, &(uint32_t){20}, 1), -1);
    assert_error("'a.amkd': image 20 is another than when its index was made");
    ck_assert_int_eq(ftruncate(fd, 3000), 0);
    ck_assert_int_eq(amkd_images_gather(pixels, far, &(uint32_t){900}, 1), -1);
    assert_error("'a.amkd': cut short");
    close(fd);
    free(other);
    amkd_images_free(far);
}
END_TEST

START_TEST(a_far_set_changed_since_a_stream_named_it_is_an_error)
{
    amkd_header header;
    amkd_images *far, *near;
    save_set("a.amkd", 3, 0, 0);
    near = load("a.amkd", 0);
    ck_assert_int_eq(amkd_header_init(&header, "pairs"), 0);
    ck_assert_int_eq(amkd_images_put_refs(&header, near), 0);
    allow("10K");
    ck_assert_int_eq(amkd_images_load_refs(&far, &header, NULL, NULL, 0, 2), 0);
    assert_same_pixels(near, far);
    amkd_images_free(far);
    save_set("a.amkd", 4, 0, 0);
    ck_assert_int_eq(amkd_images_load_refs(&far, &header, NULL, NULL, 0, 2), -1);
    assert_error("not the image set of the stream");
    remove("a.amkd");
    ck_assert_int_eq(amkd_images_load_refs(&far, &header, NULL, NULL, 0, 2), -1);
    assert_error("--images names another place");
    amkd_images_free(near);
    amkd_header_clear(&header);
}
END_TEST

START_TEST(a_set_that_does_not_say_its_size_is_far_when_it_is_large)
{
    amkd_header header;
    amkd_writer *writer;
    amkd_images *set = new_set(3, 0, 0);
    allow("1G");
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, 1, 0, NULL), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "a.amkd", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, set->pixels, N), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    remove("a.amkd.index");
    assert_read_right();
    ck_assert_int_eq(access("a.amkd.index", F_OK), 0);
    assert_read_right();
    amkd_images_free(set);
}
END_TEST

START_TEST(a_damaged_file_gets_no_index)
{
    amkd_images *set;
    size_t nbytes;
    allow("1G");
    save_set("a.amkd", 3, 1, 0);
    remove("a.amkd.index");
    uint8_t *bytes = get_file("a.amkd", &nbytes);
    allow("10K");
    put_file("a.amkd", bytes, nbytes - 28);
    ck_assert_int_eq(amkd_images_load(&set, "a.amkd", 2), -1);
    assert_error("'a.amkd': cut short");
    bytes[nbytes / 2] ^= 1;
    put_file("a.amkd", bytes, nbytes);
    ck_assert_int_eq(amkd_images_load(&set, "a.amkd", 2), -1);
    assert_error("'a.amkd': at byte");
    ck_assert_int_eq(access("a.amkd.index", F_OK), -1);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("far_index");
    TCase *tests = tcase_create("far_index");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, an_index_of_another_file_is_made_anew);
    tcase_add_test(tests, an_index_that_lies_is_seen_through);
    tcase_add_test(tests, what_is_no_index_stays_as_it_is);
    tcase_add_test(tests, a_file_that_is_replaced_while_it_is_read_stays_what_it_was);
    tcase_add_test(tests, a_file_that_is_changed_in_place_while_it_is_read_is_an_error);
    tcase_add_test(tests, a_far_set_changed_since_a_stream_named_it_is_an_error);
    tcase_add_test(tests, a_set_that_does_not_say_its_size_is_far_when_it_is_large);
    tcase_add_test(tests, a_damaged_file_gets_no_index);
    tcase_add_checked_fixture(tests, (void (*)(void))scratch_clear, NULL);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
