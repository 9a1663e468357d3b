/* BMP files of every depth that is read, and of what is not. */
#include "base/error.h"
#include "data/bmp.h"
#include "data/decode.h"
#include "scratch.h"

enum { ROOM = 512 };

typedef struct file {
    uint8_t bytes[ROOM];
    size_t n;
} file;

static void add(file *f, const void *bytes, size_t n)
{
    ck_assert_uint_le(f->n + n, ROOM);
    memcpy(f->bytes + f->n, bytes, n);
    f->n += n;
}

static void set(file *f, size_t at, uint32_t value, size_t n)
{
    for (size_t k = 0; k < n; k++)
        f->bytes[at + k] = (uint8_t)(value >> 8 * k);
}

/* Headers of a BMP, whose pixels begin behind rest more bytes. */
static file begin(size_t header, int width, int height, unsigned bits, size_t rest)
{
    file f = {.n = 14 + header};
    memcpy(f.bytes, "BM", 2);
    set(&f, 10, (uint32_t)(f.n + rest), 4);
    set(&f, 14, (uint32_t)header, 4);
    const size_t n = header == 12 ? 2 : 4;
    set(&f, 18, (uint32_t)width, n);
    set(&f, 18 + n, (uint32_t)height, n);
    set(&f, 18 + 2 * n, 1, 2);
    set(&f, 20 + 2 * n, bits, 2);
    return f;
}

/* Also from a block of its own size, so that a sanitizer sees a read beyond it, and cut
 * short anywhere. */
static void expect(const file *f, size_t height, size_t width, size_t channels,
                   const uint8_t *pixels)
{
    const amkd_decode_options options = {.alpha = AMKD_ALPHA_DROP};
    amkd_picture picture;
    for (size_t n = 0; n <= f->n; n++) {
        uint8_t *bytes = malloc(n + !n);
        memcpy(bytes, f->bytes, n);
        const int rc = amkd_decode(&picture, bytes, n, &options);
        free(bytes);
        ck_assert_msg(rc == (n < f->n ? -1 : 0), "%zu of %zu bytes: %s", n, f->n,
                      amkd_error());
    }
    ck_assert_uint_eq(picture.height, height);
    ck_assert_uint_eq(picture.width, width);
    ck_assert_uint_eq(picture.channels, channels);
    ck_assert_mem_eq(picture.pixels, pixels, height * width * channels);
    amkd_picture_clear(&picture);
}

static void expect_refused(const file *f, const char *message)
{
    amkd_picture picture;
    ck_assert_int_eq(amkd_bmp_decode(&picture, f->bytes, f->n), -1);
    ck_assert_ptr_null(picture.pixels);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "'%s' is not in '%s'", message,
                  amkd_error());
}

static const uint8_t bgr[] = {3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0};
static const uint8_t rgb[] = {7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6};
static const uint8_t turned[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

START_TEST(lines_go_up_or_where_the_height_is_negative_down)
{
    file f = begin(40, 2, 2, 24, 0);
    add(&f, bgr, sizeof bgr);
    expect(&f, 2, 2, 3, rgb);
    f = begin(40, 2, -2, 24, 0);
    add(&f, bgr, sizeof bgr);
    expect(&f, 2, 2, 3, turned);
}
END_TEST

START_TEST(old_and_new_headers_are_read)
{
    file f = begin(12, 2, 2, 24, 0);
    add(&f, bgr, sizeof bgr);
    expect(&f, 2, 2, 3, rgb);
    f = begin(124, 2, 2, 24, 7); /* a profile, say */
    add(&f, "profile", 7);
    add(&f, bgr, sizeof bgr);
    expect(&f, 2, 2, 3, rgb);
}
END_TEST

START_TEST(the_fourth_byte_is_alpha_where_a_mask_says_so)
{
    static const uint8_t plain[] = {3, 2, 1, 77}, masked[] = {77, 1, 2, 3};
    file f = begin(40, 1, 1, 32, 0);
    add(&f, plain, 4);
    expect(&f, 1, 1, 3, turned);
    f = begin(40, 1, 1, 32, 12);
    set(&f, 30, 3, 4);
    add(&f, "\0\xff\0\0\0\0\xff\0\0\0\0\xff", 12);
    add(&f, masked, 4);
    expect(&f, 1, 1, 3, turned);
    f = begin(124, 1, 1, 32, 0);
    set(&f, 30, 3, 4);
    for (size_t c = 0; c < 4; c++)
        set(&f, 54 + 4 * c, (uint32_t)0xff << 8 * (c == 3 ? 0 : c + 1), 4);
    add(&f, masked, 4);
    expect(&f, 1, 1, 3, turned);
    amkd_picture picture;
    ck_assert_int_eq(amkd_bmp_decode(&picture, f.bytes, f.n), 0);
    ck_assert_uint_eq(picture.channels, 4);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){1, 2, 3, 77}), 4);
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(numbers_are_looked_up_and_a_gray_palette_is_gray)
{
    static const uint8_t colours[] = {1, 2, 3, 0, 40, 50, 60, 0},
                         grays[] = {9, 9, 9, 200, 200, 200};
    file f = begin(40, 3, 1, 8, 8);
    set(&f, 46, 2, 4);
    add(&f, colours, 8);
    add(&f, "\1\0\1", 4);
    expect(&f, 1, 3, 3, (const uint8_t[]){60, 50, 40, 3, 2, 1, 60, 50, 40});
    f = begin(40, 3, 1, 4, 8);
    set(&f, 46, 2, 4);
    add(&f, colours, 8);
    add(&f, "\x10\x10\0", 4);
    expect(&f, 1, 3, 3, (const uint8_t[]){60, 50, 40, 3, 2, 1, 60, 50, 40});
    f = begin(12, 9, 1, 1, 6);
    add(&f, grays, 6);
    add(&f, "\xa1\x80\0", 4);
    expect(&f, 1, 9, 1, (const uint8_t[]){200, 9, 200, 9, 9, 9, 9, 200, 200});
}
END_TEST

