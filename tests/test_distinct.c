/* Repeated images: found among prints as by looking at all pairs, and left out of an
 * import with their labels. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/distinct.h"
#include "data/import.h"
#include "scratch.h"

enum { NPRINTS = 1500 };

static uint64_t draw(uint64_t stream, uint64_t index)
{
    return amkd_random_u64(17, stream, index);
}

/* A print of a hash drawn by number. */
static amkd_print print_of(uint64_t number)
{
    amkd_print print = {.digest = {draw(1, number), draw(2, number)}};
    for (size_t c = 0; c < 16; c++)
        print.hash.chunk[c] = (uint16_t)draw(3, number * 16 + c);
    return print;
}

/* Turns n different bits of a hash, drawn by number. */
static void turn(amkd_print *print, unsigned n, uint64_t number)
{
    amkd_permutation permutation;
    amkd_permutation_init(&permutation, 256, number, 4);
    for (size_t b = 0; b < n; b++) {
        uint64_t bit = amkd_permute(&permutation, b);
        print->hash.chunk[bit / 16] ^= (uint16_t)(1u << bit % 16);
    }
    print->digest[0] ^= number + 1;
}

static amkd_distinct *set_for(size_t room)
{
    amkd_distinct *set;
    ck_assert_int_eq(amkd_distinct_new(&set, room), 0);
    return set;
}

START_TEST(a_hash_is_found_at_its_distance_and_not_a_bit_below)
{
    enum { NTRIALS = 20 };
    for (unsigned distance = 1; distance <= AMKD_DISTINCT_MAX_BITS; distance++) {
        amkd_distinct *set = set_for(NTRIALS);
        for (uint32_t trial = 0; trial < NTRIALS; trial++) {
            amkd_print print = print_of(trial);
            amkd_distinct_add(set, &print, trial);
        }
        for (uint32_t trial = 0; trial < NTRIALS; trial++) {
            amkd_print print = print_of(trial);
            amkd_repeated found;
            turn(&print, distance, trial);
            ck_assert_int_eq(amkd_distinct_find(&found, set, &print, distance), 1);
            ck_assert_uint_eq(found.number, trial);
            ck_assert_uint_eq(found.distance, distance);
            ck_assert_int_eq(found.exact, 0);
            ck_assert_int_eq(amkd_distinct_find(&found, set, &print, distance - 1), 0);
        }
        amkd_distinct_free(set);
    }
}
END_TEST

/* The bits that differ lie as evenly as they can: the case that chunks only just find. */
START_TEST(bits_spread_over_all_chunks_are_found)
{
    for (unsigned n = 1; n <= AMKD_DISTINCT_MAX_BITS; n++) {
        amkd_distinct *set = set_for(1);
        amkd_print print = print_of(n);
        amkd_repeated found;
        amkd_distinct_add(set, &print, 0);
        for (unsigned b = 0; b < n; b++)
            print.hash.chunk[15 - b % 16] ^= (uint16_t)(1u << (b / 16 * 9 + b % 7));
        print.digest[0]++;
        ck_assert_int_eq(amkd_distinct_find(&found, set, &print, n), 1);
        ck_assert_uint_eq(found.distance, n);
        amkd_distinct_free(set);
    }
}
END_TEST

/* The first of those nearest to print among n, by looking at all. */
static int reference_find(amkd_repeated *found, const amkd_print *prints,
                          const uint32_t *kept, size_t n, const amkd_print *print,
                          unsigned nbits)
{
    unsigned best = nbits + 1;
    for (size_t k = 0; k < n; k++) {
        const amkd_print *other = &prints[kept[k]];
        unsigned distance = 0;
        for (size_t c = 0; c < 16; c++)
            distance += (unsigned)__builtin_popcount(
                (unsigned)(other->hash.chunk[c] ^ print->hash.chunk[c]));
        if (!memcmp(other->digest, print->digest, sizeof print->digest)) {
            *found = (amkd_repeated){kept[k], 0, 1};
            return 1;
        }
        if (nbits && !print->plain && !other->plain && distance < best) {
            best = distance;
            *found = (amkd_repeated){kept[k], distance, 0};
        }
    }
    return best <= nbits && nbits;
}

