/* Places in JSON: a small part of JSONPath (RFC 9535).
 *
 *   $                   the whole
 *   .name  ['name']     a member of an object
 *   ['a','b']           several members, in this order
 *   [0]  [-1]           an item of an array, from its end when negative
 *   [*]  .*             all items or members, in their order
 *
 * "$.predictions[*]['label','score']" is label and score of each prediction in turn. */
#ifndef AMKD_TEACHER_JSON_PATH_H
#define AMKD_TEACHER_JSON_PATH_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_json_path amkd_json_path;

/* Fails, saying where, on what is no such path. */
int amkd_json_path_parse(amkd_json_path **out, const char *text);

/* What the path leads to in json, in order, as a new array; empty when there is nothing
 * there. NULL with the error set without memory. */
json_t *amkd_json_path_find(const amkd_json_path *path, json_t *json);

/* Whether it leads to several members side by side, as to a name and its number. */
int amkd_json_path_has_several(const amkd_json_path *path);

void amkd_json_path_free(amkd_json_path *path); /* NULL is fine */

#endif
