/* Repeated images, found among prints as by looking at all pairs. */
#include "base/memory.h"
#include "base/random.h"
#include "data/distinct.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

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
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