/* Prints in families of ten about a common hash, some of them exact copies, some plain.
 */
static amkd_print *families(void)
{
    amkd_print *prints = amkd_alloc(NPRINTS, sizeof *prints);
    for (uint64_t i = 0; i < NPRINTS; i++) {
        prints[i] = print_of(draw(5, i) % (NPRINTS / 10));
        turn(&prints[i], (unsigned)(draw(6, i) % 25), draw(7, i));
        if (i > 10 && draw(8, i) % 8 == 0)
            prints[i] = prints[draw(9, i) % i];
        if (draw(10, i) % 16 == 0)
            prints[i].plain = 1;
    }
    return prints;
}

START_TEST(the_same_are_found_as_by_looking_at_all)
{
    const unsigned nbits = (unsigned)_i;
    amkd_print *prints = families();
    uint32_t *kept = amkd_alloc(NPRINTS, sizeof *kept);
    amkd_distinct *set = set_for(NPRINTS);
    size_t n = 0;
    for (uint32_t i = 0; i < NPRINTS; i++) {
        amkd_repeated found = {0}, expected = {0};
        int is = amkd_distinct_find(&found, set, &prints[i], nbits);
        ck_assert_int_eq(is,
                         reference_find(&expected, prints, kept, n, &prints[i], nbits));
        if (is) {
            ck_assert_uint_eq(found.number, expected.number);
            ck_assert_uint_eq(found.distance, expected.distance);
            ck_assert_int_eq(found.exact, expected.exact);
        } else {
            amkd_distinct_add(set, &prints[i], i);
            kept[n++] = i;
        }
    }
    ck_assert_uint_lt(n, NPRINTS);
    amkd_distinct_free(set);
    free(kept);
    free(prints);
}
END_TEST

START_TEST(of_several_at_one_distance_the_first_is_found)
{
    amkd_distinct *set = set_for(3);
    amkd_print print = print_of(1), copy = print;
    amkd_repeated found;
    for (uint32_t i = 0; i < 3; i++) {
        amkd_print other = print;
        other.hash.chunk[5 * i] ^= 0x0101;
        other.digest[0] += i + 1;
        amkd_distinct_add(set, &other, 7 - i);
    }
    ck_assert_int_eq(amkd_distinct_find(&found, set, &print, 31), 1);
    ck_assert_uint_eq(found.number, 7);
    copy.digest[0] += 3;
    ck_assert_int_eq(amkd_distinct_find(&found, set, &copy, 31), 1);
    ck_assert_uint_eq(found.number, 5);
    ck_assert_int_eq(found.exact, 1);
    amkd_distinct_free(set);
}
END_TEST

START_TEST(digests_that_share_a_half_are_not_the_same)
{
    amkd_distinct *set = set_for(2);
    amkd_print print = print_of(1);
    amkd_repeated found;
    amkd_distinct_add(set, &print, 0);
    print.digest[1]++;
    ck_assert_int_eq(amkd_distinct_find(&found, set, &print, 0), 0);
    amkd_distinct_add(set, &print, 1);
    ck_assert_int_eq(amkd_distinct_find(&found, set, &print, 0), 1);
    ck_assert_uint_eq(found.number, 1);
    amkd_distinct_free(set);
}
END_TEST

enum { SIDE = 24, NPIXELS = SIDE * SIDE };

/* A picture of blots drawn by number, in pixels[NPIXELS]. */
static void paint(uint8_t *pixels, uint64_t number)
{
    for (size_t i = 0; i < NPIXELS; i++)
        pixels[i] = (uint8_t)(draw(20 + number, i / SIDE / 3 * 8 + i % SIDE / 3) % 200);
}

