/* Protocol Buffers messages, byte by byte as the encoding's specification has them. */
#include "base/error.h"
#include "emit/wire.h"
#include "scratch.h"

/* The message as it is written, and nothing else, must be these bytes. */
static void expect_bytes(amkd_wire *wire, const void *expected, size_t nbytes)
{
    amkd_output *output;
    size_t n;
    ck_assert_msg(!amkd_output_open(&output, "message"), "%s", amkd_error());
    ck_assert_msg(!amkd_wire_write(wire, output), "%s", amkd_error());
    ck_assert_int_eq(amkd_output_commit(output), 0);
    uint8_t *bytes = get_file("message", &n);
    ck_assert_uint_eq(n, nbytes);
    ck_assert_uint_eq(amkd_wire_nbytes(wire), nbytes);
    ck_assert_mem_eq(bytes, expected, nbytes);
    free(bytes);
    amkd_wire_clear(wire);
}

START_TEST(numbers_have_seven_bits_a_byte_the_lowest_first)
{
    static const struct {
        uint64_t value;
        const char *bytes; /* behind the key of field 1 */
        size_t n;
    } cases[] = {
        {0, "\x00", 1},
        {1, "\x01", 1},
        {127, "\x7f", 1},
        {128, "\x80\x01", 2},
        {150, "\x96\x01", 2}, /* the specification's example */
        {16383, "\xff\x7f", 2},
        {16384, "\x80\x80\x01", 3},
        {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}, /* -1 */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_wire wire = {0};
        char expected[16] = {0x08};
        memcpy(expected + 1, cases[c].bytes, cases[c].n);
        amkd_wire_number(&wire, 1, cases[c].value);
        expect_bytes(&wire, expected, 1 + cases[c].n);
    }
}
END_TEST

START_TEST(a_key_is_the_field_and_its_type)
{
    amkd_wire wire = {0};
    amkd_wire_number(&wire, 15, 2);
    amkd_wire_number(&wire, 16, 3); /* a key of two bytes */
    amkd_wire_text(&wire, 2, "testing");
    amkd_wire_text(&wire, 3, "");
    amkd_wire_float(&wire, 2, 1.5F);
    static const char expected[] = "\x78\x02"
                                   "\x80\x01\x03"
                                   "\x12\x07testing"
                                   "\x1a\x00"
                                   "\x15\x00\x00\xc0\x3f";
    expect_bytes(&wire, expected, sizeof expected - 1);
}
END_TEST

START_TEST(messages_in_messages_have_their_length_in_front)
{
    amkd_wire wire = {0};
    const amkd_wire_mark outer = amkd_wire_begin(&wire, 1);
    amkd_wire_number(&wire, 1, 7);
    const amkd_wire_mark inner = amkd_wire_begin(&wire, 3);
    amkd_wire_number(&wire, 1, 150);
    amkd_wire_end(&wire, inner);
    const amkd_wire_mark empty = amkd_wire_begin(&wire, 4);
    amkd_wire_end(&wire, empty);
    amkd_wire_number(&wire, 2, 8);
    amkd_wire_end(&wire, outer);
    amkd_wire_number(&wire, 5, 9);
    static const char expected[] = "\x0a\x0b"
                                   "\x08\x07"
                                   "\x1a\x03\x08\x96\x01"
                                   "\x22\x00"
                                   "\x10\x08"
                                   "\x28\x09";
    expect_bytes(&wire, expected, sizeof expected - 1);
}
END_TEST

/* The lengths in front are of one, two and three bytes, and move what is behind them. */
START_TEST(borrowed_data_stands_where_it_was_added)
{
    enum { SHORT = 3, LONG = 300, HUGE_ONE = 70000 };
    static uint8_t data[HUGE_ONE];
    memset(data, 0xab, sizeof data);
    for (size_t turn = 0; turn < 3; turn++) {
        const size_t n = (size_t[]){SHORT, LONG, HUGE_ONE}[turn];
        amkd_wire wire = {0}, part = {0};
        uint8_t *expected = calloc(n + 64, 1), *at = expected;
        const amkd_wire_mark outer = amkd_wire_begin(&wire, 7);
        amkd_wire_number(&wire, 1, 5);
        const amkd_wire_mark inner = amkd_wire_begin(&part, 5);
        amkd_wire_text(&part, 8, "w");
        amkd_wire_borrow(&part, 9, data, n);
        amkd_wire_number(&part, 1, 6);
        amkd_wire_end(&part, inner);
        amkd_wire_append(&wire, &part);
        amkd_wire_bytes(&wire, 2, "z", 1);
        amkd_wire_end(&wire, outer);
        /* What is in the inner message: a text, a key, a length, the data, a number. */
        const size_t of_length = n < 128 ? 1 : n < 16384 ? 2 : 3;
        const size_t ninner = 3 + 1 + of_length + n + 2;
        const size_t nouter = 2 + 1 + (ninner < 128 ? 1 : of_length) + ninner + 3;
        const size_t lengths[] = {nouter, ninner, n};
        const char *before[] = {"\x3a", "\x08\x05\x2a", "\x42\x01w\x4a"};
        for (size_t level = 0; level < 3; level++) {
            memcpy(at, before[level], strlen(before[level]));
            at += strlen(before[level]);
            for (size_t rest = lengths[level], more = 1; more; rest >>= 7) {
                more = rest >= 128;
                *at++ = (uint8_t)((rest & 127) | (more ? 128 : 0));
            }
        }
        memcpy(at, data, n);
        memcpy(at + n, "\x08\x06\x12\x01z", 5);
        expect_bytes(&wire, expected, (size_t)(at - expected) + n + 5);
        amkd_wire_clear(&part);
        free(expected);
    }
}
END_TEST

START_TEST(a_message_beyond_two_gib_is_refused_before_it_is_written)
{
    amkd_wire wire = {0};
    amkd_output *output;
    amkd_wire_borrow(&wire, 1, &wire, (size_t)INT32_MAX - 5); /* never read */
    ck_assert_int_eq(amkd_output_open(&output, "huge"), 0);
    ck_assert_int_eq(amkd_wire_write(&wire, output), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "2 GiB"));
    amkd_output_discard(output);
    amkd_wire_clear(&wire);
    ck_assert_int_eq(access("huge", F_OK), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tests = tcase_create("wire");
    tcase_add_test(tests, numbers_have_seven_bits_a_byte_the_lowest_first);
    tcase_add_test(tests, a_key_is_the_field_and_its_type);
    tcase_add_test(tests, messages_in_messages_have_their_length_in_front);
    tcase_add_test(tests, borrowed_data_stands_where_it_was_added);
    tcase_add_test(tests, a_message_beyond_two_gib_is_refused_before_it_is_written);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
