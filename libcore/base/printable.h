/* Texts that are to be shown, without what a terminal would obey: file names and answers
 * may hold anything. */
#ifndef AMKD_BASE_PRINTABLE_H
#define AMKD_BASE_PRINTABLE_H

/* Puts '?' in the place of every byte of a control character that is not in kept: those
 * of ASCII, and U+0080 to U+009F, which some terminals obey in UTF-8 too. */
void amkd_make_printable(char *text, const char *kept);

#endif
