/* JSON text taken apart: one pass copies all but the arrays of numbers. An array that
 * turns out not to be one is looked into again, at most once for each depth it may have,
 * so the time stays linear. */
#include "serve/skeleton.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* Copies the string at text[at], quotes included. Returns what is behind it; an open end
 * is for jansson to say. */
static size_t copy_string(amkd_bytes *copy, const char *text, size_t nbytes, size_t at)
{
    size_t end = at + 1;
    while (end < nbytes && text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
    end = end < nbytes ? end + 1 : nbytes;
    amkd_bytes_add(copy, text + at, end - at);
    return end;
}

static int add_array(amkd_skeleton *skeleton, amkd_bytes *copy,
                     const amkd_numbers *numbers)
{
    const size_t n = skeleton->narrays;
    if (!(n & (n - 1))) { /* room is gone at every power of two */
        amkd_numbers *grown =
            amkd_realloc(skeleton->arrays, n ? 2 * n : 1, sizeof *grown);
        if (!grown)
            return -1;
        skeleton->arrays = grown;
    }
    skeleton->arrays[skeleton->narrays++] = *numbers;
    amkd_bytes_format(copy, "[%zu]", n);
    return 0;
}

static int take_apart(amkd_skeleton *skeleton, amkd_bytes *copy, const char *text,
                      size_t nbytes)
{
    for (size_t at = 0; at < nbytes;) {
        amkd_numbers numbers;
        int rc = 0;
        if (copy->n > AMKD_SKELETON_MAX_NBYTES)
            return amkd_fail("more than %d bytes of JSON besides arrays of numbers",
                             AMKD_SKELETON_MAX_NBYTES);
        if (!text[at]) /* jansson would pass over it */
            return amkd_fail("malformed JSON: a zero byte");
        if (text[at] == '"') {
            at = copy_string(copy, text, nbytes, at);
            continue;
        }
        if (text[at] == '[')
            rc = amkd_numbers_measure(&numbers, text + at, nbytes - at);
        if (rc < 0 || (rc && add_array(skeleton, copy, &numbers)))
            return -1;
        if (!rc)
            amkd_bytes_add(copy, text + at, 1);
        at += rc ? numbers.nbytes : 1;
    }
    return copy->failed ? -1 : 0;
}

int amkd_skeleton_parse(amkd_skeleton *skeleton, const char *text, size_t nbytes)
{
    amkd_bytes copy = {0};
    json_error_t error;
    *skeleton = (amkd_skeleton){0};
    int rc = take_apart(skeleton, &copy, text, nbytes);
    if (!rc) {
        skeleton->root =
            json_loadb(copy.n ? copy.data : "", copy.n, JSON_REJECT_DUPLICATES, &error);
        if (!skeleton->root)
            rc = amkd_fail("malformed JSON: %s", error.text);
        else if (!json_is_object(skeleton->root))
            rc = amkd_fail("malformed JSON: expected an object");
    }
    amkd_bytes_clear(&copy);
    if (rc)
        amkd_skeleton_clear(skeleton);
    return rc;
}

const amkd_numbers *amkd_skeleton_numbers(const amkd_skeleton *skeleton,
                                          const json_t *value)
{
    const json_t *index = json_array_size(value) == 1 ? json_array_get(value, 0) : NULL;
    const uint64_t array = (uint64_t)json_integer_value(index);
    return json_is_integer(index) && array < skeleton->narrays ? &skeleton->arrays[array]
                                                               : NULL;
}

void amkd_skeleton_clear(amkd_skeleton *skeleton)
{
    json_decref(skeleton->root);
    free(skeleton->arrays);
    *skeleton = (amkd_skeleton){0};
}
