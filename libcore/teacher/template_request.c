/* Filling templates. */
#include "base/error.h"
#include "base/memory.h"
#include "teacher/template.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FORM[] = "multipart/form-data";

static int is_image(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strcmp(text, AMKD_TEMPLATE_IMAGE) == 0;
}

static int check_form(const json_t *form)
{
    const char *name;
    json_t *value;
    size_t nimages = 0;
    if (!json_is_object(form))
        return amkd_fail("\"%s\" is no object of fields", FORM);
    json_object_foreach ((json_t *)form, name, value) {
        if (strpbrk(name, "\"\r\n"))
            return amkd_fail("a form's field has a quote or line break in its name");
        nimages += (size_t)is_image(value);
    }
    if (nimages == 0)
        return amkd_fail("no field of the form is \"%s\", the image",
                         AMKD_TEMPLATE_IMAGE);
    return 0;
}

int amkd_template_parse(amkd_template *template, const char *text, size_t nbytes)
{
    json_error_t error;
    *template = (amkd_template){0};
    json_t *json = json_loadb(text, nbytes, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        return amkd_fail("line %d, column %d: %s", error.line, error.column, error.text);
    json_t *form = json_object_get(json, FORM);
    int rc = 0;
    if (form && json_object_size(json) == 1) {
        template->form = json_incref(form);
        rc = check_form(form);
    } else if (!strstr(text, AMKD_TEMPLATE_IMAGE)) {
        rc = amkd_fail("has no %s where the image goes", AMKD_TEMPLATE_IMAGE);
    }
    json_decref(json);
    if (rc == 0) {
        template->text = amkd_strdup(text);
        rc = template->text ? 0 : -1;
    }
    if (rc)
        amkd_template_clear(template);
    return rc;
}

void amkd_template_clear(amkd_template *template)
{
    free(template->text);
    json_decref(template->form);
    *template = (amkd_template){0};
}

/* Adds text with the image, in base64, in each of its places. */
static int add_text(amkd_bytes *body, const char *text, const amkd_bytes *png)
{
    const char *place;
    while ((place = strstr(text, AMKD_TEMPLATE_IMAGE))) {
        if (amkd_bytes_add(body, text, (size_t)(place - text)) ||
            amkd_bytes_base64(body, png->data, png->n))
            return -1;
        text = place + strlen(AMKD_TEMPLATE_IMAGE);
    }
    return amkd_bytes_puts(body, text);
}

static int add_field(amkd_bytes *body, const char *name, const json_t *value,
                     const amkd_bytes *png)
{
    if (amkd_bytes_format(body, "Content-Disposition: form-data; name=\"%s\"", name))
        return -1;
    if (is_image(value))
        return amkd_bytes_puts(body, "; filename=\"image.png\"\r\n"
                                     "Content-Type: image/png\r\n\r\n") ||
                       amkd_bytes_add(body, png->data, png->n)
                   ? -1
                   : 0;
    if (amkd_bytes_puts(body, "\r\n\r\n"))
        return -1;
    if (json_is_string(value))
        return add_text(body, json_string_value(value), png);
    return amkd_bytes_json(body, value);
}

/* The same images make the same bytes: the boundary is the first that occurs in neither
 * the template nor the PNG. */
static void choose_boundary(char *boundary, size_t size, const char *text,
                            const amkd_bytes *png)
{
    for (unsigned i = 0;; i++) {
        snprintf(boundary, size, "amkd-boundary-%u", i);
        size_t n = strlen(boundary);
        if (!strstr(text, boundary) && !memmem(png->data, png->n, boundary, n))
            return;
    }
}

static int add_form(amkd_bytes *body, char *content_type, size_t size,
                    const amkd_template *template, const amkd_bytes *png)
{
    char boundary[32];
    const char *name;
    json_t *value;
    choose_boundary(boundary, sizeof boundary, template->text, png);
    snprintf(content_type, size, "%s; boundary=%s", FORM, boundary);
    json_object_foreach (template->form, name, value) {
        if (amkd_bytes_format(body, "--%s\r\n", boundary) ||
            add_field(body, name, value, png) || amkd_bytes_puts(body, "\r\n"))
            return -1;
    }
    return amkd_bytes_format(body, "--%s--\r\n", boundary);
}

int amkd_template_fill(amkd_bytes *body, char *content_type, size_t size,
                       const amkd_template *template, const amkd_bytes *png)
{
    if (template->form)
        return add_form(body, content_type, size, template, png);
    snprintf(content_type, size, "application/json");
    return add_text(body, template->text, png);
}
