/* Views in files and in memory: rows that know the image they were made from. */
#include "base/error.h"
#include "data/check.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_views.h"
#include "data/images_writer.h"
#include "scratch.h"

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "no '%s' in: %s", part,
                  amkd_error());
}

static amkd_images *load(const char *path)
{
    amkd_images *images;
    ck_assert_msg(!amkd_images_load(&images, path, 0), "%s", amkd_error());
    return images;
}

/* n plain images of 2 x 3, no two of which share a pixel's value with another set's. */
static void save_plain(const char *path, size_t n, int value)
{
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, n, 2, 3, 1, 0), 0);
    for (size_t p = 0; p < n * 6; p++)
        set->pixels[p] = (uint8_t)(value + (int)p);
    ck_assert_int_eq(amkd_images_header(&header, 2, 3, 1, 0, NULL), 0);
    ck_assert_int_eq(amkd_images_save(set, path, &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(set);
}

/* n views of the set at of, made from sources, with labels if nclasses. */
static void save_views(const char *path, const char *of, size_t n,
                       const uint32_t *sources, size_t nclasses)
{
    amkd_images *set, *origin = load(of);
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, n, 2, 3, 1, nclasses), 0);
    set->sources = calloc(n, sizeof *set->sources);
    for (size_t r = 0; r < n; r++) {
        set->sources[r] = sources[r];
        memset(set->pixels + 6 * r, (int)(200 + r), 6);
        if (nclasses)
            set->labels[r] = (int32_t)(r % nclasses);
    }
    ck_assert_int_eq(amkd_images_header(&header, 2, 3, 1, nclasses, NULL), 0);
    ck_assert_int_eq(amkd_images_header_views(&header, origin, 7, json_array()), 0);
    ck_assert_int_eq(amkd_images_save(set, path, &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(set);
    amkd_images_free(origin);
}

static void assert_sources(const amkd_images *images, const uint32_t *expected, size_t n)
{
    ck_assert_uint_eq(images->n, n);
    for (size_t r = 0; r < n; r++)
        ck_assert_uint_eq(amkd_images_source(images, r), expected[r]);
}

/* As amkd-cat --check does it. */
static int check_file(const char *path)
{
    amkd_reader *reader;
    amkd_check check;
    void *rows = NULL;
    size_t n;
    ck_assert_int_eq(amkd_reader_open(&reader, path, "images", 0), 0);
    ck_assert_int_eq(amkd_reader_read_all(reader, &rows, &n), 0);
    const int rc = amkd_check_init(&check, amkd_reader_header(reader)) ||
                           amkd_check_rows(&check, rows, n, 0)
                       ? -1
                       : 0;
    free(rows);
    amkd_reader_close(reader);
    return rc;
}

START_TEST(views_come_back_with_pixels_labels_and_sources)
{
    const uint32_t sources[] = {2, 0, 0, 1};
    save_plain("real.amkd", 3, 1);
    save_views("views.amkd", "real.amkd", 4, sources, 3);
    amkd_images *real = load("real.amkd"), *views = load("views.amkd");
    ck_assert_msg(!check_file("views.amkd"), "%s", amkd_error());
    assert_sources(views, sources, 4);
    assert_sources(real, (uint32_t[]){0, 1, 2}, 3);
    ck_assert_ptr_null(real->sources);
    ck_assert_uint_eq(views->nsources, 3);
    for (size_t r = 0; r < 4; r++) {
        ck_assert_uint_eq(views->pixels[6 * r + 5], 200 + r);
        ck_assert_int_eq(views->labels[r], (int)(r % 3));
    }
    ck_assert_str_eq(views->refs->source_digest, real->refs->digest);
    amkd_images_free(real);
    amkd_images_free(views);
}
END_TEST

START_TEST(views_of_views_are_of_the_first_images)
{
    save_plain("real.amkd", 3, 1);
    save_views("views.amkd", "real.amkd", 2, (uint32_t[]){2, 1}, 0);
    save_views("again.amkd", "views.amkd", 3, (uint32_t[]){2, 1, 2}, 0);
    amkd_images *real = load("real.amkd"), *again = load("again.amkd");
    ck_assert_str_eq(again->refs->source_digest, real->refs->digest);
    ck_assert_uint_eq(again->refs->source_rows, 3);
    amkd_images_free(real);
    amkd_images_free(again);
}
END_TEST

/* The sets joined, in this order; NULL ends them. */
static amkd_images *join(const char *const *paths)
{
    amkd_images *all = load(paths[0]);
    for (size_t i = 1; paths[i]; i++) {
        amkd_images *one = load(paths[i]);
        ck_assert_int_eq(amkd_images_append(all, one), 0);
        amkd_images_free(one);
    }
    return all;
}

START_TEST(joined_sets_share_sources_only_where_they_show_the_same_images)
{
    save_plain("a.amkd", 3, 1);
    save_plain("b.amkd", 2, 90);
    save_views("va.amkd", "a.amkd", 2, (uint32_t[]){2, 0}, 0);
    save_views("vb.amkd", "b.amkd", 2, (uint32_t[]){1, 1}, 0);
    const struct {
        const char *paths[5];
        uint32_t sources[10];
        size_t n, nsources;
    } cases[] = {
        {{"a.amkd", "va.amkd"}, {0, 1, 2, 2, 0}, 5, 3},
        {{"va.amkd", "a.amkd"}, {2, 0, 0, 1, 2}, 5, 3},
        {{"a.amkd", "vb.amkd"}, {0, 1, 2, 4, 4}, 5, 5},
        {{"vb.amkd", "a.amkd"}, {1, 1, 2, 3, 4}, 5, 5},
        {{"b.amkd", "va.amkd", "vb.amkd", "a.amkd"}, {0, 1, 4, 2, 1, 1, 2, 3, 4}, 9, 5},
        {{"a.amkd", "b.amkd"}, {0, 1, 2, 3, 4}, 5, 5},
        {{"a.amkd", "a.amkd"}, {0, 1, 2, 0, 1, 2}, 6, 3},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_images *all = join(cases[c].paths);
        assert_sources(all, cases[c].sources, cases[c].n);
        ck_assert_uint_eq(all->nsources, cases[c].nsources);
        amkd_images_free(all);
    }
}
END_TEST

START_TEST(a_joined_set_joined_again_keeps_its_sources)
{
    save_plain("a.amkd", 3, 1);
    save_plain("b.amkd", 2, 90);
    save_views("vb.amkd", "b.amkd", 2, (uint32_t[]){1, 0}, 0);
    amkd_images *all = load("b.amkd");
    amkd_images *two = join((const char *[]){"a.amkd", "vb.amkd", NULL});
    ck_assert_int_eq(amkd_images_append(all, two), 0);
    assert_sources(all, (uint32_t[]){0, 1, 2, 3, 4, 1, 0}, 7);
    amkd_images_free(all);
    amkd_images_free(two);
}
END_TEST

START_TEST(a_header_tells_whether_sources_need_be_loaded)
{
    uint32_t *sources;
    size_t nsources;
    save_plain("a.amkd", 3, 1);
    save_views("va.amkd", "a.amkd", 2, (uint32_t[]){2, 0}, 0);
    const char *const sets[][3] = {{"a.amkd", NULL}, {"a.amkd", "va.amkd", NULL}};
    for (size_t c = 0; c < 2; c++) {
        amkd_header header;
        amkd_images *all = join(sets[c]);
        ck_assert_int_eq(amkd_header_init(&header, "pairs"), 0);
        ck_assert_int_eq(amkd_images_put_refs(&header, all), 0);
        amkd_images_free(all);
        if (c == 0) /* not looked for */
            ck_assert_int_eq(rename("a.amkd", "gone.amkd"), 0);
        ck_assert_msg(
            !amkd_images_load_sources(&sources, &nsources, &header, NULL, NULL, 0, 0),
            "%s", amkd_error());
        if (c == 0) {
            ck_assert_ptr_null(sources);
            ck_assert_int_eq(rename("gone.amkd", "a.amkd"), 0);
        } else {
            ck_assert_uint_eq(nsources, 3);
            ck_assert_mem_eq(sources, ((uint32_t[]){0, 1, 2, 2, 0}), 5 * sizeof *sources);
        }
        free(sources);
        amkd_header_clear(&header);
    }
}
END_TEST

START_TEST(sources_outside_their_set_and_headers_without_one_are_errors)
{
    amkd_images *set;
    amkd_header header;
    save_plain("a.amkd", 3, 1);
    save_views("bad.amkd", "a.amkd", 2, (uint32_t[]){2, 3}, 0);
    ck_assert_int_eq(amkd_images_load(&set, "bad.amkd", 0), -1);
    assert_error("'bad.amkd': row 1: source 3 is outside 0..2");
    ck_assert_int_eq(check_file("bad.amkd"), -1);
    assert_error("row 1: source 3 is outside 0..2");
    ck_assert_int_eq(amkd_images_new(&set, 1, 1, 1, 1, 0), 0);
    set->sources = calloc(1, sizeof *set->sources);
    const char *const views[] = {
        "{}", "{\"of\": {\"rows\": 0, \"digest\": \"x\"}}", "{\"of\": {\"rows\": 1}}",
        "{\"of\": {\"rows\": 1, \"digest\": \"aaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}"};
    for (size_t c = 0; c < sizeof views / sizeof *views; c++) {
        amkd_images *got;
        ck_assert_int_eq(amkd_images_header(&header, 1, 1, 1, 0, NULL), 0);
        ck_assert_int_eq(amkd_header_add(&header, "source", "<u4", NULL, 0), 0);
        ck_assert_int_eq(amkd_header_put(&header, "views", json_loads(views[c], 0, NULL)),
                         0);
        ck_assert_int_eq(amkd_images_save(set, "bad.amkd", &header, 0), 0);
        amkd_header_clear(&header);
        ck_assert_int_eq(amkd_images_load(&got, "bad.amkd", 0), -1);
        assert_error("need \"views\" in the header");
        ck_assert_int_eq(check_file("bad.amkd"), -1);
        assert_error("need \"views\" in the header");
    }
    amkd_images_free(set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views");
    TCase *tests = tcase_create("views");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, views_come_back_with_pixels_labels_and_sources);
    tcase_add_test(tests, views_of_views_are_of_the_first_images);
    tcase_add_test(tests, joined_sets_share_sources_only_where_they_show_the_same_images);
    tcase_add_test(tests, a_joined_set_joined_again_keeps_its_sources);
    tcase_add_test(tests, a_header_tells_whether_sources_need_be_loaded);
    tcase_add_test(tests, sources_outside_their_set_and_headers_without_one_are_errors);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
