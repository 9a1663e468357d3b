/* Image sets, the references to them, and mixing. */
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "data/images_writer.h"
#include "data/mix.h"
#include "scratch.h"
#include "stream/stream.h"
#include <xxhash.h>

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* Saves n images of 2x3x1 whose pixels count up from first; nclasses 0: unlabeled. */
static void save_set(const char *path, size_t n, unsigned first, size_t nclasses)
{
    amkd_images *set;
    amkd_header header;
    json_t *names = nclasses ? json_pack("[s, s]", "cat", "dog") : NULL;
    ck_assert_int_eq(amkd_images_new(&set, n, 2, 3, 1, nclasses), 0);
    for (size_t i = 0; i < 6 * n; i++)
        set->pixels[i] = (uint8_t)(first + i);
    for (size_t i = 0; nclasses && i < n; i++)
        set->labels[i] = (int32_t)(i % nclasses);
    ck_assert_int_eq(amkd_images_header(&header, 2, 3, 1, nclasses, names), 0);
    ck_assert_int_eq(amkd_images_save(set, path, &header, 1), 0);
    amkd_header_clear(&header);
    amkd_images_free(set);
    json_decref(names);
}

START_TEST(a_labeled_set_comes_back_as_it_was_saved)
{
    amkd_images *set;
    save_set("a.amkd", 5, 7, 2);
    ck_assert_msg(!amkd_images_load(&set, "a.amkd", 2), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 5);
    ck_assert_uint_eq(amkd_images_npixels(set), 6);
    for (size_t i = 0; i < 30; i++)
        ck_assert_uint_eq(set->pixels[i], 7 + i);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(set->labels[i], i % 2);
    ck_assert_uint_eq(set->nclasses, 2);
    ck_assert_str_eq(json_string_value(json_array_get(set->class_names, 1)), "dog");
    ck_assert_uint_eq(set->nrefs, 1);
    ck_assert_str_eq(set->refs[0].path, "a.amkd");
    ck_assert_uint_eq(set->refs[0].rows, 5);
    amkd_images_free(set);
}
END_TEST

START_TEST(the_digest_is_over_shape_and_pixels_alone)
{
    amkd_images *set;
    char digest[48], expected[48];
    uint8_t bytes[24 + 30] = {2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1};
    for (size_t i = 0; i < 30; i++)
        bytes[24 + i] = (uint8_t)(7 + i);
    XXH128_hash_t hash = XXH3_128bits(bytes, sizeof bytes);
    snprintf(expected, sizeof expected, "xxh3-128:%016llx%016llx",
             (unsigned long long)hash.high64, (unsigned long long)hash.low64);
    save_set("a.amkd", 5, 7, 2);
    save_set("b.amkd", 5, 7, 0);
    ck_assert_int_eq(amkd_images_load(&set, "a.amkd", 0), 0);
    ck_assert_str_eq(set->refs[0].digest, expected);
    ck_assert_str_eq(expected, "xxh3-128:03e510503548a023e73f691568306f67");
    set->height = 3;
    set->width = 2;
    ck_assert_int_eq(amkd_images_digest(digest, set), 0);
    ck_assert_str_ne(digest, expected);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_images_load(&set, "b.amkd", 0), 0);
    ck_assert_str_eq(set->refs[0].digest, expected);
    amkd_images_free(set);
}
END_TEST

/* A pairs header that refers to the sets at these paths; NULL ends them. */
static void refer(amkd_header *header, const char *first, const char *second)
{
    amkd_images *a, *b;
    ck_assert_int_eq(amkd_header_init(header, "pairs"), 0);
    ck_assert_int_eq(amkd_images_load(&a, first, 0), 0);
    if (second) {
        ck_assert_int_eq(amkd_images_load(&b, second, 0), 0);
        ck_assert_int_eq(amkd_images_append(a, b), 0);
        amkd_images_free(b);
    }
    ck_assert_int_eq(amkd_images_put_refs(header, a), 0);
    amkd_images_free(a);
}

