/* The names of classes as files have them, wherever they are read. */
#ifndef AMKD_DATA_CLASS_NAMES_H
#define AMKD_DATA_CLASS_NAMES_H

#include <jansson.h>
#include <stddef.h>

/* Parts text[nbytes], which a zero byte follows, at each separator: *names becomes a new
 * array, a name for each class in its order. A byte order mark, carriage returns at the
 * ends of lines and blank lines behind the last name are no names. A blank line before it
 * is a class without one, "", and two classes may have one name. Fails on what is no
 * text, no UTF-8 or has no names. */
int amkd_class_names_parse(json_t **names, const char *text, size_t nbytes,
                           char separator);

/* Whether text can only be a list of names itself: it is empty or has commas, and there
 * is no such file. */
int amkd_class_names_are_listed(const char *text);

/* The same of the lines of a file, or of text itself parted by commas when there is no
 * such file. */
int amkd_class_names_read(json_t **names, const char *text);

/* Fails, saying where, when a name is empty or there twice, so that classes cannot be
 * told apart by name. */
int amkd_class_names_distinct(const json_t *names);

#endif
