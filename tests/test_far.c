/* Far image sets: read by their index they are the same as in memory, and never others.
 */
#include "base/error.h"
#include "base/random.h"
#include "base/room.h"
#include "data/images.h"
#include "data/images_far.h"
#include "data/mix.h"
#include "scratch.h"
#include "stream/bgzf_seek.h"
#include "stream/stream.h"
#include <fcntl.h>

enum { N = 300, HEIGHT = 23, WIDTH = 31, NPIXELS = HEIGHT * WIDTH };

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* Has sets of more than so many bytes be far. */
static void allow(const char *memory)
{
    setenv("AMKD_MEMORY", memory, 1);
}

static amkd_images *new_set(uint64_t seed, int labeled, int views)
{
    amkd_images *set;
    ck_assert_int_eq(amkd_images_new(&set, N, HEIGHT, WIDTH, 1, labeled ? 7 : 0), 0);
    for (size_t p = 0; p < N * NPIXELS; p++)
        set->pixels[p] = (uint8_t)(amkd_random_u64(seed, 1, p) & 15);
    for (size_t r = 0; labeled && r < N; r++)
        set->labels[r] = (int32_t)(r % 7);
    if (views)
        set->sources = calloc(N, sizeof *set->sources);
    for (size_t r = 0; views && r < N; r++)
        set->sources[r] = (uint32_t)(r / 3);
    return set;
}

static void save_set(const char *path, uint64_t seed, int labeled, int views)
{
    amkd_header header;
    amkd_images *set = new_set(seed, labeled, views);
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, 1, labeled ? 7 : 0, NULL),
                     0);
    if (views) {
        json_t *of = json_pack("{s:{s:i, s:s}}", "of", "rows", N / 3, "digest",
                               "xxh3-128:0123456789abcdef0123456789abcdef");
        ck_assert_int_eq(amkd_header_put(&header, "views", of), 0);
        ck_assert_int_eq(amkd_header_add(&header, "source", "<u4", NULL, 0), 0);
    }
    ck_assert_msg(!amkd_images_save(set, path, &header, 2), "%s", amkd_error());
    amkd_header_clear(&header);
    amkd_images_free(set);
}

static amkd_images *load(const char *path, int far)
{
    amkd_images *set;
    allow(far ? "10K" : "1G");
    ck_assert_msg(!amkd_images_load(&set, path, 3), "%s", amkd_error());
    ck_assert_int_eq(!set->pixels, far);
    return set;
}

/* b is read, by many rows at once and one by one. */
static void assert_same_pixels(const amkd_images *a, const amkd_images *b)
{
    enum { NROWS = 1000 };
    const uint8_t *whole = amkd_images_rows(a, NULL, 0, a->n);
    uint8_t *got = malloc(NROWS * NPIXELS);
    uint32_t rows[NROWS];
    ck_assert_uint_eq(a->n, b->n);
    for (size_t r = 0; r < NROWS; r++)
        rows[r] = (uint32_t)(amkd_random_u64(5, 2, r) % a->n);
    ck_assert_msg(!amkd_images_gather(got, b, rows, NROWS), "%s", amkd_error());
    for (size_t r = 0; r < NROWS; r++)
        ck_assert_mem_eq(got + r * NPIXELS, whole + rows[r] * NPIXELS, NPIXELS);
    for (size_t r = 0; r < a->n; r += 37) {
        const uint8_t *row = amkd_images_rows(b, got, r, 1);
        ck_assert_ptr_nonnull(row);
        ck_assert_mem_eq(row, whole + r * NPIXELS, NPIXELS);
    }
    free(got);
}

START_TEST(memory_is_a_size_with_a_suffix)
{
    static const struct {
        const char *text;
        uint64_t nbytes;
    } good[] = {{"", 1 << 30},   {"77", 77},         {"3K", 3072},
                {"5m", 5 << 20}, {"2G", 2ull << 30}, {"16777216G", 1ull << 54}};
    static const char *const bad[] = {"0", "-1",   "1T", "1GB",
                                      "G", "1.5G", " 1", "99999999999G"};
    uint64_t nbytes;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        allow(good[i].text);
        ck_assert_int_eq(amkd_room(&nbytes), 0);
        ck_assert_uint_eq(nbytes, good[i].nbytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        amkd_images *set;
        allow(bad[i]);
        ck_assert_int_eq(amkd_images_load(&set, "any.amkd", 1), -1);
        assert_error("AMKD_MEMORY is '");
    }
    allow("8");
    ck_assert_uint_eq(amkd_room_window(100), 1);
    allow("16K");
    ck_assert_uint_eq(amkd_room_window(100), 20);
    ck_assert_uint_eq(amkd_room_chunk(100), 10);
}
END_TEST

