/* Names are in the order of the classes, so no line may be passed over: the class behind
 * it would get another number. */
#include "data/class_names.h"
#include "base/error.h"
#include "base/file.h"
#include "data/source.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Where the last name ends: what follows are ends of lines and separators. */
static size_t end_of_names(const char *text, size_t nbytes, char separator)
{
    while (nbytes && (text[nbytes - 1] == separator || text[nbytes - 1] == '\r' ||
                      text[nbytes - 1] == '\n'))
        nbytes--;
    return nbytes;
}

static int append_name(json_t *names, const char *name, size_t nbytes)
{
    const size_t number = json_array_size(names) + 1;
    if (number > AMKD_MAX_CLASSES)
        return amkd_fail("more than %d class names", AMKD_MAX_CLASSES);
    json_t *string = json_stringn(name, nbytes);
    if (!string)
        return amkd_fail("class name %zu: is no UTF-8", number);
    return json_array_append_new(names, string) ? amkd_fail("out of memory") : 0;
}

static int split(json_t *names, const char *text, size_t nbytes, char separator)
{
    const char *const last = text + nbytes;
    for (const char *end; text <= last; text = end + 1) {
        end = memchr(text, separator, (size_t)(last - text));
        if (!end)
            end = last;
        const size_t n = (size_t)(end - text);
        if (append_name(names, text, n && text[n - 1] == '\r' ? n - 1 : n))
            return -1;
    }
    return 0;
}

int amkd_class_names_parse(json_t **names, const char *text, size_t nbytes,
                           char separator)
{
    const size_t mark = sizeof byte_order_mark - 1;
    if (nbytes >= mark && memcmp(text, byte_order_mark, mark) == 0) {
        text += mark;
        nbytes -= mark;
    }
    if (memchr(text, '\0', nbytes))
        return amkd_fail("class names: is no text");
    nbytes = end_of_names(text, nbytes, separator);
    if (!nbytes)
        return amkd_fail("no class names");
    *names = json_array();
    if (!*names)
        return amkd_fail("out of memory");
    if (split(*names, text, nbytes, separator)) {
        json_decref(*names);
        *names = NULL;
        return -1;
    }
    return 0;
}

int amkd_class_names_are_listed(const char *text)
{
    return (!*text || strchr(text, ',')) && access(text, F_OK);
}

int amkd_class_names_read(json_t **names, const char *text)
{
    char *bytes = NULL;
    size_t nbytes;
    *names = NULL;
    if (access(text, F_OK)) {
        if (!strchr(text, ','))
            return amkd_fail("class names '%s': no such file, and no list with commas",
                             text);
        return amkd_class_names_parse(names, text, strlen(text), ',');
    }
    if (amkd_file_read(&bytes, &nbytes, text, 1 << 24))
        return -1;
    const int rc = amkd_class_names_parse(names, bytes, nbytes, '\n');
    free(bytes);
    return rc ? amkd_fail_in("'%s'", text) : 0;
}

int amkd_class_names_distinct(const json_t *names)
{
    json_t *numbers = json_object(), *name;
    size_t i;
    int rc = numbers ? 0 : amkd_fail("out of memory");
    json_array_foreach (names, i, name) {
        const char *text = json_string_value(name);
        const json_t *other = json_object_get(numbers, text);
        if (!rc && !*text)
            rc = amkd_fail("class name %zu: is empty", i + 1);
        if (!rc && other)
            rc = amkd_fail("class name %zu: '%s' was there before, as name %lld", i + 1,
                           text, (long long)json_integer_value(other));
        if (!rc && json_object_set_new(numbers, text, json_integer((json_int_t)i + 1)))
            rc = amkd_fail("out of memory");
    }
    json_decref(numbers);
    return rc;
}