START_TEST(references_load_all_sets_one_behind_the_other)
{
    amkd_header header;
    amkd_images *set;
    uint64_t nrows;
    save_set("a.amkd", 3, 0, 2);
    save_set("b.amkd", 2, 100, 0);
    refer(&header, "a.amkd", "b.amkd");
    ck_assert_int_eq(amkd_images_refs_rows(&nrows, &header), 0);
    ck_assert_uint_eq(nrows, 5);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, "p.amkd", NULL, 0, 1), 0);
    ck_assert_uint_eq(set->n, 5);
    ck_assert_uint_eq(set->pixels[18], 100);
    ck_assert_ptr_null(set->labels);
    ck_assert_uint_eq(set->nrefs, 2);
    amkd_images_free(set);
    const json_t *shape = json_object_get(header.more, "image_shape");
    ck_assert_int_eq(json_integer_value(json_array_get(shape, 1)), 3);
    amkd_header_clear(&header);
}
END_TEST

START_TEST(a_set_changed_since_is_an_error)
{
    amkd_header header;
    amkd_images *set;
    save_set("a.amkd", 3, 0, 0);
    refer(&header, "a.amkd", NULL);
    save_set("a.amkd", 3, 1, 0);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, "p.amkd", NULL, 0, 1), -1);
    assert_error("not the image set of the stream");
    save_set("a.amkd", 4, 0, 0);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, "p.amkd", NULL, 0, 1), -1);
    assert_error("'p.amkd': 'a.amkd': not the image set");
    amkd_header_clear(&header);
}
END_TEST

START_TEST(sets_are_found_beside_the_stream_or_where_the_user_says)
{
    amkd_header header;
    amkd_images *set;
    const char *override[] = {"moved/c.amkd", "moved/c.amkd"};
    ck_assert_int_eq(mkdir("moved", 0777), 0);
    save_set("a.amkd", 3, 0, 0);
    refer(&header, "a.amkd", NULL);
    ck_assert_int_eq(rename("a.amkd", "moved/a.amkd"), 0);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, "moved/p.amkd", NULL, 0, 1), 0);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, "p.amkd", NULL, 0, 1), -1);
    assert_error("--images");
    ck_assert_int_eq(rename("moved/a.amkd", "moved/c.amkd"), 0);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, NULL, override, 1, 1), 0);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_images_load_refs(&set, &header, NULL, override, 2, 1), -1);
    assert_error("1 image sets, --images names 2");
    amkd_header_clear(&header);
    remove("moved/c.amkd");
}
END_TEST

START_TEST(headers_of_the_same_sets_are_told_from_others)
{
    amkd_header a, b, c, copy;
    save_set("a.amkd", 3, 0, 0);
    save_set("b.amkd", 3, 1, 0);
    refer(&a, "a.amkd", NULL);
    refer(&b, "b.amkd", NULL);
    refer(&c, "a.amkd", "b.amkd");
    ck_assert_int_eq(amkd_header_init(&copy, "picks"), 0);
    ck_assert_int_eq(amkd_images_same_refs(&a, &copy), -1);
    ck_assert_int_eq(amkd_images_copy_refs(&copy, &a), 0);
    ck_assert_int_eq(amkd_images_same_refs(&a, &copy), 0);
    ck_assert_int_eq(amkd_images_same_refs(&a, &b), -1);
    assert_error("different images");
    ck_assert_int_eq(amkd_images_same_refs(&a, &c), -1);
    amkd_header_clear(&a);
    amkd_header_clear(&b);
    amkd_header_clear(&c);
    amkd_header_clear(&copy);
}
END_TEST

START_TEST(a_label_outside_the_classes_is_an_error)
{
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, 2, 1, 1, 1, 3), 0);
    set->labels[1] = 3;
    ck_assert_int_eq(amkd_images_header(&header, 1, 1, 1, 3, NULL), 0);
    ck_assert_int_eq(amkd_images_save(set, "bad.amkd", &header, 1), 0);
    amkd_header_clear(&header);
    amkd_images_free(set);
    ck_assert_int_eq(amkd_images_load(&set, "bad.amkd", 1), -1);
    assert_error("'bad.amkd': row 1: label 3 is outside 0..2");
}
END_TEST

