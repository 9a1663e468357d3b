/* Headers: their JSON, what is refused in it, and the fields of each kind. */
#include "base/error.h"
#include "base/file.h"
#include "scratch.h"
#include "stream/bgzf_writer.h"
#include "stream/rows.h"
#include "stream/stream.h"

static int parse(const char *text)
{
    amkd_header header;
    int result = amkd_header_parse(&header, text, strlen(text));
    amkd_header_clear(&header);
    return result;
}

static void refuse(const char *text, const char *message)
{
    ck_assert_int_eq(parse(text), -1);
    ck_assert_msg(strstr(amkd_error(), message), "expected '%s' in '%s'", message,
                  amkd_error());
}

START_TEST(header_is_the_same_after_print_and_parse)
{
    amkd_header header, back;
    size_t shape[3] = {28, 28, 1};
    ck_assert_int_eq(amkd_header_init(&header, "images"), 0);
    ck_assert_int_eq(amkd_header_add(&header, "pixels", "|u1", shape, 3), 0);
    ck_assert_int_eq(amkd_header_add(&header, "label", "<i4", NULL, 0), 0);
    json_object_set_new(header.more, "rows", json_integer(70000));
    json_object_set_new(header.more, "a", json_string("\xc3\xa9"));
    char *text = amkd_header_print(&header);
    ck_assert_str_eq(text,
                     "{\"a\":\"\xc3\xa9\",\"fields\":[[\"pixels\",\"|u1\",[28,28,1]],"
                     "[\"label\",\"<i4\"]],\"kind\":\"images\",\"rows\":70000}");
    ck_assert_int_eq(amkd_header_parse(&back, text, strlen(text)), 0);
    ck_assert_uint_eq(back.row_nbytes, 788);
    ck_assert_uint_eq(back.fields[1].offset, 784);
    ck_assert_uint_eq(back.fields[0].nitems, 784);
    ck_assert_uint_eq(back.fields[0].ndim, 3);
    ck_assert_int_eq(amkd_header_expect_same(&back, &header), 0);
    ck_assert(json_equal(back.more, header.more));
    free(text);
    amkd_header_clear(&back);
    ck_assert_int_eq(amkd_header_copy(&back, &header), 0);
    json_object_clear(back.more);
    ck_assert_uint_eq(json_object_size(header.more), 2);
    amkd_header_clear(&back);
    amkd_header_clear(&header);
}
END_TEST

#define FIELDS(list) "{\"kind\":\"pairs\",\"fields\":[" list "]}"

START_TEST(header_with_bad_json_is_refused)
{
    refuse("", "not JSON");
    refuse("{", "not JSON");
    refuse("[]", "not a JSON object");
    refuse("{\"kind\":\"a\",\"kind\":\"b\"}", "duplicate");
    refuse("{\"fields\":[]}", "no \"kind\"");
    refuse("{\"kind\":7}", "no \"kind\"");
    refuse("{\"kind\":\"\"}", "not a kind");
    refuse("{\"kind\":\"a-kind-that-is-too-long\"}", "not a kind");
    refuse("{\"kind\":\"pa irs\"}", "not a kind");
    refuse("{\"kind\":\"pairs\"}", "no \"fields\"");
    refuse(FIELDS(""), "no \"fields\"");
    refuse("{\"kind\":\"a\",\"fields\":[[\"i\",\"<u4\"]],\"rows\":-1}", "\"rows\"");
    refuse("{\"kind\":\"a\",\"fields\":[[\"i\",\"<u4\"]],\"rows\":1.5}", "\"rows\"");
    ck_assert_int_eq(parse(FIELDS("[\"i\",\"<u4\"]") "   \n"), 0);
    refuse(FIELDS("[\"i\",\"<u4\"]") " x", "not JSON");
}
END_TEST