/* Writes IDX files NAME-images-idx3-ubyte and, unless labels is NULL, its labels. */
static void put_images(const char *name, const uint8_t *pixels, const uint8_t *labels,
                       uint8_t n)
{
    char path[64];
    uint8_t bytes[16 + 8 * NPIXELS] = {0, 0, 8, 3,    0, 0, 0, n,
                                       0, 0, 0, SIDE, 0, 0, 0, SIDE};
    ck_assert_uint_le(n, 8);
    memcpy(bytes + 16, pixels, n * (size_t)NPIXELS);
    snprintf(path, sizeof path, "%s-images-idx3-ubyte", name);
    put_file(path, bytes, 16 + n * (size_t)NPIXELS);
    if (!labels)
        return;
    uint8_t short_bytes[8 + 8] = {0, 0, 8, 1, 0, 0, 0, n};
    memcpy(short_bytes + 8, labels, n);
    snprintf(path, sizeof path, "%s-labels-idx1-ubyte", name);
    put_file(path, short_bytes, 8 + (size_t)n);
}

/* Pictures A B A' B A" C C D: ' is a little brighter, " is the same as '. */
static void paint_row(uint8_t pixels[8][NPIXELS])
{
    static const int which[] = {0, 1, 0, 1, 0, 2, 2, 3};
    for (size_t i = 0; i < 8; i++)
        paint(pixels[i], (uint64_t)which[i]);
    for (size_t i = 0; i < NPIXELS; i++)
        pixels[2][i] = pixels[4][i] = (uint8_t)(pixels[2][i] + 3);
}

static int import(amkd_images **set, amkd_import_report *report, int near,
                  const char *apart)
{
    static const char *const source = "x-images-idx3-ubyte";
    amkd_import_options options = {.sources = &source,
                                   .nsources = 1,
                                   .distinct = near >= 0,
                                   .near = near > 0 ? (unsigned)near : 0,
                                   .apart = &apart,
                                   .napart = apart ? 1 : 0,
                                   .nthreads = 3,
                                   .quiet = 1,
                                   .report = report};
    amkd_import_report_init(report, 10);
    return amkd_import(set, &options);
}

/* The set is of the rows of pixels and labels given by which, -1 ends it. */
static void assert_rows(const amkd_images *set, uint8_t pixels[8][NPIXELS],
                        const uint8_t *labels, const int *which)
{
    size_t n = 0;
    for (; which[n] >= 0; n++) {
        ck_assert_uint_lt(n, set->n);
        ck_assert_mem_eq(set->pixels + n * NPIXELS, pixels[which[n]], NPIXELS);
        if (set->labels)
            ck_assert_int_eq(set->labels[n], labels[which[n]]);
    }
    ck_assert_uint_eq(set->n, n);
    ck_assert_uint_eq(set->nsources, n);
}

static const uint8_t labels[8] = {0, 1, 2, 1, 0, 3, 4, 5};

START_TEST(copies_are_left_out_in_order_and_with_their_labels)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], labels, 8);
    ck_assert_msg(!import(&set, &report, 0, NULL), "%s", amkd_error());
    assert_rows(set, pixels, labels, (const int[]){0, 1, 2, 5, 7, -1});
    ck_assert_uint_eq(report.repeats.notes.n, 3);
    ck_assert_uint_eq(report.repeats.nexact, 3);
    ck_assert_uint_eq(report.repeats.nrelabeled, 2); /* A" and the second C */
    amkd_notes_sort(&report.repeats.notes);
    ck_assert_str_eq(report.repeats.notes.kept[0].text,
                     "'x-images-idx3-ubyte': image 3 is 'x-images-idx3-ubyte': image 1");
    ck_assert_uint_eq(report.apart.notes.n, 0);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(near_images_are_left_out_within_the_bits_given)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], labels, 8);
    ck_assert_msg(!import(&set, &report, 16, NULL), "%s", amkd_error());
    assert_rows(set, pixels, labels, (const int[]){0, 1, 5, 7, -1});
    ck_assert_uint_eq(report.repeats.notes.n, 4);
    ck_assert_uint_eq(report.repeats.nexact, 2);
    ck_assert_uint_eq(report.repeats.nrelabeled, 2); /* A' and the second C */
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(without_distinct_nothing_is_left_out)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    ck_assert_msg(!import(&set, &report, -1, NULL), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 8);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

