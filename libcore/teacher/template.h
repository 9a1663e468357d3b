/* Any API that takes an image and answers in JSON: requests by a template, labels by a
 * path.
 *
 * A template is JSON in which {{png}} stands for the image as a PNG in base64:
 *
 *     {"image": {"content": "{{png}}"}, "features": [{"type": "LABELS"}]}
 *
 * or, with "multipart/form-data" as its only member, a form's fields, of which "{{png}}"
 * alone is the PNG as a file:
 *
 *     {"multipart/form-data": {"image": "{{png}}", "model": "digits"}}
 *
 * The path (json_path.h) leads to numbers, the classes' in turn; to an object of names
 * and numbers; to as many names as numbers, in any order that keeps each with its own; or
 * to names alone. */
#ifndef AMKD_TEACHER_TEMPLATE_H
#define AMKD_TEACHER_TEMPLATE_H

#include "teacher/json_path.h"
#include "teacher/remote.h"

#define AMKD_TEMPLATE_IMAGE "{{png}}"

typedef struct amkd_template {
    char *text;   /* of the whole template */
    json_t *form; /* the fields of a multipart form; NULL: the text is what is sent */
} amkd_template;

/* Parses a template. Fails on what is no JSON or has no place for the image. */
int amkd_template_parse(amkd_template *template, const char *text, size_t nbytes);

/* Adds the request for a PNG to body and prints its content type, of size bytes. */
int amkd_template_fill(amkd_bytes *body, char *content_type, size_t size,
                       const amkd_template *template, const amkd_bytes *png);

void amkd_template_clear(amkd_template *template);

/* The names of the classes, in their order. */
typedef struct amkd_classes {
    json_t *names;   /* array of strings */
    json_t *numbers; /* object: a name's place */
    char flaw[256];  /* why classes cannot be told apart by name; "" when they can */
} amkd_classes;

/* Parses names, one a line, two or more (data/class_names.h). */
int amkd_classes_parse(amkd_classes *classes, const char *text, size_t nbytes);

void amkd_classes_clear(amkd_classes *classes);

/* Reads the answer about one image, as amkd_protocol's decode. Classes that a list of
 * names leaves out become NaN; names without numbers get 1. A text that is no class, but
 * a number, is one. classes: zeroed without names. Fails on names where those of the
 * classes have a flaw. */
int amkd_template_decode(amkd_values *values, const amkd_json_path *path,
                         const amkd_classes *classes, const amkd_http_answer *answer);

#endif
