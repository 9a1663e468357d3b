/* C99 programs, as text. */
#include "emit/c99.h"
#include "base/error.h"
#include "base/memory.h"
#include "emit/routines.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char amkd_source_main[];

enum { FLOATS_A_LINE = 5, BYTES_A_LINE = 18, LARGEST = 127 };

static void write_bytes(amkd_c99 *program, const char *bytes, size_t nbytes)
{
    if (!program->failed)
        program->failed = amkd_output_write(program->output, bytes, nbytes) != 0;
}

void amkd_c99_puts(amkd_c99 *program, const char *text)
{
    write_bytes(program, text, strlen(text));
}

/* Prints; NULL, with failed set, where there is no memory. */
static char *print(amkd_c99 *program, const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
        program->failed = 1;
        amkd_fail("out of memory");
    }
    return text;
}

void amkd_c99_print(amkd_c99 *program, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = print(program, format, arguments);
    va_end(arguments);
    if (text)
        amkd_c99_puts(program, text);
    free(text);
}

void amkd_c99_call(amkd_c99 *program, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = print(program, format, arguments);
    va_end(arguments);
    if (text && amkd_bytes_format(&program->calls, "    %s\n", text))
        program->failed = 1;
    free(text);
}

/* Between two values of an array: a line's end, or a blank. */
static const char *between(size_t i, size_t a_line)
{
    return i % a_line ? " " : "\n    ";
}

void amkd_c99_floats(amkd_c99 *program, const char *name, size_t number,
                     const float *values, size_t n)
{
    amkd_c99_print(program, "static const float %s_%zu[%zu] = {", name, number, n);
    for (size_t i = 0; i < n && !program->failed; i++) {
        if (!isfinite(values[i])) {
            amkd_fail("a factor of array %s_%zu is beyond float32", name, number);
            program->failed = 1;
            return;
        }
        char text[40]; /* nine digits give each float32 back exactly */
        const int length = snprintf(text, sizeof text, "%s%.8ef,",
                                    between(i, FLOATS_A_LINE), (double)values[i]);
        write_bytes(program, text, (size_t)length);
    }
    amkd_c99_puts(program, "\n};\n");
    program->nbytes += n * sizeof *values;
}

static float scale_of(const float *row, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(row[i]));
    return most / LARGEST;
}

static void add_bytes(amkd_c99 *program, size_t number, const float *values,
                      const float *scales, size_t nrows, size_t n)
{
    const size_t width = n / nrows;
    amkd_c99_print(program, "static const weight weights_%zu[%zu] = {", number, n);
    for (size_t i = 0; i < n && !program->failed; i++) {
        const float scale = scales[i / width];
        char text[40];
        const int length = snprintf(text, sizeof text, "%s%ld,", between(i, BYTES_A_LINE),
                                    scale > 0 ? lrintf(values[i] / scale) : 0L);
        write_bytes(program, text, (size_t)length);
    }
    amkd_c99_puts(program, "\n};\n");
    program->nbytes += n;
}

void amkd_c99_weights(amkd_c99 *program, size_t number, const float *values, size_t nrows,
                      size_t n)
{
    if (!program->int8) {
        amkd_c99_floats(program, "weights", number, values, n);
        return;
    }
    float *scales = amkd_alloc(nrows, sizeof *scales);
    if (!scales) {
        program->failed = 1;
        return;
    }
    for (size_t row = 0; row < nrows; row++)
        scales[row] = scale_of(values + row * (n / nrows), n / nrows);
    add_bytes(program, number, values, scales, nrows, n);
    amkd_c99_floats(program, "scales", number, scales, nrows);
    free(scales);
}

void amkd_c99_scales(char *text, size_t nbytes, const amkd_c99 *program, size_t number)
{
    if (program->int8)
        snprintf(text, nbytes, "scales_%zu", number);
    else
        snprintf(text, nbytes, "NULL");
}

void amkd_c99_use(amkd_c99 *program, const char *routine)
{
    program->used |= amkd_routine_bits(routine);
}

void amkd_c99_routines(amkd_c99 *program)
{
    const char *text;
    for (unsigned r = 0; (text = amkd_routine_text(r)); r++)
        if (program->used >> r & 1) {
            amkd_c99_puts(program, "\n");
            amkd_c99_puts(program, text);
        }
}

void amkd_c99_main(amkd_c99 *program)
{
    amkd_c99_puts(program, "\n");
    amkd_c99_puts(program, amkd_source_main);
}

/* A slash beside a star would end the comment, or seem to begin another. In JSON both
 * stand in strings alone, where a slash may be written as its number. */
void amkd_c99_comment(amkd_c99 *program, const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    if (!text) {
        program->failed = 1;
        amkd_fail("no memory for JSON");
        return;
    }
    amkd_c99_puts(program, " * ");
    for (const char *c = text; *c; c++) {
        if (*c == '/' && (c[1] == '*' || (c > text && c[-1] == '*')))
            amkd_c99_puts(program, "\\u002f");
        else
            write_bytes(program, c, 1);
        if (*c == '\n')
            amkd_c99_puts(program, " * ");
    }
    amkd_c99_puts(program, "\n");
    free(text);
}

void amkd_c99_quote(amkd_c99 *program, const char *text)
{
    amkd_c99_puts(program, "\"");
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '?')
            amkd_c99_print(program, "\\%c", c);
        else if (c < ' ' || c > '~')
            amkd_c99_print(program, "\\%03o", c);
        else
            write_bytes(program, text, 1);
    }
    amkd_c99_puts(program, "\"");
}

void amkd_c99_clear(amkd_c99 *program)
{
    amkd_bytes_clear(&program->calls);
}
