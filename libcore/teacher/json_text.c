/* One pass over the text, which knows strings from what is between them and nothing else
 * of JSON's grammar: that is the parser's to judge. */
#include "teacher/json_text.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_NUMBER = 400,     /* characters of a number that may be mended */
    PLAIN_FRACTION = 300, /* without an exponent so many characters fit into a double, */
    PLAIN_INTEGER = 18,   /* and so many into 64 bits */
};

static const char replacement[] = "\\ufffd";

/* The text from at up to end. */
typedef struct reader {
    const unsigned char *at, *end;
} reader;

/* ------------------------------------------------------------------------ strings -- */

/* Bytes of the UTF-8 character at r->at, 0 when there is none (RFC 3629's table). */
static size_t character_nbytes(const reader *r)
{
    const unsigned char first = *r->at;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    const size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || n > (size_t)(r->end - r->at))
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf)
        if (r->at[i] < low || r->at[i] > high)
            return 0;
    return n;
}

/* The code of "\uXXXX" at `at`, -1 when there is none. */
static int read_unit(const unsigned char *at, const unsigned char *end)
{
    int unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        const int c = tolower(at[i]);
        if (!isxdigit(at[i]))
            return -1;
        unit = unit * 16 + (isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    return unit;
}

static int is_between(int unit, int low, int high)
{
    return unit >= low && unit <= high;
}

/* The escape at the reader, which a backslash begins. */
static int add_escape(amkd_bytes *out, reader *r)
{
    const unsigned char *at = r->at;
    const int unit = read_unit(at, r->end);
    size_t n = 0; /* bytes of it that are good; 0: none are */
    if (is_between(unit, 0xd800, 0xdbff))
        n = is_between(read_unit(at + 6, r->end), 0xdc00, 0xdfff) ? 12 : 0;
    else if (unit > 0 && !is_between(unit, 0xdc00, 0xdfff))
        n = 6;
    else if (r->end - at > 1 && at[1] && strchr("\"\\/bfnrt", at[1]))
        n = 2;
    r->at += n ? n : unit >= 0 ? 6 : 1;
    return n ? amkd_bytes_add(out, at, n) : amkd_bytes_puts(out, replacement);
}

static int add_character(amkd_bytes *out, reader *r)
{
    const size_t n = character_nbytes(r);
    const unsigned char *at = r->at;
    r->at += n ? n : 1;
    if (n == 0 || *at == 0)
        return amkd_bytes_puts(out, replacement);
    return *at < ' ' ? amkd_bytes_format(out, "\\u%04x", *at)
                     : amkd_bytes_add(out, at, n);
}

/* A string with its quotes, or what there is of it. */
static int add_string(amkd_bytes *out, reader *r)
{
    int rc = amkd_bytes_add(out, r->at++, 1);
    while (rc == 0 && r->at < r->end && *r->at != '"')
        rc = *r->at == '\\' ? add_escape(out, r) : add_character(out, r);
    if (rc == 0 && r->at < r->end)
        rc = amkd_bytes_add(out, r->at++, 1);
    return rc;
}

/* ------------------------------------------------------------------------ numbers -- */

static int is_word(unsigned char c)
{
    return isalnum(c) || c == '-' || c == '+' || c == '.';
}

/* Whether a word, without its sign, stands for what is no finite number. */
static int is_not_finite(const char *word)
{
    static const char *const names[] = {"nan", "inf", "infinity"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(word, names[i]) == 0)
            return 1;
    return 0;
}

/* A number or literal that jansson may not take. */
static int add_mended(amkd_bytes *out, const char *word)
{
    char real[MAX_NUMBER + 3];
    json_error_t error;
    if (is_not_finite(word + (*word == '-' || *word == '+')))
        return amkd_bytes_puts(out, "null");
    json_t *value = json_loads(word, JSON_DECODE_ANY, &error);
    if (!value && json_error_code(&error) == json_error_numeric_overflow) {
        snprintf(real, sizeof real, "%s.0", word); /* of a real number no JSON */
        value = json_loads(real, JSON_DECODE_ANY, NULL);
        word = value ? real : "null";
    }
    json_decref(value);
    return amkd_bytes_puts(out, word);
}

/* Whether a word of n characters is read by jansson or broken for good: one without
 * letters that is a fraction or small enough. */
static int is_plain(const unsigned char *word, size_t n)
{
    int point = 0;
    for (size_t i = 0; i < n; i++) {
        if (isalpha(word[i]))
            return 0;
        point |= word[i] == '.';
    }
    return point ? n <= PLAIN_FRACTION : n <= PLAIN_INTEGER;
}

static int add_word(amkd_bytes *out, reader *r)
{
    char word[MAX_NUMBER + 1];
    const unsigned char *at = r->at;
    while (r->at < r->end && is_word(*r->at))
        r->at++;
    const size_t n = (size_t)(r->at - at);
    if (n > MAX_NUMBER || is_plain(at, n))
        return amkd_bytes_add(out, at, n);
    memcpy(word, at, n);
    word[n] = '\0';
    return add_mended(out, word);
}

int amkd_json_mend(amkd_bytes *out, const char *text, size_t nbytes)
{
    static const char mark[] = "\xef\xbb\xbf";
    const unsigned char *bytes = (const unsigned char *)text;
    reader r = {bytes, bytes + nbytes};
    int rc = 0;
    while (r.end - r.at >= 3 && memcmp(r.at, mark, 3) == 0)
        r.at += 3;
    while (rc == 0 && r.at < r.end) {
        const unsigned char *at = r.at;
        if (*at == '"') {
            rc = add_string(out, &r);
        } else if (is_word(*at)) {
            rc = add_word(out, &r);
        } else {
            while (r.at < r.end && *r.at != '"' && !is_word(*r.at))
                r.at++;
            rc = amkd_bytes_add(out, at, (size_t)(r.at - at));
        }
    }
    return rc;
}
