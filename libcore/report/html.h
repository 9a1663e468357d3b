/* HTML written piece by piece: markup comes from the program, never from the data. What
 * cannot be written is remembered in bytes->failed, to be looked at once at the end. */
#ifndef AMKD_REPORT_HTML_H
#define AMKD_REPORT_HTML_H

#include "base/bytes.h"
#include "data/picture.h"

/* As printf, with every %s escaped (amkd_html_text). Takes %s, %c, %d, %u, %zu, %e, %f
 * and %g with flags, width and precision, and %%. */
void amkd_html(amkd_bytes *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text for an element or an attribute in quotes: & < > " ' as references; what is no
 * UTF-8 and what XML has no place for becomes U+FFFD. NULL is nothing. */
void amkd_html_text(amkd_bytes *page, const char *text);

/* As amkd_html_text, at most max characters: if there are more, those at both ends and an
 * ellipsis between, since names often differ at their end. */
void amkd_html_short(amkd_bytes *page, const char *text, size_t max);

/* A count with a comma at every thousand. */
void amkd_html_count(amkd_bytes *page, size_t n);

/* An <img> that holds the picture itself, as PNG. alt is escaped. */
void amkd_html_picture(amkd_bytes *page, const amkd_picture *picture, const char *alt);

#endif
