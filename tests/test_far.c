/* Far image sets are the same as those in memory. */
#include "base/room.h"
#include "data/images_far.h"
#include "data/images_load.h"
#include "data/images_rows.h"
#include "data/mix.h"
#include "far.h"
#include "stream/bgzf_seek.h"
#include "stream/stream.h"
#include <fcntl.h>

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
    tcase_add_checked_fixture(tests, (void (*)(void))scratch_clear, NULL);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
