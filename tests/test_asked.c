/* The pairs asked before, as amkd-score --exclude reads them. */
#include "base/error.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_writer.h"
#include "scratch.h"
#include "steps/ask/asked.h"
#include "stream/stream.h"
#include <math.h>

enum { NCLASSES = 2 };

typedef struct label {
    amkd_label_key key;
    float p[NCLASSES];
} label;

/* A labels stream about five images, and its header. */
static void write_labels(amkd_header *header, const label *labels, size_t n)
{
    amkd_images *images;
    amkd_writer *writer;
    amkd_header plain;
    ck_assert_int_eq(amkd_images_new(&images, 5, 2, 2, 1, 0), 0);
    ck_assert_int_eq(amkd_images_header(&plain, 2, 2, 1, 0, NULL), 0);
    ck_assert_int_eq(amkd_images_save(images, "real.amkd", &plain, 0), 0);
    amkd_header_clear(&plain);
    amkd_images_free(images);
    ck_assert_int_eq(amkd_images_load(&images, "real.amkd", 0), 0);
    ck_assert_int_eq(amkd_labels_header(header, NCLASSES), 0);
    ck_assert_int_eq(amkd_images_put_refs(header, images), 0);
    amkd_images_free(images);
    ck_assert_int_eq(amkd_writer_open(&writer, "labels.amkd", header, 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, labels, n), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
}

static const char *const paths[] = {"labels.amkd", "labels.amkd"};

START_TEST(pairs_are_found_whatever_their_lambda_and_images_alone_too)
{
    const label labels[] = {{{1, 3, 0.5f}, {1, 0}},
                            {{2, 2, 1}, {1, 0}},
                            {{0, 4, 0.25f}, {0, 1}},
                            {{1, 3, 0.75f}, {0.5f, 0.5f}}};
    amkd_header header;
    amkd_asked asked = {0};
    amkd_pair pairs[] = {{0, 1}, {0, 4}, {1, 3}, {2, 2}, {2, 3}};
    write_labels(&header, labels, 4);
    ck_assert_int_eq(amkd_asked_load(&asked, paths, 2, &header, 0), 0);
    ck_assert_uint_eq(asked.n, 3);
    ck_assert(amkd_asked_has(&asked, (amkd_pair){1, 3}));
    ck_assert(amkd_asked_has(&asked, (amkd_pair){2, 2}));
    ck_assert(!amkd_asked_has(&asked, (amkd_pair){1, 1}));
    ck_assert_uint_eq(amkd_asked_drop(&asked, pairs, 5), 2);
    ck_assert(pairs[0].j == 1 && pairs[1].i == 2);
    amkd_asked_clear(&asked);
    amkd_header_clear(&header);
}
END_TEST

START_TEST(rows_that_make_no_sense_are_refused)
{
    static const struct {
        label label;
        const char *message;
    } cases[] = {
        {{{3, 1, 0.5f}, {1, 0}}, "'labels.amkd': row 1: i = 3 is above j = 1"},
        {{{1, 5, 0.5f}, {1, 0}}, "row 1: j = 5 is outside the image sets"},
        {{{1, 2, 0.5f}, {NAN, 0}}, "row 1: probability nan"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const label labels[] = {{{0, 1, 0.5f}, {1, 0}}, cases[c].label};
        amkd_header header;
        amkd_asked asked = {0};
        write_labels(&header, labels, 2);
        ck_assert_int_eq(amkd_asked_load(&asked, paths, 1, &header, 0), -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL, "said '%s'",
                      amkd_error());
        amkd_asked_clear(&asked);
        amkd_header_clear(&header);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("asked");
    TCase *tests = tcase_create("asked");
    tcase_add_test(tests, pairs_are_found_whatever_their_lambda_and_images_alone_too);
    tcase_add_test(tests, rows_that_make_no_sense_are_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