START_TEST(bytes_are_found_where_the_reader_said_they_are)
{
    enum { ROWS = 900 };
    uint64_t at[ROWS], row[100], got[100];
    amkd_header header;
    amkd_writer *writer;
    amkd_reader *reader;
    amkd_bgzf_seeker *seeker;
    ck_assert_int_eq(amkd_header_init(&header, "x"), 0);
    ck_assert_int_eq(amkd_header_add(&header, "x", "<u8", &(size_t){100}, 1), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "x.amkd", &header, 2), 0);
    for (uint64_t r = 0; r < ROWS; r++) {
        for (uint64_t i = 0; i < 100; i++)
            row[i] = amkd_random_u64(1, r, i);
        ck_assert_int_eq(amkd_writer_write(writer, row, 1), 0);
        /* Blocks of any size, and a row that begins one. */
        if (r % 50 == 7)
            ck_assert_int_eq(amkd_writer_flush(writer), 0);
    }
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    ck_assert_int_eq(amkd_reader_open(&reader, "x.amkd", "x", (size_t)_i), 0);
    for (uint64_t r = 0; r < ROWS; r++) {
        at[r] = amkd_reader_tell(reader);
        ck_assert_int_eq(amkd_reader_read(reader, row, 1), 1);
    }
    ck_assert_int_eq(amkd_bgzf_seeker_new(&seeker, amkd_reader_fd(reader), "x.amkd"), 0);
    for (uint64_t k = 0; k < 2 * ROWS; k++) {
        const uint64_t r = k < ROWS ? k * 7919 % ROWS : k - ROWS;
        ck_assert_int_eq(amkd_bgzf_seeker_read(seeker, got, sizeof got, at[r]), 0);
        for (uint64_t i = 0; i < 100; i++)
            ck_assert_uint_eq(got[i], amkd_random_u64(1, r, i));
    }
    ck_assert_int_eq(amkd_bgzf_seeker_read(seeker, got, sizeof got + 1, at[ROWS - 1]),
                     -1);
    ck_assert_int_eq(amkd_bgzf_seeker_read(seeker, got, 1, at[3] + (1 << 16)), -1);
    assert_error("'x.amkd': at byte");
    ck_assert_int_eq(amkd_bgzf_seeker_read(seeker, got, 1, at[0] | 0xffff), -1);
    assert_error("byte 65535 of it was asked for");
    amkd_bgzf_seeker_free(seeker);
    amkd_reader_close(reader);
}
END_TEST

START_TEST(a_far_set_is_the_same_as_in_memory)
{
    const int labeled = _i & 1, views = _i >> 1 & 1, indexed = _i >> 2;
    allow(indexed ? "10K" : "1G");
    save_set("a.amkd", 3, labeled, views);
    ck_assert_int_eq(access("a.amkd.index", F_OK), indexed - 1);
    amkd_images *near = load("a.amkd", 0), *far = load("a.amkd", 1);
    ck_assert_int_eq(access("a.amkd.index", F_OK), 0);
    ck_assert_str_eq(near->refs[0].digest, far->refs[0].digest);
    ck_assert_str_eq(near->refs[0].source_digest, far->refs[0].source_digest);
    ck_assert_uint_eq(near->refs[0].source_rows, far->refs[0].source_rows);
    ck_assert_uint_eq(near->nsources, far->nsources);
    ck_assert_uint_eq(near->nclasses, far->nclasses);
    assert_same_pixels(near, far);
    if (labeled)
        ck_assert_mem_eq(near->labels, far->labels, N * sizeof *near->labels);
    if (views)
        ck_assert_mem_eq(near->sources, far->sources, N * sizeof *near->sources);
    ck_assert_int_eq(!far->labels, !labeled);
    ck_assert_int_eq(!far->sources, !views);
    ck_assert_int_eq(amkd_images_gather(NULL, far, &(uint32_t){N}, 1), -1);
    assert_error("image 300 of a set of 300");
    amkd_images_free(near);
    amkd_images_free(far);
}
END_TEST