START_TEST(what_is_not_read_is_refused)
{
    file f = begin(40, 1, 1, 16, 0);
    add(&f, bgr, 4);
    expect_refused(&f, "BMP: 16 bits a pixel");
    f = begin(40, 1, 1, 8, 0);
    set(&f, 30, 1, 4);
    expect_refused(&f, "BMP: compression 1 of 8 bits");
    f = begin(40, 1, 1, 32, 12);
    set(&f, 30, 3, 4);
    add(&f, "\xff\3\0\0\0\0\xff\0\0\0\0\xff", 12);
    add(&f, bgr, 4);
    expect_refused(&f, "BMP: a colour of other than 8 bits");
    f = begin(40, 1, 1, 8, 4);
    set(&f, 46, 1, 4);
    add(&f, bgr, 4);
    add(&f, "\1\0\0", 4);
    expect_refused(&f, "BMP: colour 1 of a palette of 1");
    f = begin(40, 1, 1, 4, 4);
    set(&f, 46, 17, 4);
    expect_refused(&f, "BMP: 17 colours of 4 bits");
    f = begin(40, -1, 1, 24, 0);
    expect_refused(&f, "BMP: a width below 0");
    f = begin(40, 0, 1, 24, 0);
    expect_refused(&f, "empty");
    f = begin(40, 0x7fffffff, 0x7fffffff, 32, 0);
    expect_refused(&f, "too large");
    f = begin(40, 1, INT32_MIN, 24, 0);
    expect_refused(&f, "too large");
    f = begin(40, 1, 1, 24, 0x7ffffff0);
    add(&f, bgr, 4);
    expect_refused(&f, "cut short");
    set(&f, 10, 53, 4);
    expect_refused(&f, "the pixels begin in the header");
}
END_TEST

START_TEST(a_file_changed_anywhere_is_no_harm)
{
    file f = begin(40, 3, 2, 4, 8);
    set(&f, 46, 2, 4);
    add(&f, bgr, 8);
    add(&f, "\x10\x10\0\0\x11\0\0", 8);
    for (size_t i = 0; i < f.n; i++) {
        const uint8_t kept = f.bytes[i];
        for (unsigned value = 0; value < 256; value++) {
            amkd_picture picture;
            f.bytes[i] = (uint8_t)value;
            if (!amkd_bmp_decode(&picture, f.bytes, f.n))
                amkd_picture_clear(&picture);
        }
        f.bytes[i] = kept;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bmp");
    TCase *tests = tcase_create("bmp");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lines_go_up_or_where_the_height_is_negative_down);
    tcase_add_test(tests, old_and_new_headers_are_read);
    tcase_add_test(tests, the_fourth_byte_is_alpha_where_a_mask_says_so);
    tcase_add_test(tests, numbers_are_looked_up_and_a_gray_palette_is_gray);
    tcase_add_test(tests, what_is_not_read_is_refused);
    tcase_add_test(tests, a_file_changed_anywhere_is_no_harm);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