static void save_apart(const uint8_t *pixels, size_t n, size_t side)
{
    amkd_images *set;
    amkd_header header;
    ck_assert_int_eq(amkd_images_new(&set, n, side, side, 1, 0), 0);
    memcpy(set->pixels, pixels, n * side * side);
    ck_assert_int_eq(amkd_images_header(&header, side, side, 1, 0, NULL), 0);
    ck_assert_msg(!amkd_images_save(set, "apart.amkd", &header, 1), "%s", amkd_error());
    amkd_header_clear(&header);
    amkd_images_free(set);
}

START_TEST(images_of_another_set_are_left_out_and_counted_apart)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    save_apart(pixels[1], 2, SIDE); /* B and A' */
    ck_assert_msg(!import(&set, &report, 0, "apart.amkd"), "%s", amkd_error());
    assert_rows(set, pixels, NULL, (const int[]){0, 5, 7, -1});
    ck_assert_uint_eq(report.apart.notes.n, 4);
    ck_assert_uint_eq(report.apart.nexact, 4);
    ck_assert_uint_eq(report.repeats.notes.n, 1);
    amkd_notes_sort(&report.apart.notes);
    ck_assert_str_eq(report.apart.notes.kept[1].text,
                     "'x-images-idx3-ubyte': image 2 is 'apart.amkd': image 1");
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    ck_assert_msg(!import(&set, &report, 16, "apart.amkd"), "%s", amkd_error());
    assert_rows(set, pixels, NULL, (const int[]){5, 7, -1});
    ck_assert_uint_eq(report.apart.notes.n, 5);
    ck_assert_uint_eq(report.apart.nexact, 4);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

START_TEST(a_set_of_another_shape_or_of_all_images_is_refused)
{
    uint8_t pixels[8][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    paint_row(pixels);
    put_images("x", pixels[0], NULL, 8);
    save_apart(pixels[0], 3, SIDE / 2);
    ck_assert_int_eq(import(&set, &report, 0, "apart.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "of one shape"));
    amkd_import_report_clear(&report);
    save_apart(pixels[0], 8, SIDE);
    ck_assert_int_eq(import(&set, &report, 0, "apart.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "none of 8 images is left"));
    amkd_import_report_clear(&report);
    ck_assert_int_eq(import(&set, &report, 0, "nowhere.amkd"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "nowhere.amkd"));
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

/* The hash of a picture of one colour tells nothing, so two colours must stay apart. */
START_TEST(pictures_of_one_colour_repeat_only_themselves)
{
    uint8_t pixels[4][NPIXELS];
    amkd_import_report report;
    amkd_images *set;
    for (size_t i = 0; i < 4; i++)
        memset(pixels[i], i == 3 ? 0 : (int)(120 * i), NPIXELS);
    put_images("x", pixels[0], NULL, 4);
    ck_assert_msg(!import(&set, &report, 31, NULL), "%s", amkd_error());
    ck_assert_uint_eq(set->n, 3);
    ck_assert_uint_eq(report.repeats.nexact, 1);
    amkd_images_free(set);
    amkd_import_report_clear(&report);
    scratch_clear();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("distinct");
    TCase *tcase = tcase_create("distinct");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_hash_is_found_at_its_distance_and_not_a_bit_below);
    tcase_add_test(tcase, bits_spread_over_all_chunks_are_found);
    tcase_add_loop_test(tcase, the_same_are_found_as_by_looking_at_all, 0,
                        AMKD_DISTINCT_MAX_BITS + 1);
    tcase_add_test(tcase, of_several_at_one_distance_the_first_is_found);
    tcase_add_test(tcase, digests_that_share_a_half_are_not_the_same);
    tcase_add_test(tcase, copies_are_left_out_in_order_and_with_their_labels);
    tcase_add_test(tcase, near_images_are_left_out_within_the_bits_given);
    tcase_add_test(tcase, without_distinct_nothing_is_left_out);
    tcase_add_test(tcase, images_of_another_set_are_left_out_and_counted_apart);
    tcase_add_test(tcase, a_set_of_another_shape_or_of_all_images_is_refused);
    tcase_add_test(tcase, pictures_of_one_colour_repeat_only_themselves);
    suite_add_tcase(suite, tcase);
    return scratch_run(suite);
}