START_TEST(an_index_is_the_same_whoever_makes_it)
{
    size_t nwritten, nmade;
    allow("10K");
    save_set("a.amkd", 3, 1, 1);
    uint8_t *written = get_file("a.amkd.index", &nwritten);
    ck_assert_int_eq(remove("a.amkd.index"), 0);
    amkd_images_free(load("a.amkd", 1));
    uint8_t *made = get_file("a.amkd.index", &nmade);
    ck_assert_uint_eq(nwritten, nmade);
    ck_assert_mem_eq(written, made, nmade);
    free(written);
    free(made);
}
END_TEST

START_TEST(sets_of_both_kinds_are_joined)
{
    save_set("a.amkd", 3, 1, 0);
    save_set("b.amkd", 4, 1, 0);
    amkd_images *near = load("a.amkd", 0), *far = load("a.amkd", _i & 1);
    for (int times = 0; times < 2; times++) {
        amkd_images *near_b = load("b.amkd", 0), *far_b = load("b.amkd", _i >> 1 & 1);
        ck_assert_int_eq(amkd_images_append(near, near_b), 0);
        ck_assert_msg(!amkd_images_append(far, far_b), "%s", amkd_error());
        amkd_images_free(near_b);
        amkd_images_free(far_b);
    }
    ck_assert_int_eq(!far->pixels, _i != 0);
    assert_same_pixels(near, far);
    ck_assert_mem_eq(near->labels, far->labels, far->n * sizeof *near->labels);
    ck_assert_uint_eq(far->nrefs, 3);
    /* A joined set is joined to another. */
    amkd_images *more = load("b.amkd", 1);
    ck_assert_int_eq(amkd_images_append(more, far), 0);
    uint8_t got[NPIXELS];
    ck_assert_ptr_nonnull(amkd_images_rows(more, got, N, 1));
    ck_assert_mem_eq(got, near->pixels, NPIXELS);
    amkd_images_free(more);
    amkd_images_free(near);
    amkd_images_free(far);
}
END_TEST

START_TEST(mixes_of_a_far_set_are_those_in_memory)
{
    enum { NKEYS = 200 };
    amkd_label_key keys[NKEYS];
    uint8_t *expected = malloc(NKEYS * NPIXELS), *got = malloc(NKEYS * NPIXELS);
    save_set("a.amkd", 3, 0, 0);
    amkd_images *near = load("a.amkd", 0), *far = load("a.amkd", 1);
    for (uint32_t k = 0; k < NKEYS; k++)
        keys[k] = (amkd_label_key){k, _i ? k : (k * 31 + 7) % N, _i ? 1 : 0.3F};
    ck_assert_int_eq(amkd_images_mix(expected, near, keys, NKEYS), 0);
    ck_assert_int_eq(amkd_images_mix(got, far, keys, NKEYS), 0);
    ck_assert_mem_eq(got, expected, NKEYS * NPIXELS);
    amkd_images_walk walk = {.images = far, .most = 70};
    size_t n = 0;
    while (amkd_images_walk_on(&walk) > 0) {
        ck_assert_mem_eq(walk.pixels, near->pixels + n * NPIXELS, walk.n * NPIXELS);
        n += walk.n;
    }
    ck_assert_uint_eq(n, N);
    amkd_images_walk_end(&walk);
    amkd_images_free(near);
    amkd_images_free(far);
    free(expected);
    free(got);
}
END_TEST

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
    Suite *suite = suite_create("far");
    TCase *tests = tcase_create("far");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, memory_is_a_size_with_a_suffix);
    tcase_add_loop_test(tests, bytes_are_found_where_the_reader_said_they_are, 0, 3);
    tcase_add_loop_test(tests, a_far_set_is_the_same_as_in_memory, 0, 8);
    tcase_add_test(tests, an_index_is_the_same_whoever_makes_it);
    tcase_add_loop_test(tests, sets_of_both_kinds_are_joined, 0, 4);
    tcase_add_loop_test(tests, mixes_of_a_far_set_are_those_in_memory, 0, 2);
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