START_TEST(sets_of_other_shapes_do_not_go_together)
{
    amkd_images *a, *b;
    ck_assert_int_eq(amkd_images_new(&a, 1, 2, 3, 1, 0), 0);
    ck_assert_int_eq(amkd_images_new(&b, 1, 3, 2, 1, 0), 0);
    ck_assert_int_eq(amkd_images_append(a, b), -1);
    assert_error("2x3x1 and 3x2x1");
    amkd_images_free(b);
    const size_t others[][3] = {{4, 3, 1}, {2, 4, 1}, {2, 3, 3}};
    for (size_t i = 0; i < 3; i++) {
        const size_t *shape = others[i];
        ck_assert_int_eq(amkd_images_new(&b, 1, shape[0], shape[1], shape[2], 0), 0);
        ck_assert_int_eq(amkd_images_append(a, b), -1);
        amkd_images_free(b);
    }
    amkd_images_free(a);
}
END_TEST

START_TEST(mixing_is_exact_at_the_ends_and_rounds_half_up)
{
    uint8_t a[4] = {0, 255, 10, 3}, b[4] = {255, 0, 11, 4}, out[4];
    ck_assert_uint_eq(amkd_mix_weight(0), 0);
    ck_assert_uint_eq(amkd_mix_weight(1), 65536);
    ck_assert_uint_eq(amkd_mix_weight(0.3f), 19661);
    amkd_mix_u8(out, a, b, amkd_mix_weight(1), 4);
    ck_assert_mem_eq(out, a, 4);
    amkd_mix_u8(out, a, b, amkd_mix_weight(0), 4);
    ck_assert_mem_eq(out, b, 4);
    amkd_mix_u8(out, a, b, amkd_mix_weight(0.5f), 4);
    ck_assert_mem_eq(out, ((uint8_t[]){128, 128, 11, 4}), 4);
    amkd_mix_u8(out, a, b, amkd_mix_weight(0.25f), 4);
    ck_assert_mem_eq(out, ((uint8_t[]){191, 64, 11, 4}), 4);
}
END_TEST

START_TEST(mixing_a_swapped_pair_with_the_other_weight_is_the_same)
{
    uint8_t a[256], b[256], one[256], other[256];
    for (int i = 0; i < 256; i++) {
        a[i] = (uint8_t)(i * 7);
        b[i] = (uint8_t)(255 - i * 3);
    }
    for (uint32_t w = 0; w <= 65536; w += 977) {
        amkd_mix_u8(one, a, b, w, 256);
        amkd_mix_u8(other, b, a, 65536 - w, 256);
        ck_assert_mem_eq(one, other, 256);
        for (int i = 0; i < 256; i++) {
            double exact = (w * (double)a[i] + (65536 - w) * (double)b[i]) / 65536;
            ck_assert_uint_eq(one[i], (unsigned)(exact + 0.5));
        }
    }
}
END_TEST

START_TEST(rows_are_gathered_in_the_order_asked_for)
{
    amkd_images *set;
    uint8_t got[4 * 6];
    const uint32_t rows[] = {4, 0, 4, 2};
    save_set("a.amkd", 5, 7, 0);
    ck_assert_int_eq(amkd_images_load(&set, "a.amkd", 1), 0);
    ck_assert_int_eq(amkd_images_gather(got, set, rows, 4), 0);
    for (size_t r = 0; r < 4; r++)
        for (size_t p = 0; p < 6; p++)
            ck_assert_uint_eq(got[6 * r + p], 7 + 6 * rows[r] + p);
    ck_assert_int_eq(amkd_images_gather(got, set, &(uint32_t){5}, 1), -1);
    assert_error("image 5 of a set of 5");
    amkd_images_free(set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data");
    TCase *tests = tcase_create("data");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_labeled_set_comes_back_as_it_was_saved);
    tcase_add_test(tests, the_digest_is_over_shape_and_pixels_alone);
    tcase_add_test(tests, references_load_all_sets_one_behind_the_other);
    tcase_add_test(tests, a_set_changed_since_is_an_error);
    tcase_add_test(tests, sets_are_found_beside_the_stream_or_where_the_user_says);
    tcase_add_test(tests, headers_of_the_same_sets_are_told_from_others);
    tcase_add_test(tests, a_label_outside_the_classes_is_an_error);
    tcase_add_test(tests, sets_of_other_shapes_do_not_go_together);
    tcase_add_test(tests, mixing_is_exact_at_the_ends_and_rounds_half_up);
    tcase_add_test(tests, mixing_a_swapped_pair_with_the_other_weight_is_the_same);
    tcase_add_test(tests, rows_are_gathered_in_the_order_asked_for);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