START_TEST(header_with_bad_fields_is_refused)
{
    refuse(FIELDS("7"), "entry 0");
    refuse(FIELDS("[\"i\"]"), "entry 0");
    refuse(FIELDS("[\"i\",\"<u4\",[1],2]"), "entry 0");
    refuse(FIELDS("[\"i\",4]"), "entry 0");
    refuse(FIELDS("[\"i\",\"<u2\"]"), "unknown dtype '<u2'");
    refuse(FIELDS("[\"i\",\">u4\"]"), "unknown dtype '>u4'");
    refuse(FIELDS("[\"i\",\"<u4\"],[\"i\",\"<u4\"]"), "'i' stands twice");
    refuse(FIELDS("[\"\",\"<u4\"]"), "not a field name");
    refuse(FIELDS("[\"i\\n\",\"<u4\"]"), "not a field name");
    refuse(FIELDS("[\"abcdefghijklmnopqrstuvwxyz0123456789\",\"<u4\"]"), "not a field");
    refuse(FIELDS("[\"p\",\"<f4\",10]"), "list of at most 4");
    refuse(FIELDS("[\"p\",\"<f4\",[1,1,1,1,1]]"), "list of at most 4");
    refuse(FIELDS("[\"p\",\"<f4\",[0]]"), "positive");
    refuse(FIELDS("[\"p\",\"<f4\",[-3]]"), "positive");
    refuse(FIELDS("[\"p\",\"<f4\",[1.5]]"), "positive");
    refuse(FIELDS("[\"p\",\"|u1\",[268435457]]"), "too large");
    refuse(FIELDS("[\"p\",\"|u1\",[4294967296,4294967296]]"), "too large");
    refuse(FIELDS("[\"p\",\"|u1\",[9223372036854775807,2]]"), "too large");
    refuse(FIELDS("[\"p\",\"<f8\",[268435456]]"), "at most 268435456");
    refuse(FIELDS("[\"p\",\"|u1\",[268435456]],[\"q\",\"|u1\"]"), "at most 268435456");
}
END_TEST

START_TEST(header_holds_sixteen_fields_and_no_more)
{
    amkd_header header;
    ck_assert_int_eq(amkd_header_init(&header, "many"), 0);
    char name[3] = "fa";
    for (; name[1] < 'a' + 16; name[1]++)
        ck_assert_int_eq(amkd_header_add(&header, name, "<f8", NULL, 0), 0);
    ck_assert_int_eq(amkd_header_add(&header, name, "<f8", NULL, 0), -1);
    ck_assert_uint_eq(header.row_nbytes, 128);
    amkd_header_clear(&header);
}
END_TEST

