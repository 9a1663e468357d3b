/* NPY headers: their little grammar is parsed strictly, as far as NumPy itself does,
 * since array files come from anywhere and worker processes are answered by it. */
#include "data/npy.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

/* Kinds and sizes that are read. */
static const char *const dtypes[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                     "u2", "u4", "u8", "f2", "f4", "f8"};

/* The rest of a header's text, with its end. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_spaces(cursor *text)
{
    while (text->at < text->end && *text->at && strchr(" \t\n\r\f", *text->at))
        text->at++;
}

/* Steps over one character when it comes next, behind spaces. */
static int take(cursor *text, char c)
{
    skip_spaces(text);
    if (text->at == text->end || *text->at != c)
        return 0;
    text->at++;
    return 1;
}

/* A quoted string of fewer than size characters, without escapes; Python 2 may have put a
 * u before it. */
static int take_string(char *string, size_t size, cursor *text)
{
    skip_spaces(text);
    if (text->end - text->at > 1 && *text->at == 'u')
        text->at++;
    if (text->at == text->end || (*text->at != '\'' && *text->at != '"'))
        return 0;
    char quote = *text->at++;
    size_t n = 0;
    for (; text->at < text->end && *text->at != quote; n++) {
        if (n + 1 == size || *text->at == '\\')
            return 0;
        string[n] = *text->at++;
    }
    string[n] = 0;
    return take(text, quote);
}

static int take_word(cursor *text, const char *word)
{
    size_t n = strlen(word);
    skip_spaces(text);
    if ((size_t)(text->end - text->at) < n || memcmp(text->at, word, n) != 0)
        return 0;
    text->at += n;
    return 1;
}

/* "3", or "3L" as Python 2 wrote it. */
static int take_size(size_t *size, cursor *text)
{
    skip_spaces(text);
    if (text->at == text->end || *text->at < '0' || *text->at > '9')
        return 0;
    for (*size = 0; text->at < text->end && *text->at >= '0' && *text->at <= '9';) {
        if (__builtin_mul_overflow(*size, (size_t)10, size) ||
            __builtin_add_overflow(*size, (size_t)(*text->at++ - '0'), size))
            return 0;
    }
    if (text->at < text->end && *text->at == 'L')
        text->at++;
    return 1;
}

static int parse_dtype(amkd_npy *npy, cursor *text)
{
    char dtype[16];
    if (take(text, '['))
        return amkd_fail("NPY header: structured arrays are not read");
    if (!take_string(dtype, sizeof dtype, text))
        return amkd_fail("NPY header: descr is not a short string");
    char order = strchr("<>|=", dtype[0]) ? dtype[0] : 0;
    const char *kind = dtype + (order ? 1 : 0);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (!strcmp(kind, dtypes[i])) {
            npy->item_nbytes = (size_t)(kind[1] - '0');
            npy->dtype[0] = npy->item_nbytes == 1 ? '|' : order == '>' ? '>' : '<';
            memcpy(npy->dtype + 1, dtypes[i], 3);
            return 0;
        }
    }
    return amkd_fail(
        "NPY header: dtype '%s' is neither bool nor integers of 8 to 64 bits "
        "nor floats of 16 to 64 (numpy's astype makes them)",
        dtype);
}

static int parse_order(amkd_npy *npy, cursor *text)
{
    npy->fortran = take_word(text, "True");
    if (!npy->fortran && !take_word(text, "False"))
        return amkd_fail("NPY header: fortran_order is neither True nor False");
    return 0;
}

static int parse_shape(amkd_npy *npy, cursor *text)
{
    int comma = 0;
    if (!take(text, '('))
        return amkd_fail("NPY header: shape is not a tuple");
    for (npy->ndim = 0; !take(text, ')'); npy->ndim++) {
        if (npy->ndim == AMKD_NPY_MAX_DIMENSIONS)
            return amkd_fail("NPY header: shape has more than %d dimensions",
                             AMKD_NPY_MAX_DIMENSIONS);
        if ((npy->ndim && !comma) || !take_size(&npy->shape[npy->ndim], text))
            return amkd_fail("NPY header: shape is not a tuple of sizes");
        comma = take(text, ',');
    }
    if (npy->ndim == 1 && !comma)
        return amkd_fail("NPY header: shape is not a tuple of sizes");
    return 0;
}

/* One "key: value"; seen has a bit for each key. */
static int parse_entry(amkd_npy *npy, unsigned *seen, cursor *text)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[16];
    unsigned k = 0;
    if (!take_string(key, sizeof key, text) || !take(text, ':'))
        return amkd_fail("NPY header: not a dict literal");
    while (k < 3 && strcmp(key, keys[k]) != 0)
        k++;
    if (k == 3 || *seen & 1u << k)
        return amkd_fail("NPY header: key '%s' is %s", key,
                         k == 3 ? "not known" : "there twice");
    *seen |= 1u << k;
    return k == 0   ? parse_dtype(npy, text)
           : k == 1 ? parse_order(npy, text)
                    : parse_shape(npy, text);
}

