/* HTML with everything escaped that comes from the data. */
#include "report/html.h"
#include "data/png.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";

/* The bytes of the UTF-8 character at text, 0 if there is none that HTML may hold. */
static size_t character(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return (c[0] >= 0x20 && c[0] != 0x7f) || c[0] == '\t' || c[0] == '\n';
    const size_t n = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4)
        return 0;
    uint32_t code = c[0] & (0x7fu >> n);
    for (size_t k = 1; k < n; k++) {
        if ((c[k] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[k] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const int control = code < 0xa0, surrogate = code >= 0xd800 && code < 0xe000;
    const int none = (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code < 0xfdf0);
    return code < least[n] || code > 0x10ffff || control || surrogate || none ? 0 : n;
}

static void put_character(amkd_bytes *page, const char *text, size_t n)
{
    static const char special[] = "&<>\"'";
    static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const char *found = n == 1 ? strchr(special, *text) : NULL;
    if (found)
        amkd_bytes_puts(page, references[found - special]);
    else if (n)
        amkd_bytes_add(page, text, n);
    else
        amkd_bytes_puts(page, replacement);
}

void amkd_html_short(amkd_bytes *page, const char *text, size_t max)
{
    size_t n = 0, at = 0;
    for (const char *c = text; c && *c; n++)
        c += character(c) ? character(c) : 1;
    const size_t first = n > max ? max / 2 : n, last = n > max ? n - (max - 1) / 2 : n;
    for (; text && *text; at++) {
        const size_t nbytes = character(text);
        if (at < first || at >= last)
            put_character(page, text, nbytes);
        else if (at == first)
            amkd_bytes_puts(page, "\xe2\x80\xa6");
        text += nbytes ? nbytes : 1;
    }
}

void amkd_html_text(amkd_bytes *page, const char *text)
{
    amkd_html_short(page, text, SIZE_MAX);
}

/* Prints the one conversion that spec ("%6.2f") is, other than %s. */
static void put_number(amkd_bytes *page, const char *spec, va_list *arguments)
{
    char text[512];
    const size_t n = strlen(spec);
    int length;
    if (spec[n - 1] == 'u' && n > 1 && spec[n - 2] == 'z')
        length = snprintf(text, sizeof text, spec, va_arg(*arguments, size_t));
    else if (strchr("efg", spec[n - 1]))
        length = snprintf(text, sizeof text, spec, va_arg(*arguments, double));
    else
        length = snprintf(text, sizeof text, spec, va_arg(*arguments, int));
    if (length < 0 || (size_t)length >= sizeof text)
        page->failed = 1;
    else
        amkd_bytes_puts(page, text);
}

/* The bytes of text that "%s" or "%.20s" takes. */
static void put_text(amkd_bytes *page, const char *spec, const char *text)
{
    const char *point = strchr(spec, '.');
    const size_t most = point ? (size_t)atoi(point + 1) : SIZE_MAX;
    if (!text || strnlen(text, most) < most) {
        amkd_html_text(page, text);
        return;
    }
    char *part = strndup(text, most);
    if (part)
        amkd_html_text(page, part);
    else
        page->failed = 1;
    free(part);
}

/* Copies the conversion at format, "%.2f", with a number for every "*"; how long it is.
 */
static size_t take_spec(char spec[32], const char *format, va_list *arguments)
{
    size_t n = 1, length = 1;
    spec[0] = '%';
    for (int done = 0; !done && format[n] && length < 16; n++) {
        done =
            (isalpha((unsigned char)format[n]) && format[n] != 'z') || format[n] == '%';
        if (format[n] == '*')
            length +=
                (size_t)sprintf(spec + length, "%d", va_arg(*arguments, int) % 10000);
        else
            spec[length++] = format[n];
    }
    spec[length] = 0;
    return n;
}

void amkd_html(amkd_bytes *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    while (*format) {
        const size_t plain = strcspn(format, "%");
        amkd_bytes_add(page, format, plain);
        format += plain;
        if (!*format)
            break;
        char spec[32];
        format += take_spec(spec, format, &arguments);
        const char conversion = spec[strlen(spec) - 1];
        if (conversion == '%')
            amkd_bytes_puts(page, "%");
        else if (conversion == 's')
            put_text(page, spec, va_arg(arguments, const char *));
        else
            put_number(page, spec, &arguments);
    }
    va_end(arguments);
}

void amkd_html_count(amkd_bytes *page, size_t n)
{
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%zu", n);
    for (int k = 0; k < length; k++) {
        if (k && (length - k) % 3 == 0)
            amkd_bytes_puts(page, ",");
        amkd_bytes_add(page, digits + k, 1);
    }
}

void amkd_html_picture(amkd_bytes *page, const amkd_picture *picture, const char *alt)
{
    amkd_bytes png = {0};
    if (amkd_png_encode(&png, picture))
        page->failed = 1;
    amkd_html(page,
              "<img width=\"%zu\" height=\"%zu\" alt=\"%s\" src=\"data:image/png;base64,",
              picture->width, picture->height, alt);
    amkd_bytes_base64(page, png.data, png.n);
    amkd_bytes_puts(page, "\">");
    amkd_bytes_clear(&png);
}