START_TEST(kinds_are_checked_field_by_field)
{
    amkd_header pairs, picks, labels;
    size_t nclasses = 0;
    ck_assert_int_eq(amkd_pairs_header(&pairs), 0);
    ck_assert_int_eq(amkd_picks_header(&picks), 0);
    ck_assert_int_eq(amkd_labels_header(&labels, 10), 0);
    ck_assert_uint_eq(pairs.row_nbytes, sizeof(amkd_pair));
    ck_assert_uint_eq(picks.row_nbytes, sizeof(amkd_pick));
    ck_assert_uint_eq(labels.row_nbytes, sizeof(amkd_label_key) + 40);
    ck_assert_int_eq(amkd_pairs_check(&pairs), 0);
    ck_assert_int_eq(amkd_picks_check(&picks), 0);
    ck_assert_int_eq(amkd_labels_check(&labels, &nclasses), 0);
    ck_assert_uint_eq(nclasses, 10);
    ck_assert_int_eq(amkd_pairs_check(&picks), -1);
    ck_assert_int_eq(amkd_picks_check(&pairs), -1);
    ck_assert_int_eq(amkd_labels_check(&picks, &nclasses), -1);
    ck_assert_int_eq(amkd_header_add(&pairs, "more", "<f4", NULL, 0), 0);
    ck_assert_int_eq(amkd_pairs_check(&pairs), -1);
    strcpy(picks.fields[3].dtype, "<u4");
    ck_assert_int_eq(amkd_picks_check(&picks), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'score'"));
    const amkd_field *field;
    ck_assert_int_eq(amkd_header_expect(&field, &labels, "p", "<f4", 1), 0);
    ck_assert_int_eq(amkd_header_expect(&field, &labels, "p", "<f4", 2), -1);
    ck_assert_int_eq(amkd_header_expect(&field, &labels, "p", "<f8", 0), -1);
    ck_assert_int_eq(amkd_header_expect(&field, &labels, "q", "<f4", 0), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'q' is missing"));
    amkd_header_clear(&pairs);
    amkd_header_clear(&picks);
    amkd_header_clear(&labels);
}
END_TEST

START_TEST(provenance_grows_by_a_run)
{
    amkd_header header;
    json_t *command = json_pack("[s,s]", "amkd-pool", "a.amkd");
    json_t *more = json_pack("{s:i}", "seed", 7);
    ck_assert_int_eq(amkd_pairs_header(&header), 0);
    ck_assert_int_eq(amkd_header_add_provenance(&header, "amkd-pool", command, NULL), 0);
    ck_assert_int_eq(amkd_header_add_provenance(&header, "amkd-score", command, more), 0);
    json_t *runs = json_object_get(header.more, "provenance");
    char *text = json_dumps(json_array_get(runs, 1), JSON_SORT_KEYS | JSON_COMPACT);
    ck_assert_str_eq(text, "{\"command\":[\"amkd-pool\",\"a.amkd\"],\"seed\":7,"
                           "\"tool\":\"amkd-score\",\"version\":\"0.1.0\"}");
    ck_assert_uint_eq(json_array_size(runs), 2);
    json_object_set_new(header.more, "provenance", json_true());
    ck_assert_int_eq(amkd_header_add_provenance(&header, "x", command, NULL), -1);
    free(text);
    json_decref(command);
    json_decref(more);
    amkd_header_clear(&header);
}
END_TEST

/* A stream of these plain bytes, and the result of reading it all. */
static int read_plain(const char *bytes, size_t nbytes)
{
    amkd_output *output;
    amkd_bgzf_writer *writer;
    ck_assert_int_eq(amkd_output_open(&output, "file"), 0);
    ck_assert_int_eq(amkd_bgzf_writer_open(&writer, output, 0), 0);
    ck_assert_int_eq(amkd_bgzf_writer_write(writer, bytes, nbytes), 0);
    ck_assert_int_eq(amkd_bgzf_writer_finish(writer), 0);
    amkd_bgzf_writer_free(writer);
    ck_assert_int_eq(amkd_output_commit(output), 0);
    amkd_reader *reader;
    if (amkd_reader_open(&reader, "file", NULL, 0))
        return -1;
    void *rows;
    size_t nrows;
    int result = amkd_reader_read_all(reader, &rows, &nrows);
    if (!result)
        free(rows);
    amkd_reader_close(reader);
    return result;
}

static void refuse_plain(const char *bytes, size_t nbytes, const char *message)
{
    ck_assert_int_eq(read_plain(bytes, nbytes), -1);
    ck_assert_msg(strstr(amkd_error(), message), "expected '%s' in '%s'", message,
                  amkd_error());
    ck_assert_int_eq(strncmp(amkd_error(), "'file': ", 8), 0);
}

/* Magic, size and JSON text in 128 bytes; rows may follow. */
static void make_plain(char *bytes, const char *json)
{
    memset(bytes, ' ', 128);
    memcpy(bytes, "AMKD\1\0\0\0\x74\0\0\0", 12);
    memcpy(bytes + 12, json, strlen(json));
    bytes[127] = '\n';
}

START_TEST(reader_refuses_bytes_before_the_rows_that_are_wrong)
{
    char bytes[256] = {0};
    make_plain(bytes, FIELDS("[\"i\",\"<u4\"]"));
    ck_assert_int_eq(read_plain(bytes, 128), 0);
    for (size_t n = 0; n < 128; n++)
        refuse_plain(bytes, n, "ends inside its header");
    bytes[0] = 'B';
    refuse_plain(bytes, 128, "not an amkd stream");
    bytes[0] = 'A';
    bytes[4] = 2;
    refuse_plain(bytes, 128, "version 2");
    bytes[4] = 1;
    bytes[6] = 1;
    refuse_plain(bytes, 128, "not zero");
    bytes[6] = 0;
    bytes[8] = 0x75;
    refuse_plain(bytes, 128, "multiple of 64");
    memcpy(bytes + 8, "\xf4\xff\xff\0", 4);
    refuse_plain(bytes, 128, "ends inside its header");
    memcpy(bytes + 8, "\xf4\xff\xff\x7f", 4);
    refuse_plain(bytes, 128, "at most 16777216");
    make_plain(bytes, FIELDS("[\"i\",\"<u4\"]"));
    bytes[127] = ' ';
    refuse_plain(bytes, 128, "newline");
    scratch_clear();
}
END_TEST

START_TEST(reader_refuses_a_header_that_lies_about_rows)
{
    char bytes[256] = {0};
    make_plain(bytes, "{\"kind\":\"pairs\",\"fields\":[[\"i\",\"<u4\"]],\"rows\":3}");
    ck_assert_int_eq(read_plain(bytes, 128 + 12), 0);
    refuse_plain(bytes, 128 + 8, "ends after 2 rows, its header promises 3");
    refuse_plain(bytes, 128 + 16, "more rows than the 3");
    refuse_plain(bytes, 128 + 11, "ends inside row 2");
    scratch_clear();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("header");
    TCase *tests = tcase_create("header");
    tcase_add_test(tests, header_is_the_same_after_print_and_parse);
    tcase_add_test(tests, header_with_bad_json_is_refused);
    tcase_add_test(tests, header_with_bad_fields_is_refused);
    tcase_add_test(tests, header_holds_sixteen_fields_and_no_more);
    tcase_add_test(tests, kinds_are_checked_field_by_field);
    tcase_add_test(tests, provenance_grows_by_a_run);
    tcase_add_test(tests, reader_refuses_bytes_before_the_rows_that_are_wrong);
    tcase_add_test(tests, reader_refuses_a_header_that_lies_about_rows);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