static int parse_dict(amkd_npy *npy, cursor *text)
{
    unsigned seen = 0;
    int comma = 1;
    if (!take(text, '{'))
        return amkd_fail("NPY header: not a dict literal");
    while (!take(text, '}')) {
        if (!comma)
            return amkd_fail("NPY header: not a dict literal");
        if (parse_entry(npy, &seen, text))
            return -1;
        comma = take(text, ',');
    }
    if (seen != 7)
        return amkd_fail("NPY header: descr, fortran_order or shape is missing");
    skip_spaces(text);
    if (text->at != text->end)
        return amkd_fail("NPY header: does not end with the dict");
    return 0;
}

static int count_items(amkd_npy *npy)
{
    int overflow = 0, empty = 0;
    npy->nitems = 1;
    for (size_t i = 0; i < npy->ndim; i++) {
        empty |= !npy->shape[i];
        overflow |= __builtin_mul_overflow(npy->nitems, npy->shape[i], &npy->nitems);
    }
    overflow |= __builtin_mul_overflow(npy->nitems, npy->item_nbytes, &npy->nbytes);
    if (overflow && !empty)
        return amkd_fail("NPY header: the array is larger than memory");
    if (empty)
        npy->nitems = npy->nbytes = 0;
    return 0;
}

int amkd_npy_parse(amkd_npy *npy, size_t *header_nbytes, const void *bytes, size_t nbytes)
{
    const unsigned char *b = bytes;
    if (memcmp(b, magic, nbytes < sizeof magic ? nbytes : sizeof magic) != 0)
        return amkd_fail("not an NPY array: it does not begin with \\x93NUMPY");
    if (nbytes > 6 && (b[6] < 1 || b[6] > 3))
        return amkd_fail("NPY version %d is not known (1 to 3 are)", b[6]);
    if (nbytes > 7 && b[7] != 0)
        return amkd_fail("NPY version %d.%d is not known (1.0, 2.0 and 3.0 are)", b[6],
                         b[7]);
    *header_nbytes = AMKD_NPY_PREFIX_NBYTES;
    if (nbytes < AMKD_NPY_PREFIX_NBYTES)
        return 0;
    size_t start = b[6] == 1 ? 10 : 12;
    size_t length = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1)
        length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (length < 2 || length > AMKD_NPY_MAX_HEADER)
        return amkd_fail("NPY header: length %zu is outside 2..%d", length,
                         AMKD_NPY_MAX_HEADER);
    *header_nbytes = start + length;
    if (nbytes < *header_nbytes)
        return 0;
    cursor text = {(const char *)b + start, (const char *)b + *header_nbytes};
    return parse_dict(npy, &text) || count_items(npy) ? -1 : 1;
}

/* "(2, 3)", "(2,)", "()" as a new string. */
static char *print_shape(const size_t *shape, size_t ndim)
{
    char *text = amkd_strdup("(");
    for (size_t i = 0; text && i < ndim; i++) {
        char *longer = amkd_format("%s%s%zu", text, i ? ", " : "", shape[i]);
        free(text);
        text = longer;
    }
    char *closed = text ? amkd_format("%s%s)", text, ndim == 1 ? "," : "") : NULL;
    free(text);
    return closed;
}

int amkd_npy_print(char **bytes, size_t *nbytes, const char *dtype, const size_t *shape,
                   size_t ndim)
{
    const char *quote = *dtype == '[' ? "" : "'";
    char *printed = print_shape(shape, ndim);
    char *dict =
        printed ? amkd_format("{'descr': %s%s%s, 'fortran_order': False, 'shape': %s, }",
                              quote, dtype, quote, printed)
                : NULL;
    free(printed);
    if (!dict)
        return -1;
    size_t n = strlen(dict), total = (10 + n + 1 + 63) / 64 * 64, length = total - 10;
    char *block = length <= UINT16_MAX ? amkd_alloc(total, 1) : NULL;
    if (block) {
        memcpy(block, magic, sizeof magic);
        block[6] = 1;
        block[8] = (char)(length & 255);
        block[9] = (char)(length >> 8);
        memset(block + 10, ' ', length);
        memcpy(block + 10, dict, n);
        block[total - 1] = '\n';
    } else if (length > UINT16_MAX) {
        amkd_fail("NPY header: %zu bytes do not fit version 1", length);
    }
    free(dict);
    *bytes = block;
    *nbytes = total;
    return block ? 0 : -1;
}

int amkd_npy_open(amkd_npy *npy, const void **data, const void *bytes, size_t nbytes)
{
    size_t header_nbytes;
    int parsed = amkd_npy_parse(npy, &header_nbytes, bytes, nbytes);
    if (parsed < 0)
        return -1;
    if (!parsed)
        return amkd_fail("NPY header is cut short: %zu bytes, expected %zu or more",
                         nbytes, header_nbytes);
    if (nbytes - header_nbytes != npy->nbytes)
        return amkd_fail("NPY data have %zu bytes, expected %zu by the header",
                         nbytes - header_nbytes, npy->nbytes);
    *data = (const char *)bytes + header_nbytes;
    return 0;
}
